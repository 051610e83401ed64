import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { isFree } from '../../../src/cli/local/free-port.ts'
import { mariadbCommand, mysqlCommand, startMariadb, startMysql } from '../../support/mysql.ts'

const kinds = [
  { flavor: 'mariadb', command: mariadbCommand, start: startMariadb },
  { flavor: 'mysql', command: mysqlCommand, start: startMysql },
] as const

for (const { flavor, command, start } of kinds) {
  describe.skipIf(!command)(`a real ${flavor} for tests`, () => {
    test('starts, takes the account over TCP, and is gone with its port after close', async () => {
      const server = await start()
      const connection = await server.connect()
      const [rows] = await connection.query('SELECT CURRENT_USER() AS who')
      assert.deepEqual(rows, [{ who: 'shardgate@%' }])
      await connection.query('CREATE DATABASE mine')
      await connection.end()
      await server.close()
      assert.equal(await isFree(server.port), true)
    })

    test('its account cannot write when the server is read-only, as the account of a real primary could not', async () => {
      const server = await start({ args: ['--read-only=ON'] })
      const connection = await server.connect()
      await assert.rejects(connection.query('CREATE DATABASE mine'), { errno: 1290 })
      await connection.end()
      await server.close()
    })
  })
}
