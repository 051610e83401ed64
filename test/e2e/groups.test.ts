import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientsBy } from '../support/clients.ts'
import { connectTo, type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import { bigintParam, type ProtocolClient, textRow } from '../support/protocol-client.ts'

/** Expressions of aggregates over groups that shards have made (planner/federate/grouped-blocks.ts); their answers are in the lists. */
let faults: FaultCluster
let client: ProtocolClient

const ROWS = 400

beforeAll(async () => {
  faults = await startFaultCluster({ config: { federation: { rows: 100 } } })
  client = await connectTo(faults.proxy)
  const rows = Array.from({ length: ROWS }, (_, i) => `(${i + 1}, 'user ${i % 3}', ${i % 7}, ${i % 50})`)
  await client.query(`INSERT INTO users (id, name, team, score) VALUES ${rows}`)
})
afterAll(async () => {
  client?.close()
  await faults?.close()
})

const connect = clientsBy(() => faults.connect())

async function rows(sql: string, of = client): Promise<readonly (readonly (string | null)[])[]> {
  const [result] = await of.query(sql)
  if (result?.kind !== 'rows' || result.error !== undefined) throw new Error(JSON.stringify(result))
  return result.rows.map((row) => textRow(row))
}

const MEAN = 'SELECT SUM(score) / COUNT(*), COUNT(*) + 1 FROM users'

test('many rows that are few groups are no matter of what a statement may copy', async () => {
  expect(await rows(MEAN)).toEqual([['24.5000', '401']])
  expect(await rows('SELECT name, COUNT(*) * 2 AS n FROM users GROUP BY name ORDER BY name')).toEqual([
    ['user 0', '268'],
    ['user 1', '266'],
    ['user 2', '266'],
  ])
  const [refused] = await client.query('SELECT id + 1 AS more, COUNT(*) + 1 FROM users GROUP BY more')
  expect(refused).toMatchObject({ kind: 'error', errno: 3170 })
})

test('each shard is asked once, for its own groups', async () => {
  const sent = await rows(`VEXPLAIN QUERIES ${MEAN}`)
  expect(sent.map(([, , shard]) => shard)).toEqual(['-80', '80-'])
  expect(sent[0]?.[3]).toContain('SUM(score)')
})

test('a transaction counts what it has written', async () => {
  const writer = await connect()
  await writer.query('BEGIN')
  await writer.query('DELETE FROM users WHERE id <= 100')
  expect(await rows(MEAN, writer)).toEqual([['24.5000', '301']])
  expect(await rows(MEAN)).toEqual([['24.5000', '401']])
  await writer.query('ROLLBACK')
  expect(await rows(MEAN, writer)).toEqual([['24.5000', '401']])
})

test('prepared, after USE, with values of its own', async () => {
  const statement = await client.prepare('SELECT COUNT(*) + ? FROM users WHERE id <= ?')
  if (statement.kind === 'error') throw new Error(statement.message)
  await client.query('USE lookup')
  const counts: unknown[] = []
  for (const id of [7, 300, 0]) {
    const [answer] = await client.execute(statement.id, [bigintParam(1000), bigintParam(id)])
    counts.push(answer?.kind === 'rows' ? answer.rows[0]?.readBigInt64LE(2) : answer)
  }
  await client.query('USE main')
  expect(counts).toEqual([1007n, 1300n, 1000n])
})

test('a variable that a condition reads is that of the session', async () => {
  await client.query('SET @least = 391')
  expect(await rows('SELECT COUNT(*) + 1 FROM users WHERE id >= @least')).toEqual([['11']])
})

test('an error of the statement itself is told before anything is grouped', async () => {
  const [answer] = await client.query('SELECT COUNT(*) + nothing FROM users')
  expect(answer).toMatchObject({ errno: 1054, message: expect.stringContaining("Unknown column 'nothing'") })
})

test('where a server has something against groups, rows are copied', async () => {
  // The collation of a text that is computed gives way to that of a column; as a column of groups it does not.
  const sql =
    "SELECT DATE_FORMAT(born, '%Y') AS y, COUNT(*) + 1 FROM users WHERE id < 20 GROUP BY y HAVING y <> MAX(name COLLATE utf8mb4_bin) OR y IS NULL"
  expect(await rows(sql)).toEqual([[null, '20']])
})
