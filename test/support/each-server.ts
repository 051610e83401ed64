import { describe, test } from 'vitest'
import { mariadbCommand, mysqlCommand } from './mysql.ts'

/** The same tests on MySQL and on MariaDB. */
export function onEachServer(tests: (server: 'mysql' | 'mariadb') => void): void {
  describe.each([
    ['mysql', mysqlCommand],
    ['mariadb', mariadbCommand],
  ] as const)('%s', (server, command) => {
    if (command === undefined) test.skip(`no ${server} on this machine`, () => {})
    else tests(server)
  })
}
