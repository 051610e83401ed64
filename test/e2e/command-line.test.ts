import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findProgram } from '../../src/cli/local/find-program.ts'
import { type Fixture, startFixture } from './fixture.ts'

const run = promisify(execFile)
const client = findProgram('mariadb')
const dump = findProgram('mariadb-dump')

describe.skipIf(!client)('the mariadb command line client', () => {
  let fixture: Fixture
  beforeAll(async () => {
    fixture = await startFixture()
    await ask(`INSERT INTO users (id, name, team) VALUES (1, 'one', 1), (2, 'two', 2), (4, 'four', 1);
      INSERT INTO countries VALUES ('AT', 'Austria'), ('BR', 'Brazil')`)
  })
  afterAll(() => fixture?.close())

  function account(): string[] {
    const { host, port, user, password } = fixture.proxy
    return ['--no-defaults', `--host=${host}`, `--port=${port}`, `--user=${user}`, `--password=${password}`]
  }

  /** Output of `-e`, tabs between columns. */
  async function ask(sql: string, ...more: readonly string[]): Promise<string> {
    const { stdout } = await run(client!, [...account(), '--skip-ssl', ...more, '--database=main', '-e', sql])
    return stdout
  }

  test('answers -e with a table, with several statements too', async () => {
    expect(await ask('SELECT id, name FROM users ORDER BY id')).toBe('id\tname\n1\tone\n2\ttwo\n4\tfour\n')
    expect(await ask('SELECT 1 AS a; SELECT COUNT(*) AS n FROM users')).toBe('a\n1\nn\n3\n')
    expect(await ask('SELECT name FROM users WHERE id = 4', '--table')).toContain('| four |')
    expect(await ask('SELECT name FROM users WHERE id = 4', '--quick')).toContain('four')
  })

  test('reads all columns of all tables for tab completion', async () => {
    expect(await ask('SELECT 1', '--auto-rehash')).toBe('1\n1\n')
  })

  test('SHOW and DESCRIBE', async () => {
    expect(await ask('SHOW DATABASES')).toMatch(/^Database\n(.*\n)*main\n/)
    const tables = (await ask('SHOW TABLES')).trim().split('\n')
    expect(tables).toEqual([
      'Tables_in_main',
      'bytes',
      'codes',
      'computed',
      'countries',
      'labels',
      'levels',
      'orders',
      'places',
      'prices',
      'slugs',
      'tags',
      'texts',
      'things',
      'tokens',
      'users',
      'words',
    ])
    expect(await ask('DESCRIBE countries')).toContain('code\tchar(2)\tNO\tPRI')
    expect(await ask('SHOW CREATE TABLE countries')).toContain('CREATE TABLE `countries`')
    expect(await ask("SHOW VARIABLES LIKE 'version'")).toContain('MariaDB')
    expect(await ask('SHOW WARNINGS')).toBe('')
    expect(await ask('SELECT 1 / 0', '--show-warnings')).toContain('Warning (Code 1365): Division by 0')
    expect(await ask('SHOW PROCESSLIST')).toContain('app')
  })

  test('status', async () => {
    const { stdout } = await run(client!, [...account(), '--skip-ssl', 'main', '-e', 'status'])
    expect(stdout).toMatch(/Current database:\s+main/)
    expect(stdout).toMatch(/Current user:\s+app@/)
    expect(stdout).toMatch(/Server version:\s+10\./)
    expect(stdout).toContain('Uptime:')
  })

  test('TLS', async () => {
    const { stdout } = await run(client!, [
      ...account(),
      `--ssl-ca=${fixture.certificates.ca}`,
      '-e',
      'status',
    ])
    expect(stdout).toMatch(/SSL:\s+Cipher in use/)
  })

  test('an error ends it with the number and state of the server', async () => {
    await expect(ask('SELECT nothing FROM users; SELECT 2')).rejects.toThrow('ERROR 1054 (42S22)')
  })

  test.skipIf(!dump)('mariadb-dump reads an unsharded keyspace and a reference table', async () => {
    const options = ['--skip-ssl', '--no-tablespaces', '--skip-lock-tables', '--skip-triggers']
    const { stdout } = await run(dump!, [...account(), ...options, 'main', 'countries'])
    expect(stdout).toContain('CREATE TABLE `countries`')
    expect(stdout).toMatch(/INSERT INTO `countries` VALUES\s*\('AT','Austria'\),\s*\('BR','Brazil'\)/)
  })

  /** Without the time, and the version of the server. */
  // AUTO_INCREMENT is the counter of whichever shard has answered.
  const told = (text: string) =>
    text.replace(/^-- Dump completed.*$|^-- Server version.*$/gm, '').replace(/ AUTO_INCREMENT=\d+/g, '')

  test.skipIf(!dump).each([
    ['its defaults, which lock all tables', []],
    ['--single-transaction', ['--single-transaction']],
  ])('mariadb-dump of a sharded keyspace by %s, loaded again, is the same', async (_, more) => {
    const options = [...account(), '--skip-ssl', '--no-tablespaces', ...more, 'main']
    const { stdout } = await run(dump!, options)
    expect(stdout).toMatch(/INSERT INTO `users` VALUES[^;]*'one'[^;]*'two'[^;]*'four'/)
    await ask('DELETE FROM users; DROP TABLE orders')
    await ask(stdout)
    expect(await ask('SELECT id, name FROM users ORDER BY id')).toBe('id\tname\n1\tone\n2\ttwo\n4\tfour\n')
    const again = await run(dump!, options)
    expect(told(again.stdout)).toBe(told(stdout))
  })
})
