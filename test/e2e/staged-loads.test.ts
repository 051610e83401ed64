import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type Connection, createConnection, type ResultSetHeader } from 'mysql2/promise'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { onEachServer } from '../support/each-server.ts'
import { writeLookupSchema } from '../support/lookup-schema.ts'
import { PROXY_ACCOUNT, startTestProxy, type TestProxy } from '../support/proxy.ts'
import { tempDir } from '../support/temp-dir.ts'

/**
 * LOAD DATA LOCAL of files whose lines no shard could take as they are: into tables with lookup vindexes (`main`) and foreign keys
 * over shards (`linked`), places and numbers that are computed, XML. Each does and says what it does on one server: keyspaces
 * `plain` and `whole` have the same tables.
 */
const LINKED = new URL('../differential/linked-schema/linked', import.meta.url).pathname

const COUNTED = `CREATE TABLE counted (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9) NOT NULL, UNIQUE KEY name (name))`
const KINDS = `CREATE TABLE kinds (id BIGINT NOT NULL PRIMARY KEY, label VARCHAR(20) CHARACTER SET latin1 NOT NULL, size FLOAT, flags BIT(5),
  kind ENUM('a', 'b') NOT NULL DEFAULT 'b', marks SET('x', 'y'), born DATE, at TIMESTAMP NOT NULL DEFAULT '2020-01-01 00:00:00', raw VARBINARY(9),
  doubled BIGINT AS (id * 2), positive INT DEFAULT 1, hidden INT INVISIBLE DEFAULT 7)`

onEachServer((server) => {
  const dir = tempDir('staged-loads')
  let cluster: TestCluster
  let proxy: TestProxy
  let sharded: Connection
  let whole: Connection

  beforeAll(async () => {
    writeSchemas(dir.path)
    cluster = await startCluster({ server, shards: 2, isOneMysqld: true, schemaDir: dir.path })
    const root = await [...cluster.servers.values()][0]!.connectAsRoot()
    await root.query('SET GLOBAL local_infile = 1')
    await root.end()
    proxy = await startTestProxy(cluster)
    sharded = await connect(proxy.port)
    whole = await connect(proxy.port)
  }, 120_000)
  afterAll(async () => {
    sharded?.destroy()
    whole?.destroy()
    await proxy?.close()
    await cluster?.close()
    dir.remove()
  })
  beforeEach(async () => {
    await both('ROLLBACK')
    await inEach('main', 'plain', async (connection) => {
      for (const table of ['people', 'notes', 'words', 'kinds', 'counted'])
        await connection.query(`DELETE FROM ${table}`)
      await connection.query(
        `INSERT INTO people (id, email, team, code) VALUES (1, 'a@x', 10, 101), (2, 'b@x', 10, 102), (3, 'c@x', 20, 103)`,
      )
    })
    await inEach('linked', 'whole', async (connection) => {
      for (const table of ['books', 'authors', 'staff'])
        await connection.query(`DELETE FROM ${table} ORDER BY id DESC`)
      await connection.query(`INSERT INTO authors (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c')`)
    })
    await countAlike()
    await both('SET sql_mode = DEFAULT, time_zone = DEFAULT, @a = NULL')
    await both('SELECT LAST_INSERT_ID(7)')
  })

  /** The next number is the same on both sides. */
  async function countAlike(): Promise<void> {
    await use('main', 'plain')
    const [made] = await sharded.query(`INSERT INTO counted (name) VALUES ('next')`)
    await sharded.query(`DELETE FROM counted WHERE name = 'next'`)
    await whole.query(`ALTER TABLE counted AUTO_INCREMENT = ${(made as ResultSetHeader).insertId + 1}`)
  }

  async function both(sql: string): Promise<void> {
    for (const connection of [sharded, whole]) await connection.query(sql)
  }

  async function use(ofSharded: string, ofWhole: string): Promise<void> {
    await sharded.query(`USE ${ofSharded}`)
    await whole.query(`USE ${ofWhole}`)
  }

  async function inEach(
    ofSharded: string,
    ofWhole: string,
    work: (connection: Connection) => Promise<void>,
  ): Promise<void> {
    await use(ofSharded, ofWhole)
    await work(sharded)
    await work(whole)
  }

  async function list(connection: Connection, sql: string): Promise<readonly string[]> {
    const [rows] = await connection.query({ sql, rowsAsArray: true })
    return (rows as unknown[][]).map((row) => row.join('|'))
  }

  async function load(connection: Connection, sql: string, file: string | Buffer, look: string) {
    let answer: string
    try {
      const infileStreamFactory = () => Readable.from(file.length === 0 ? [] : [Buffer.from(file)])
      const [result] = await connection.query({ sql, infileStreamFactory })
      const { affectedRows, info, warningStatus, insertId } = result as ResultSetHeader
      answer = `${affectedRows} ${insertId} ${info} ${warningStatus}`
    } catch (error) {
      const { errno, sqlState, sqlMessage } = error as Record<string, unknown>
      answer = `${errno} ${sqlState} ${sqlMessage}`
    }
    const warnings = await list(connection, 'SHOW WARNINGS')
    const ids = await list(connection, 'SELECT LAST_INSERT_ID(), @a')
    return { answer, warnings, ids, rows: await list(connection, look) }
  }

  /** Loads on both sides; answers what was said. */
  async function same(sql: string, file: string | Buffer, look: string): Promise<string> {
    const plainly = (text: string) => text.replaceAll('`plain`', '`main`').replaceAll('`whole`', '`linked`')
    const { answer, warnings, ...rest } = await load(whole, sql, file, look)
    const expected = { answer: plainly(answer), warnings: warnings.map(plainly), ...rest }
    expect(await load(sharded, sql, file, look), `${sql}\n${JSON.stringify(expected.warnings)}`).toEqual(
      expected,
    )
    return answer
  }

  const PEOPLE = 'SELECT id, email, team, code, note FROM people ORDER BY id'

  async function checkLookups(): Promise<void> {
    const emails = await list(sharded, 'SELECT email FROM main.email_ids ORDER BY email')
    expect(emails).toEqual(
      await list(sharded, 'SELECT email FROM main.people WHERE email IS NOT NULL ORDER BY email'),
    )
    const teams = await list(sharded, 'SELECT COUNT(*) FROM main.team_ids')
    expect(teams).toEqual(
      await list(sharded, 'SELECT COUNT(DISTINCT id) FROM main.people WHERE team IS NOT NULL'),
    )
  }

  test('a table that owns lookup vindexes', async () => {
    await use('main', 'plain')
    const file =
      '4\td@x\t10\t104\n5\te@x\tx\t105\n6\ta@x\t1\t106\n1\tz@x\t1\t107\n7\t\\N\t\\N\t\\N\n8\tf@x\t3\n9\tg@x\t3\t104\n'
    expect(
      await same(`LOAD DATA LOCAL INFILE 'p' INTO TABLE people (id, email, team, code)`, file, PEOPLE),
    ).toContain('Records: 7  Deleted: 0  Skipped: ')
    await checkLookups()
    await same(`LOAD DATA LOCAL INFILE 'p' INTO TABLE people (id, email, team, code)`, '', PEOPLE)
    await same(`LOAD DATA LOCAL INFILE 'p' INTO TABLE people (id, nothing)`, file, PEOPLE)
  })

  test('REPLACE deletes what is met on other shards', async () => {
    await use('main', 'plain')
    const file = '4\ta@x\t10\t104\n5\tb@x\t11\t103\n3\tc@x\t1\t109\n'
    expect(
      await same(
        `LOAD DATA LOCAL INFILE 'p' REPLACE INTO TABLE people (id, email, team, code)`,
        file,
        PEOPLE,
      ),
    ).toMatch(/Records: 3 {2}Deleted: [1-9]/)
    await checkLookups()
    const wrong = '14\ta@x\t10\t104\n15\tb@x\tx\t103\n'
    await same(`LOAD DATA LOCAL INFILE 'p' REPLACE INTO TABLE people (id, email, team, code)`, wrong, PEOPLE)
    await checkLookups()
  })

  test('places that are computed, user variables, lines of fixed size, character sets', async () => {
    await use('main', 'plain')
    await both('SET @plus = 100')
    await same(
      `LOAD DATA LOCAL INFILE 'k' INTO TABLE kinds FIELDS TERMINATED BY ',' (@a, label) SET id = @a * 10 + @plus, size = @a / 3, raw = UNHEX('00ff')`,
      '1,one\n2,two\n3,three\n1,again\n',
      'SELECT id, label, size * 3, flags + 0, kind, HEX(raw), doubled, positive, hidden FROM kinds ORDER BY id',
    )
    await same(
      `LOAD DATA LOCAL INFILE 'k' INTO TABLE kinds FIELDS TERMINATED BY '' ENCLOSED BY '' (positive, label, kind)  SET id = positive`,
      `${'5'.padEnd(11)}${'five'.padEnd(20)}a\n${'6'.padEnd(11)}${'six'.padEnd(20)}c\n`,
      'SELECT id, label, kind FROM kinds ORDER BY id',
    )
    await same(
      `LOAD DATA LOCAL INFILE 'k' INTO TABLE kinds FIELDS TERMINATED BY '' ENCLOSED BY '' (id, label)`,
      `${'7'.padEnd(20)}${'seven'.padEnd(20)}\n`,
      'SELECT id, label, kind FROM kinds ORDER BY id',
    )
    await same(
      `LOAD DATA LOCAL INFILE 'k' INTO TABLE kinds CHARACTER SET gbk (id, label)`,
      Buffer.from('31\tabc\n32\t\xc4\xe3\n', 'latin1'),
      'SELECT id, label FROM kinds ORDER BY id',
    )
  })

  test('each type as one server reads it', async () => {
    await use('main', 'plain')
    const look = `SELECT id, label, size = CAST(0.1 AS FLOAT), flags + 0, kind, kind + 0, marks, born + 0, at, HEX(raw), positive, hidden FROM kinds ORDER BY id`
    for (const mode of ['DEFAULT', `''`, `'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_BACKSLASH_ESCAPES'`]) {
      await both('DELETE FROM kinds')
      await both(`SET sql_mode = ${mode}, time_zone = '+05:00'`)
      await same(
        `LOAD DATA LOCAL INFILE 'k' INTO TABLE kinds FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"' (@a, label, size, flags, kind, marks, born, at, raw, positive) SET id = @a + 0`,
        `1,it's,0.1,\x05,a,"x,y",2020-01-02,2021-02-03 04:05:06,\\0x,2\n5,\u65e5,1,\x1f,b,x,,1960-01-01,,3\n2,caf\u00e9,,\x01,q,z,0000-00-00,,a\\\\b,0\n3,"a""b",1e9,,,,2020-13-01,2021-02-03,,\n4,x,0,,,,2020-13-01,2021-02-03,,\n`,
        look,
      )
    }
  })

  test('numbers of a sequence', async () => {
    await use('main', 'plain')
    const look = 'SELECT id, name FROM counted ORDER BY id'
    await same(
      `LOAD DATA LOCAL INFILE 'c' INTO TABLE counted (@a) SET name = CONCAT(@a, 'x')`,
      'a\nb\nc\na\n',
      look,
    )
    await countAlike()
    await same(
      `LOAD DATA LOCAL INFILE 'c' INTO TABLE counted (@a, name) SET id = IF(@a = 0, NULL, @a)`,
      '0\td\n\\N\te\n0\tf\n',
      look,
    )
  })

  test('foreign keys over shards', async () => {
    await use('linked', 'whole')
    const look = 'SELECT id, author_id, title FROM books ORDER BY id'
    await same(
      `LOAD DATA LOCAL INFILE 'b' INTO TABLE books (id, author_id, title)`,
      '1\t1\tx\n2\t9\ty\n3\t2\tz\n1\t2\tagain\n4\t\\N\tw\n',
      look,
    )
    await same(
      `LOAD DATA LOCAL INFILE 'a' REPLACE INTO TABLE authors (id, name)`,
      '1\tnew\n4\tmore\n',
      'SELECT id, name FROM authors ORDER BY id',
    )
    expect(await list(sharded, look)).toEqual(await list(whole, look))
    await same(
      `LOAD DATA LOCAL INFILE 'b' REPLACE INTO TABLE books (id, author_id, title)`,
      '7\t3\tx\n8\t99\ty\n',
      look,
    )
    await same(
      `LOAD DATA LOCAL INFILE 's' INTO TABLE staff (id, boss)`,
      '1\t\\N\n2\t1\n3\t2\n4\t9\n5\t3\n',
      'SELECT id, boss FROM staff ORDER BY id',
    )
  })

  test('XML', async () => {
    await use('main', 'plain')
    const file = `<?xml version="1.0"?><list><row id="4" email="d@x"><team>1</team></row><row><field name="id">5</field><field name="email">a@x</field></row><person id="6" note="n"/></list>`
    await same(`LOAD XML LOCAL INFILE 'p' INTO TABLE people ROWS IDENTIFIED BY '<row>'`, file, PEOPLE)
    await same(
      `LOAD XML LOCAL INFILE 'p' REPLACE INTO TABLE people ROWS IDENTIFIED BY '<person>' (id, @a) SET note = 'set'`,
      file,
      PEOPLE,
    )
    await checkLookups()
  })

  test('in a transaction, and atomic', async () => {
    await use('main', 'plain')
    const sql = `LOAD DATA LOCAL INFILE 'p' INTO TABLE people (id, email, team, code)`
    await both('BEGIN')
    await same(sql, '4\td@x\t10\t104\n5\te@x\t1\t105\n', PEOPLE)
    await both('ROLLBACK')
    expect(await list(sharded, PEOPLE)).toEqual(await list(whole, PEOPLE))
    await checkLookups()
    await sharded.query(`SET transaction_mode = 'twopc'`)
    await same(sql, '4\td@x\t10\t104\n5\te@x\t1\t105\n', PEOPLE)
    await sharded.query('SET transaction_mode = DEFAULT')
    await checkLookups()
  })

  test('more lines than are held', async () => {
    await use('main', 'plain')
    const lines = Array.from(
      { length: 2100 },
      (_, i) => `${i + 1}\te${i % 2090}@x\t${i % 2000 === 7 ? 'x' : i % 50}`,
    )
    await same(
      `LOAD DATA LOCAL INFILE 'p' INTO TABLE people (id, email, team)`,
      `${lines.join('\n')}\n`,
      'SELECT COUNT(*), SUM(id) FROM people',
    )
    await checkLookups()
  })
})

function writeSchemas(dir: string): void {
  writeLookupSchema(dir, '')
  add(dir, 'main', `;\n${COUNTED};\n${KINDS};`, (vschema) => {
    vschema.tables['counted'] = {
      column_vindexes: [{ column: 'id', name: 'hash' }],
      auto_increment: { column: 'id', sequence: 'plain.counted_seq' },
    }
    vschema.vindexes['by_name'] = {
      type: 'lookup_unique',
      owner: 'counted',
      params: { table: 'plain.counted_names', from: 'name', to: 'id' },
    }
    ;(vschema.tables['counted'] as { column_vindexes: unknown[] }).column_vindexes.push({
      column: 'name',
      name: 'by_name',
    })
    vschema.tables['kinds'] = { column_vindexes: [{ column: 'id', name: 'hash' }] }
  })
  const sequence = `CREATE TABLE counted_seq (id INT NOT NULL PRIMARY KEY, next_id BIGINT NOT NULL, cache BIGINT NOT NULL) COMMENT 'vitess_sequence';
    INSERT INTO counted_seq VALUES (0, 1000, 100);
    CREATE TABLE counted_names (name VARCHAR(9) NOT NULL PRIMARY KEY, id VARBINARY(16) NOT NULL);`
  add(dir, 'plain', `;\n${COUNTED};\n${KINDS};\n${sequence}`, (vschema) => {
    vschema.tables['counted_seq'] = { type: 'sequence' }
    vschema.tables['counted_names'] = {}
  })
  cpSync(LINKED, join(dir, 'linked'), { recursive: true })
  mkdirSync(join(dir, 'whole'))
  cpSync(join(LINKED, 'schema.sql'), join(dir, 'whole', 'schema.sql'))
  writeFileSync(join(dir, 'whole', 'vschema.json'), '{"sharded": false, "tables": {}}')
}

interface VSchema {
  readonly tables: Record<string, unknown>
  readonly vindexes: Record<string, unknown>
}

function add(dir: string, keyspace: string, sql: string, change: (vschema: VSchema) => void): void {
  const [schemaFile, vschemaFile] = ['schema.sql', 'vschema.json'].map((name) => join(dir, keyspace, name))
  writeFileSync(schemaFile!, readFileSync(schemaFile!, 'utf8').replace(/;\s*$/, '') + sql)
  const vschema = JSON.parse(readFileSync(vschemaFile!, 'utf8'))
  change(vschema)
  writeFileSync(vschemaFile!, JSON.stringify(vschema))
}

function connect(port: number): Promise<Connection> {
  const { user, password } = PROXY_ACCOUNT
  return createConnection({
    host: '127.0.0.1',
    port,
    user,
    password,
    database: 'main',
    flags: ['+LOCAL_FILES'],
    dateStrings: true,
  })
}
