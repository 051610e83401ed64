import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectTo, type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import { type ProtocolClient, textRow } from '../support/protocol-client.ts'

let faults: FaultCluster
let client: ProtocolClient

beforeAll(async () => {
  faults = await startFaultCluster()
  client = await connectTo(faults.proxy)
})
afterAll(async () => {
  client?.close()
  await faults?.close()
})

async function lines(sql: string): Promise<readonly (string | null)[]> {
  const [result] = await client.query(sql)
  if (result!.kind !== 'rows') throw new Error(JSON.stringify(result))
  return result!.rows.map((row) => textRow(row)[0]!)
}

test('VEXPLAIN tells the plan, and VEXPLAIN RULES how the planner came to it', async () => {
  const statement = 'SELECT name, COUNT(*) FROM users GROUP BY name ORDER BY name LIMIT 3'
  const plan = await lines(`VEXPLAIN ${statement}`)
  expect(plan.join('\n')).toContain('Aggregate')
  const rules = await lines(`VEXPLAIN RULES ${statement}`)
  expect(rules[0]).toBe('merge: Project(Limit(Order(Aggregate(users))))')
  expect(rules).toContainEqual(expect.stringMatching(/^ {2}splitAggregate: Aggregate\(Route\(users\)\) -> /))
  // The end of it is the plan.
  expect(rules.slice(-plan.length)).toEqual(plan)
})

test('nothing is run', async () => {
  await lines('VEXPLAIN DELETE FROM users')
  await lines('VEXPLAIN RULES DELETE FROM users')
  expect(await lines('SELECT COUNT(*) FROM users')).toEqual(['0'])
})

describe('EXPLAIN over several shards', () => {
  async function table(sql: string): Promise<readonly (readonly (string | null)[])[]> {
    const [result] = await client.query(sql)
    if (result!.kind !== 'rows') throw new Error(JSON.stringify(result))
    return result!.rows.map((row) => textRow(row))
  }

  test('has the plan, and each shard with what it makes of its query', async () => {
    const rows = await table('EXPLAIN SELECT name, COUNT(*) FROM users GROUP BY name')
    const plan = rows.filter(([, type]) => type === 'PLAN').map((row) => row.at(-1))
    expect(plan).toEqual(await lines('VEXPLAIN SELECT name, COUNT(*) FROM users GROUP BY name'))
    expect(rows.filter(([, type]) => type === 'SHARD').map(([, , shard]) => shard)).toEqual([
      'main/-80',
      'main/80-',
    ])
    expect(rows.filter(([, type]) => type === 'SIMPLE').map(([, , named]) => named)).toEqual([
      'users',
      'users',
    ])
  })

  test('as JSON has theirs in it, in the names of keyspaces', async () => {
    const [[json]] = (await table("EXPLAIN FORMAT=JSON SELECT * FROM users WHERE name = 'x'")) as [[string]]
    const { plan, shards } = JSON.parse(json)
    expect(plan[0]).toBe('Query')
    expect(shards.map(({ shard }: { shard: string }) => shard)).toEqual(['main/-80', 'main/80-'])
    expect(shards[0].query).toBe("SELECT * FROM users WHERE name = 'x'")
    expect(shards[0].explain).toHaveProperty('query_block')
    expect(json).not.toContain('main_')
  })

  test('of a change tells of each shard, and changes nothing', async () => {
    await client.query("INSERT INTO users (id, name) VALUES (1, 'a'), (4, 'b')")
    const rows = await table("EXPLAIN UPDATE users SET name = 'x'")
    expect(rows.filter(([, type]) => type === 'SHARD')).toHaveLength(2)
    expect(await lines("SELECT COUNT(*) FROM users WHERE name = 'x'")).toEqual(['0'])
    await client.query('DELETE FROM users')
  })
})
