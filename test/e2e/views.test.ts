import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectTo, type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import { type ProtocolClient, textRow } from '../support/protocol-client.ts'

/** Views of a sharded keyspace (planner/binding/views.ts); what they answer is in the differential list. */
let faults: FaultCluster
let client: ProtocolClient

beforeAll(async () => {
  faults = await startFaultCluster()
  client = await connectTo(faults.proxy)
  await run("INSERT INTO users (id, name, team) VALUES (1, 'a', 1), (2, 'b', 2), (4, 'c', 2), (5, 'd', NULL)")
  await run('CREATE VIEW teams AS SELECT team, COUNT(*) AS n FROM users GROUP BY team')
  await run('CREATE VIEW members AS SELECT id AS member, name FROM users WHERE team IS NOT NULL')
})
afterAll(async () => {
  client?.close()
  await faults?.close()
})

async function run(sql: string): Promise<void> {
  for (const result of await client.query(sql)) if (result.kind === 'error') throw new Error(result.message)
}

async function rows(sql: string, of = client): Promise<readonly (readonly (string | null)[])[]> {
  const [result] = await of.query(sql)
  if (result!.kind !== 'rows') throw new Error(JSON.stringify(result))
  return result!.rows.map((row) => textRow(row))
}

const TEAM_2 = 'SELECT n FROM teams WHERE team = 2'

test('a view of groups counts the rows of all shards', async () => {
  expect(await rows(TEAM_2)).toEqual([['2']])
  expect(await rows('SELECT COUNT(*) FROM teams')).toEqual([['3']])
})

test('a view of rows is asked by its name, on the shard that its key says', async () => {
  const sent = await rows('VEXPLAIN QUERIES SELECT name FROM members WHERE member = 4')
  expect(sent).toEqual([['0', 'main', '80-', 'SELECT name FROM members WHERE member = 4']])
  expect(await rows('SELECT name FROM members WHERE member = 4')).toEqual([['c']])
})

test('EXPLAIN shows the plan, and what shards make of the queries that fill the copies', async () => {
  const told = (await rows(`EXPLAIN FORMAT=JSON ${TEAM_2}`)).flat().join('\n')
  expect(told).toContain('Federate keyspace=main')
  for (const shard of ['main/-80', 'main/80-']) expect(told).toContain(shard)
})

test('a transaction sees its own rows through it, another session those that are committed', async () => {
  const other = await connectTo(faults.proxy)
  await run("BEGIN; INSERT INTO users (id, name, team) VALUES (6, 'e', 2)")
  expect(await rows(TEAM_2)).toEqual([['3']])
  expect(await rows(TEAM_2, other)).toEqual([['2']])
  await run('ROLLBACK')
  other.close()
})

test('from another keyspace, and in a session at one shard', async () => {
  await run('USE lookup')
  expect(await rows('SELECT n FROM main.teams WHERE team = 2')).toEqual([['2']])
  await run('USE `main:80-`')
  expect(await rows(TEAM_2)).toEqual([['1']])
  await run('USE main')
})

test('a statement that is prepared follows the view', async () => {
  const prepared = await client.prepare(TEAM_2)
  if (prepared.kind === 'error') throw new Error(prepared.message)
  const countOf = async () => {
    const [result] = await client.execute(prepared.id)
    if (result!.kind !== 'rows') throw new Error(JSON.stringify(result))
    return result!.rows.length
  }
  expect(await countOf()).toBe(1)
  await run('ALTER VIEW teams AS SELECT team, COUNT(*) AS n FROM users WHERE team <> 2 GROUP BY team')
  expect(await countOf()).toBe(0)
  expect(await rows(TEAM_2)).toEqual([])
  await run('DROP VIEW teams')
  expect((await client.query(TEAM_2))[0]).toMatchObject({ kind: 'error', errno: 1146 })
})
