import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectTo, type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import { type Param, type ProtocolClient, textRow } from '../support/protocol-client.ts'

/** Keys that MySQL computes first (planner/binding/computed.ts); what comes of them is in the differential list. */
let faults: FaultCluster
let client: ProtocolClient

beforeAll(async () => {
  faults = await startFaultCluster()
  client = await connectTo(faults.proxy)
  await client.query("INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'b'), (4, 'c'), (5, 'd')")
})
afterAll(async () => {
  client?.close()
  await faults?.close()
})

async function rows(sql: string): Promise<readonly (readonly (string | null)[])[]> {
  const [result] = await client.query(sql)
  if (result!.kind !== 'rows') throw new Error(JSON.stringify(result))
  return result!.rows.map((row) => textRow(row))
}

function bigint(n: number): Param {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(BigInt(n))
  return { type: 'bigint', bytes }
}

/** Short: its length is one byte. */
const text = (content: string): Param => ({
  type: 'string',
  bytes: Buffer.from(`${String.fromCharCode(content.length)}${content}`),
})

async function shardsOf(sql: string): Promise<readonly (string | null)[]> {
  return (await rows(`VEXPLAIN QUERIES ${sql}`)).map(([, , shard]) => shard!)
}

test('one shard is asked, or those of a list', async () => {
  await client.query("SET @four = 4, @text = '4'")
  expect(await shardsOf('SELECT name FROM users WHERE id = 2 + 2')).toEqual(['80-'])
  expect(await shardsOf('SELECT name FROM users WHERE id = @four')).toEqual(['80-'])
  expect(await shardsOf('SELECT name FROM users WHERE id = @text')).toEqual(['80-'])
  expect(await shardsOf('SELECT name FROM users WHERE id = 0x04')).toEqual(['80-'])
  expect(await shardsOf("SELECT name FROM users WHERE id = b'100'")).toEqual(['80-'])
  expect(await shardsOf('SELECT name FROM users WHERE id IN (1 + 1, 1)')).toEqual(['-80'])
  expect(await shardsOf('SELECT name FROM users WHERE id IN (1 + 1, @four)')).toEqual(['-80', '80-'])
  expect(await shardsOf('SELECT name FROM users WHERE id = NULL + 1')).toHaveLength(1)
  expect(await shardsOf('SELECT name FROM users WHERE 1 = 0')).toHaveLength(1)
  expect(await shardsOf('SELECT name FROM users WHERE 1 = 1')).toHaveLength(2)
  // What cannot be told is asked of all.
  expect(await shardsOf("SELECT name FROM users WHERE id = '4x' + 0.5")).toHaveLength(2)
  expect(await shardsOf('SELECT name FROM users WHERE id = RAND()')).toHaveLength(2)
})

test('each shard gets its own values of a list', async () => {
  const sentOf = async (sql: string) =>
    (await rows(`VEXPLAIN QUERIES ${sql}`)).map(([, , shard, query]) => [shard, query])
  expect(await sentOf('SELECT name FROM users WHERE id IN (4, 1, 5, 2, NULL) ORDER BY name LIMIT 3')).toEqual(
    [
      ['-80', expect.stringContaining('IN (1, 5, 2)')],
      ['80-', expect.stringContaining('IN (4)')],
    ],
  )
  expect(await sentOf('SELECT name FROM users WHERE id IN (1, 4) AND team IN (7, 8)')).toEqual([
    ['-80', 'SELECT name FROM users WHERE id IN (1) AND team IN (7, 8)'],
    ['80-', 'SELECT name FROM users WHERE id IN (4) AND team IN (7, 8)'],
  ])
  // Compared as doubles, or in ways of MySQL's own, all of it.
  expect(await sentOf("SELECT name FROM users WHERE id IN (1, '4')")).toEqual([
    ['-80', "SELECT name FROM users WHERE id IN (1, '4')"],
    ['80-', "SELECT name FROM users WHERE id IN (1, '4')"],
  ])
})

test('an UPDATE that is only right on one shard is', async () => {
  const [changed] = await client.query("UPDATE users SET name = 'e' WHERE id = 2 + 2 LIMIT 1")
  expect(changed).toMatchObject({ kind: 'ok', affectedRows: 1 })
  const prepared = await client.prepare('UPDATE users SET name = ? WHERE id = ? + 1 LIMIT 1')
  if (prepared.kind === 'error') throw new Error(prepared.message)
  for (const [name, id] of [
    ['f', 3],
    ['g', 4],
  ] as const) {
    const [done] = await client.execute(prepared.id, [text(name), bigint(id)])
    expect(done).toMatchObject({ kind: 'ok', affectedRows: 1 })
  }
  expect(await rows('SELECT name FROM users WHERE id IN (4, 5) ORDER BY id')).toEqual([['f'], ['g']])
})

test('a prepared statement computes anew each time, in a transaction and behind USE, too', async () => {
  const prepared = await client.prepare('SELECT name FROM users WHERE id = ? * @factor FOR UPDATE')
  if (prepared.kind === 'error') throw new Error(prepared.message)
  const namesOf = async (id: number) => {
    const [result] = await client.execute(prepared.id, [bigint(id)])
    if (result!.kind !== 'rows') throw new Error(JSON.stringify(result))
    return result!.rows.length
  }
  await client.query('SET @factor = 2')
  await client.query('BEGIN')
  await client.query("INSERT INTO users (id, name) VALUES (6, 'h')")
  expect(await namesOf(2)).toBe(1)
  expect(await namesOf(3)).toBe(1)
  await client.query('ROLLBACK')
  expect(await namesOf(3)).toBe(0)
  await client.query('SET @factor = 4')
  await client.query('USE lookup')
  expect(await namesOf(1)).toBe(1)
  await client.query('USE main')
})

test('several statements in one text each have their own values', async () => {
  const answers = await client.query(
    'SET @k = 1; SELECT name FROM users WHERE id = @k; SET @k = @k + 1; SELECT name FROM users WHERE id = @k',
  )
  const names = answers.flatMap((each) => (each.kind === 'rows' ? each.rows.map((row) => textRow(row)) : []))
  expect(names).toEqual([['a'], ['b']])
})

test('EXPLAIN asks the shard that would answer', async () => {
  expect(await rows('EXPLAIN SELECT name FROM users WHERE id = 2 + 2')).toHaveLength(1)
})

test('what cannot be computed is the error that shards give', async () => {
  const [failed] = await client.query('SELECT name FROM users WHERE id = 9223372036854775807 + 1')
  expect(failed).toMatchObject({ kind: 'error', errno: 1690 })
  expect(await rows('SELECT name FROM users WHERE id = 0 + 1')).toEqual([['a']])
})
