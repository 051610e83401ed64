import { afterAll, beforeAll, expect, test } from 'vitest'
import { JOINED_ROWS_MAX } from '../../src/plan/primitives.ts'
import { connectTo, type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import { type ProtocolClient, textRow } from '../support/protocol-client.ts'

/** Joins of tables that do not meet on a shard (planner/rules/push/bind-join.ts); their rows are in the differential lists. */
let faults: FaultCluster
let client: ProtocolClient

beforeAll(async () => {
  faults = await startFaultCluster()
  client = await connectTo(faults.proxy)
  await client.query(
    "INSERT INTO users (id, name, team) VALUES (1, 'a', 4), (2, 'b', 4), (4, 'c', 1), (5, 'd', NULL)",
  )
})
afterAll(async () => {
  client?.close()
  await faults?.close()
})

type Rows = readonly (readonly (string | null)[])[]

async function rows(sql: string, of = client): Promise<Rows> {
  const [result] = await of.query(sql)
  if (result!.kind !== 'rows') throw new Error(JSON.stringify(result))
  return result!.rows.map((row) => textRow(row))
}

const JOIN = 'SELECT a.name, b.name FROM users a JOIN users b ON b.id = a.team WHERE a.id < 3'

test('the shards are asked twice, the second time those that can have the keys', async () => {
  const sent = await rows(`VEXPLAIN QUERIES ${JOIN}`)
  expect(sent.map(([, , shard, query]) => [shard, query])).toEqual([
    ['-80', 'SELECT a.`name`, a.team FROM users a WHERE a.`id` < 3'],
    ['80-', 'SELECT a.`name`, a.team FROM users a WHERE a.`id` < 3'],
    ['80-', 'SELECT b.`name`, b.`id` FROM users b WHERE b.`id` IN (4)'],
  ])
})

test('EXPLAIN shows the plan, and what shards make of what they are sent first', async () => {
  const told = (await rows(`EXPLAIN FORMAT=JSON ${JOIN}`)).flat().join('\n')
  expect(told).toContain('Join [1 = 1]')
  expect(told).toContain('-80')
})

test('more rows than are held are joined over copies, and by rules alone refused', async () => {
  const many = Array.from({ length: JOINED_ROWS_MAX }, (_, i) => `(${100 + i}, 'x', 4)`)
  await client.query(`INSERT INTO users (id, name, team) VALUES ${many.join(', ')}`)
  const all = 'SELECT a.id, b.name FROM users a JOIN users b ON b.id = a.team'
  try {
    const expected = [['1', 'c'], ['2', 'c'], ['4', 'a'], ...many.map((_, i) => [String(100 + i), 'c'])]
    const joined = await rows(all)
    expect([...joined].sort((x, y) => Number(x[0]) - Number(y[0]))).toEqual(expected)
    const byRules = await client.query(all.replace('SELECT', 'SELECT /*vt+ PLANNER=rules */'))
    expect(byRules[0]).toMatchObject({ kind: 'error', errno: 1235 })
    // Where rows that are joined stand in place of FROM, too.
    const sum = many.reduce((total, _, i) => total + 4 * (100 + i), 16)
    const summed = 'SELECT SUM(a.id * b.id) FROM users a JOIN users b ON b.id = a.team'
    expect(await rows(summed)).toEqual([[String(sum)]])
    // The session goes on, in a transaction too.
    await client.query('BEGIN')
    expect(await rows(all)).toHaveLength(expected.length)
    expect(await rows(JOIN)).toHaveLength(2)
    await client.query('ROLLBACK')
  } finally {
    await client.query('DELETE FROM users WHERE id >= 100')
  }
})

test('a column that has become another since it was read is joined over copies', async () => {
  const other = await connectTo(faults.proxy)
  try {
    await client.query('ALTER TABLE users MODIFY team VARCHAR(20)')
    expect(await rows(JOIN, other)).toHaveLength(2)
  } finally {
    await client.query('ALTER TABLE users MODIFY team INT DEFAULT NULL')
    other.close()
  }
  expect(await rows(JOIN)).toHaveLength(2)
})

test('joined rows are counted by one server', async () => {
  const sql = 'SELECT SUM(a.id * b.id), COUNT(*) FROM users a JOIN users b ON b.id = a.team'
  const sent = await rows(`VEXPLAIN QUERIES ${sql}`)
  expect(new Set(sent.map(([, , , query]) => query!.replace(/IN \(.*\)/, 'IN (…)')))).toEqual(
    new Set(['SELECT a.`id`, a.team FROM users a', 'SELECT b.`id` FROM users b WHERE b.`id` IN (…)']),
  )
  expect(await rows(sql)).toEqual([['16', '3']])
})

test('two sessions at once', async () => {
  const other = await connectTo(faults.proxy)
  try {
    const answers = await Promise.all([rows(JOIN), rows(JOIN, other)])
    for (const answer of answers) expect(answer).toHaveLength(2)
  } finally {
    other.close()
  }
})

test('of a table that all aggregates are of, the shards are asked for groups', async () => {
  const sql =
    'SELECT a.id, COUNT(*) AS n, SUM(b.id) AS s FROM users a JOIN users b ON b.id = a.team GROUP BY a.id'
  const sent = await rows(`VEXPLAIN QUERIES ${sql}`)
  expect(sent.map(([, , , query]) => query!.replace(/IN \(.*\)/, 'IN (…)'))).toEqual([
    'SELECT a.`id`, a.team FROM users a',
    'SELECT a.`id`, a.team FROM users a',
    'SELECT COUNT(*) AS n, SUM(b.`id`) AS s, b.`id` FROM users b WHERE b.`id` IN (…) GROUP BY 3',
    'SELECT COUNT(*) AS n, SUM(b.`id`) AS s, b.`id` FROM users b WHERE b.`id` IN (…) GROUP BY 3',
  ])
  expect(await rows(`${sql} ORDER BY 1`)).toEqual([
    ['1', '1', '4'],
    ['2', '1', '4'],
    ['4', '1', '1'],
  ])
})

test('more groups than are held are counted over copies', async () => {
  const many = Array.from({ length: JOINED_ROWS_MAX }, (_, i) => `(${100 + i}, 'x', ${(i % 2) + 1})`)
  await client.query(`INSERT INTO users (id, name, team) VALUES ${many.join(', ')}`)
  try {
    const sql = 'SELECT COUNT(*), COUNT(b.id) FROM users a LEFT JOIN users b ON b.team = a.id'
    const counts = [[String(2 * JOINED_ROWS_MAX + 4), String(JOINED_ROWS_MAX + 3)]]
    const [byRules] = await client.query(sql.replace('SELECT', 'SELECT /*vt+ PLANNER=rules */'))
    expect(byRules).toMatchObject({ kind: 'error', errno: 1235 })
    expect(await rows(sql)).toEqual(counts)
  } finally {
    await client.query('DELETE FROM users WHERE id >= 100')
  }
})
