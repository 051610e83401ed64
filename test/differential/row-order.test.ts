import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Pair, startPair } from '../support/pair.ts'
import { type ProtocolClient, printError, textRow } from '../support/protocol-client.ts'
import { SCHEMA } from './differential.ts'
import { resetTables } from './reset-tables.ts'

/** What is told of an INSERT over several shards comes in the order of its rows. Lists compare it without its order. */
let pair: Pair
let clients: readonly ProtocolClient[]

beforeAll(async () => {
  pair = await startPair({ server: 'mariadb', shardCounts: [2, 4], ...SCHEMA })
  const sides = [pair.reference, ...pair.proxies]
  clients = await Promise.all(sides.map((side) => side.connect({ database: 'main', multiStatements: true })))
  await resetTables(pair)
})
afterAll(async () => {
  for (const client of clients ?? []) client.close()
  await pair?.close()
})

/** The same of all sides: the last answer, and what SHOW WARNINGS and a question behind it tell. */
async function asOneServer(sql: string): Promise<readonly string[]> {
  const [expected, ...answers] = await Promise.all(clients.map((client) => told(client, sql)))
  for (const answer of answers) expect(answer).toEqual(expected)
  return expected!
}

async function told(client: ProtocolClient, sql: string): Promise<readonly string[]> {
  const texts: string[] = []
  for (const asked of [sql, 'SHOW COUNT(*) WARNINGS', 'SHOW WARNINGS']) {
    const result = (await client.query(asked)).at(-1)!
    if (result.kind === 'rows') texts.push(...result.rows.map((row) => textRow(row).join(' ')))
    else if (result.kind === 'error') texts.push(printError(result))
    else texts.push(result.info)
  }
  return texts
}

/** For all sides, whatever it answers. */
async function everywhere(sql: string): Promise<void> {
  await Promise.all(clients.map((client) => client.query(sql)))
}

const INTO = 'INTO users (id, name, country) VALUES'

test('warnings of rows that are cut, dropped and NULL', async () => {
  const rows = [
    "(501, 'a', 'LONG')",
    "(1, 'b', 'AT')",
    "(503, 'c', 'LONG')",
    "(2, 'd', 'AT')",
    "(3, 'e', 'LONG')",
    "(506, NULL, 'AT')",
    "(4, 'g', 'AT')",
    "(508, 'at row 3', 'LONG')",
  ]
  const texts = await asOneServer(`INSERT IGNORE ${INTO} ${rows.join(', ')}`)
  expect(texts).toContain("Warning 1265 Data truncated for column 'country' at row 8")
  await asOneServer(`SET @a = 1; REPLACE ${INTO} (501, 'a', 'AT'), (1, 'b', 'AT'), (503, 'c', 'AT')`)
  await asOneServer(`SET sql_mode = ''; REPLACE ${INTO} ${rows.join(', ')}`)
  await everywhere('SET sql_mode = DEFAULT')
})

test('more warnings than are kept', async () => {
  const rows = Array.from({ length: 200 }, (_, i) => `(${600 + i}, 'a', 'LONG')`)
  await everywhere('SET max_error_count = 7')
  const texts = await asOneServer(`INSERT IGNORE ${INTO} ${rows.join(', ')}`)
  expect(texts).toHaveLength(2 + 7)
  await everywhere('SET max_error_count = DEFAULT')
  await asOneServer(`INSERT IGNORE ${INTO} ${rows.join(', ')}`)
  await asOneServer("SELECT id FROM users WHERE name + 0 = 3 AND name = 'a'")
  await asOneServer('DELETE FROM users WHERE id > 500')
})

test('of many rows that fail on all shards the first one is told', async () => {
  const rows = (first: number) =>
    Array.from({ length: 300 }, (_, i) => `(${i >= first ? i - first + 1 : 1000 + i}, 'a', 'AT')`).join(', ')
  for (const first of [299, 290, 260, 1, 0]) {
    const texts = await asOneServer(`INSERT ${INTO} ${rows(first)}`)
    expect(texts[0]).toContain('1062')
  }
  await asOneServer('SELECT COUNT(*) FROM users')
})

test('in a transaction the rows of others stay, and it goes on', async () => {
  await asOneServer(
    `BEGIN; INSERT ${INTO} (701, 'a', 'AT'), (702, 'b', 'AT'), (703, 'c', 'AT'), (704, 'd', 'AT')`,
  )
  await asOneServer(
    `INSERT ${INTO} (711, 'a', 'AT'), (702, 'b', 'AT'), (701, 'c', 'AT'), (703, 'd', 'AT'), (704, 'd', 'AT')`,
  )
  await asOneServer(
    `INSERT ${INTO} (711, 'a', 'AT'), (712, 'b', 'LONG'), (701, 'c', 'AT'), (703, 'd', 'LONG')`,
  )
  await everywhere(
    `PREPARE s FROM "INSERT ${INTO} (?, 'a', 'AT'), (712, 'b', 'AT'), (713, 'b', ?), (714, 'b', ?)"`,
  )
  await everywhere("SET @id = 711, @c = 'LONG'")
  await asOneServer('EXECUTE s USING @id, @c, @c')
  await asOneServer(`INSERT ${INTO} (721, 'a', 'AT'), (722, 'b', 'AT'); COMMIT`)
  await asOneServer('SELECT id, name FROM users WHERE id > 700 ORDER BY id')
})

test('a text of a trigger that ends like a number of a row is left alone', async () => {
  const sides = [await pair.server.connect({ database: 'main' })]
  for (const { cluster } of pair.proxies)
    for (const server of new Set(cluster.servers.values())) sides.push(await server.connectAsRoot())
  const trigger = `CREATE TRIGGER refuse BEFORE INSERT ON tokens FOR EACH ROW
    IF NEW.id = 99 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not at row 1'; END IF`
  for (const side of sides) {
    const [databases] = await side.query(
      "SELECT table_schema AS name FROM information_schema.tables WHERE table_name = 'tokens'",
    )
    for (const { name } of databases as { name: string }[]) {
      await side.query(`USE \`${name}\``)
      await side.query(trigger)
    }
    side.destroy()
  }
  const into = 'INSERT INTO tokens (token, fixed, id) VALUES'
  const sql = `${into} ('q', 'a', 1), ('r', 'a', 2), ('s', 'a', 3), ('t', 'b', 99), ('u', 'b', 99), ('v', 'toolongvalue', 4), ('w', 'toolongvalue', 4)`
  // MariaDB has a note beside the error, of the trigger's line: a failure over several shards keeps the error alone.
  for (const client of clients) expect((await told(client, sql))[0]).toBe('1644 (45000) not at row 1')
})
