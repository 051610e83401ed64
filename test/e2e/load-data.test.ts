import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { type Connection, createConnection, type ResultSetHeader } from 'mysql2/promise'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { findProgram } from '../../src/cli/local/find-program.ts'
import { onEachServer } from '../support/each-server.ts'
import { type Pair, startPair } from '../support/pair.ts'
import { PROXY_ACCOUNT } from '../support/proxy.ts'
import { tempDir } from '../support/temp-dir.ts'

const run = promisify(execFile)
const importer = findProgram('mariadb-import')

const SCHEMA_DIR = new URL('../differential/schema', import.meta.url).pathname

/** What LOAD DATA of a file leaves: on one server, and on the proxy over shards, it is to be the same. */
interface Loaded {
  readonly answer: string
  readonly warnings: readonly string[]
  readonly insertId: string
  readonly rows: readonly string[]
}

onEachServer((server) => {
  let pair: Pair
  let reference: Connection
  let proxy: Connection
  let closing: readonly Connection[]

  beforeAll(async () => {
    pair = await startPair({
      server,
      shardCounts: [2],
      schemaDir: SCHEMA_DIR,
      keyspaces: ['lookup', 'main'],
    })
    reference = await connect({ port: pair.server.port, ...pair.server.account })
    proxy = await connect({ port: pair.proxies[0]!.proxy.port, ...PROXY_ACCOUNT })
    closing = [reference, proxy]
  })
  afterAll(async () => {
    for (const connection of closing ?? []) connection.destroy()
    await pair?.close()
  })
  beforeEach(async () => {
    for (const connection of [reference, proxy]) {
      await connection.query('ROLLBACK')
      for (const table of ['users', 'orders', 'words', 'places', 'slugs', 'countries', 'bytes', 'computed'])
        await connection.query(`DELETE FROM ${table}`)
      await connection.query('DELETE FROM lookup.products')
    }
    // The next number is the same on both sides.
    const [made] = await proxy.query(`INSERT INTO users (name) VALUES ('next')`)
    await proxy.query(`DELETE FROM users`)
    await reference.query(`ALTER TABLE users AUTO_INCREMENT = ${(made as ResultSetHeader).insertId + 1}`)
    for (const connection of [reference, proxy]) await connection.query('SELECT LAST_INSERT_ID(7)')
  })

  async function load(connection: Connection, sql: string, file: string | Buffer): Promise<Loaded> {
    const table = /INTO TABLE ([\w.]+)/i.exec(sql)?.[1]
    let answer: string
    try {
      // An empty chunk would be sent as the end.
      const infileStreamFactory = () => Readable.from(file.length === 0 ? [] : [Buffer.from(file)])
      const [result] = await connection.query({ sql, infileStreamFactory })
      const { affectedRows, info, warningStatus, insertId } = result as ResultSetHeader
      answer = `${affectedRows} ${insertId} ${info} ${warningStatus}`
    } catch (error) {
      const { errno, sqlState, sqlMessage } = error as Record<string, unknown>
      answer = `${errno} ${sqlState} ${sqlMessage}`
    }
    const list = async (text: string) =>
      ((await connection.query({ sql: text, rowsAsArray: true }))[0] as unknown[][]).map((row) =>
        row.join('|'),
      )
    const warnings = await list('SHOW WARNINGS')
    const [insertId] = await list('SELECT LAST_INSERT_ID()')
    const rows = table === undefined ? [] : await list(`SELECT * FROM ${table}`).catch(() => [])
    return { answer, warnings, insertId: insertId!, rows: [...rows].sort() }
  }

  /** Loads on both sides. */
  async function same(sql: string, file: string | Buffer): Promise<Loaded> {
    const expected = await load(reference, sql, file)
    expect(await load(proxy, sql, file)).toEqual(expected)
    return expected
  }

  test('one server: its own request and the bytes of the file are passed on', async () => {
    const { answer } = await same(
      `LOAD DATA LOCAL INFILE 'p' INTO TABLE lookup.products FIELDS TERMINATED BY ',' (name, price)`,
      'a,1.50\nb,2\na,3\nc,x,y\n',
    )
    expect(answer).toContain('Records: 4  Deleted: 0  Skipped: 1')
    await same(`LOAD DATA LOCAL INFILE 'p' INTO TABLE lookup.products (name)`, '')
    await same(`LOAD DATA LOCAL INFILE 'p' INTO TABLE lookup.products (nothing)`, 'x')
    await same(`LOAD DATA LOCAL INFILE 'p' INTO TABLE lookup.nothing`, 'x')
  })

  test('several shards: lines go where their rows belong, counts and warnings are one server’s', async () => {
    const { answer } = await same(
      `LOAD DATA LOCAL INFILE 'u' INTO TABLE users FIELDS TERMINATED BY ',' (id, name, team, balance)`,
      '1,one,1,1.5\n2,two,x,2\n3,three,3\n4,four,4,4,more\n5,five,\\N,5\n1,again,1,1\n 6,six,6,6\n7x,seven,7,7\n5,again,5,5\n',
    )
    expect(answer).toContain('Records: 9')
  })

  test('a view of one table: its rows are placed, and numbered, as those of the table are', async () => {
    for (const connection of [reference, proxy])
      await connection.query('CREATE OR REPLACE VIEW people (label, k) AS SELECT name, id FROM users')
    try {
      await same(`LOAD DATA LOCAL INFILE 'u' INTO TABLE people (label)`, 'a\nb\nc\nd\n')
      await same(
        `LOAD DATA LOCAL INFILE 'u' REPLACE INTO TABLE people (k, label)`,
        '1\tone\n2\ttwo\n1\tagain\n',
      )
      for (const connection of [reference, proxy]) {
        const [rows] = await connection.query('SELECT id, name FROM users WHERE id IN (1, 2) ORDER BY id')
        expect(rows).toEqual([
          { id: 1, name: 'again' },
          { id: 2, name: 'two' },
        ])
      }
      await proxy.query('CREATE OR REPLACE VIEW people AS SELECT name, team FROM users')
      const { answer } = await load(proxy, `LOAD DATA LOCAL INFILE 'u' INTO TABLE people (name)`, 'a\n')
      expect(answer).toContain("LOAD DATA into view 'people' of a sharded keyspace")
    } finally {
      for (const connection of [reference, proxy]) await connection.query('DROP VIEW people')
    }
  })

  test('quotes, escapes and lines that look like others', async () => {
    await same(
      `LOAD DATA LOCAL INFILE 'u' INTO TABLE users FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"'
        LINES TERMINATED BY '\\r\\n' IGNORE 1 LINES (id, name, email)`,
      'id,name,email\r\n"1","a,b","x""y"\r\n2,"line\r\nbreak",\\N\r\n3,NULL,"NULL"\r\n4,a\\,b,\\"q\\"\r\n5,"a"b",z\r\n6,\\N,"\\N"\r\n',
    )
    await same(
      `LOAD DATA LOCAL INFILE 'u' REPLACE INTO TABLE users FIELDS TERMINATED BY '||' ESCAPED BY '' LINES STARTING BY '>>' (id, name)`,
      'junk>>1||a|b\nnothing here\n>>2||c\\\n>>3||d>>4||e\n>>2||again',
    )
    await same(
      `LOAD DATA LOCAL INFILE 'u' INTO TABLE users FIELDS TERMINATED BY ',' LINES TERMINATED BY ',' (id, name)`,
      '11,a,12,b,13,c',
    )
  })

  test('IGNORE, REPLACE, SET and user variables', async () => {
    for (const connection of [reference, proxy])
      await connection.query(
        `INSERT INTO users (id, name) VALUES (1, 'old'), (2, 'old'), (3, 'old'), (4, 'old')`,
      )
    await same(
      `LOAD DATA LOCAL INFILE 'u' IGNORE INTO TABLE users (id, name) SET email = UPPER(name)`,
      '1\tnew\n5\tnew\n2\tnew\n6\tnew\n',
    )
    await same(
      `LOAD DATA LOCAL INFILE 'u' REPLACE INTO TABLE users (id, name)`,
      '1\tnewer\n7\tnew\n2\tnewer\n1\tlast\n',
    )
    for (const connection of [reference, proxy]) await connection.query(`SET @plus = 100, @name = 'kept'`)
    await same(
      `LOAD DATA LOCAL INFILE 'u' INTO TABLE users (@id, @name, team) SET id = @id, name = CONCAT(@name, '!'), score = team + @plus`,
      '21\ta\t1\n22\tb\t2\n23\t\\N\t3\n24\td\tx\n25\te\n',
    )
    const variables = 'SELECT @id, @name, @plus, HEX(@name), COLLATION(@name)'
    const [ofReference] = await reference.query(variables)
    const [ofProxy] = await proxy.query(variables)
    expect(ofProxy).toEqual(ofReference)
  })

  test('numbers of a sequence', async () => {
    await same(
      `LOAD DATA LOCAL INFILE 'u' INTO TABLE users FIELDS TERMINATED BY ',' (name, team)`,
      'a,1\nb,2\nc,3\n',
    )
    await same(
      `LOAD DATA LOCAL INFILE 'u' INTO TABLE users FIELDS TERMINATED BY ',' (team, id, name)`,
      '1,\\N,d\n2,0,e\n3,,f\n4,7,g\n',
    )
  })

  test('several columns place a row; texts by their character set; copies of a table', async () => {
    await same(
      `LOAD DATA LOCAL INFILE 'p' INTO TABLE places FIELDS TERMINATED BY ';' (city, region, name)`,
      '1;2;a\n3;4;b\n5;6;c\n1;2;again\n',
    )
    await same(
      `LOAD DATA LOCAL INFILE 's' INTO TABLE slugs CHARACTER SET latin1 (slug, title)`,
      Buffer.from('caf\xe9\tone\ngr\xfc\xdfe\ttwo\nplain\tthree\nCAF\xc9\tagain\n', 'latin1'),
    )
    await same(`LOAD DATA LOCAL INFILE 's' INTO TABLE slugs (slug, title)`, 'naïve\tx\n日本\ty\n')
    await same(
      `LOAD DATA LOCAL INFILE 'c' INTO TABLE countries`,
      'AT\tAustria\nDE\tGermany\nAT\tagain\nCHX\tSwiss\n',
    )
    await same(`LOAD DATA LOCAL INFILE 'c' REPLACE INTO TABLE countries`, 'AT\tÖsterreich\n')
    await same(
      `LOAD DATA LOCAL INFILE 'x' INTO TABLE computed FIELDS TERMINATED BY ','`,
      '1,2,a\n2,3,b,9\n3\n',
    )
  })

  test('a transaction takes it along, and an error leaves nothing', async () => {
    for (const connection of [reference, proxy]) {
      await connection.query('BEGIN')
      await connection.query(`INSERT INTO users (id, name) VALUES (90, 'before')`)
    }
    await same(`LOAD DATA LOCAL INFILE 'u' INTO TABLE users (id, name)`, '1\ta\n2\tb\n3\tc\n')
    for (const connection of [reference, proxy]) await connection.query('ROLLBACK')
    await same(`LOAD DATA LOCAL INFILE 'u' INTO TABLE users (id, nothing)`, '1\ta\n')
    await same(`LOAD DATA LOCAL INFILE 'u' INTO TABLE users (id, name)`, '')
    await same(`LOAD DATA LOCAL INFILE 'u' INTO TABLE nothing (id, name)`, '1\ta\n')
  })

  test('prepared: MySQL refuses it, MariaDB takes its text', async () => {
    for (const table of ['users', 'lookup.products']) {
      const sql = `LOAD DATA LOCAL INFILE 'u' INTO TABLE ${table} (id, name)`
      const prepared = await load(reference, `PREPARE l FROM '${sql.replaceAll("'", "''")}'`, '')
      expect(await load(proxy, `PREPARE l FROM '${sql.replaceAll("'", "''")}'`, '')).toEqual(prepared)
      if (server === 'mysql') {
        await expect(proxy.prepare(sql)).rejects.toMatchObject({ errno: 1295 })
        continue
      }
      await same('EXECUTE l', '31\tx\n32\ty\n32\tz\n')
    }
  })

  test.skipIf(importer === undefined || server === 'mysql')('mysqlimport --local', async () => {
    const dir = tempDir('import')
    const file = join(dir.path, 'users.txt')
    writeFileSync(file, '41\tone\n42\ttwo\n')
    const { host, port } = pair.proxies[0]!.proxy
    const { user, password } = PROXY_ACCOUNT
    const account = [`--host=${host}`, `--port=${port}`, `--user=${user}`, `--password=${password}`]
    const how = ['--no-defaults', '--skip-ssl', '--local', '--replace', '--columns=id,name']
    const { stdout } = await run(importer!, [how[0]!, ...account, ...how.slice(1), 'main', file])
    dir.remove()
    expect(stdout).toContain('main.users: Records: 2  Deleted: 0  Skipped: 0  Warnings: 0')
    const [rows] = await proxy.query('SELECT id, name FROM users ORDER BY id')
    expect(rows).toEqual([
      { id: 41, name: 'one' },
      { id: 42, name: 'two' },
    ])
  })

  test('many lines: several rounds, warnings with their numbers in the file', async () => {
    const lines = Array.from({ length: 40_000 }, (_, i) => `${i + 1}\tname ${i}\t${i % 9000 === 0 ? 'x' : i}`)
    const { answer } = await same(
      `LOAD DATA LOCAL INFILE 'u' INTO TABLE users (id, name, team)`,
      `${lines.join('\n')}\n39999\tagain\t1\n`,
    )
    expect(answer).toContain('Records: 40001')
  })
})

function connect(options: { readonly port: number; readonly user: string; readonly password: string }) {
  return createConnection({
    host: '127.0.0.1',
    ...options,
    database: 'main',
    flags: ['+LOCAL_FILES'],
    dateStrings: true,
    supportBigNumbers: true,
    charset: 'utf8mb4_general_ci',
  })
}
