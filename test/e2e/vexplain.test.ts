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

async function table(sql: string): Promise<readonly (readonly (string | null)[])[]> {
  const [result] = await client.query(sql)
  if (result!.kind !== 'rows') throw new Error(JSON.stringify(result))
  return result!.rows.map((row) => textRow(row))
}

describe('what is sent to shards', () => {
  beforeAll(async () => {
    await client.query("INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'a'), (4, 'b')")
  })
  afterAll(() => client.query('DELETE FROM users'))

  test('VEXPLAIN QUERIES runs the statement and tells what each shard was sent', async () => {
    const sent = await table('VEXPLAIN QUERIES SELECT name, COUNT(*) FROM users GROUP BY name')
    expect(sent.map(([call, keyspace, shard]) => [call, keyspace, shard])).toEqual([
      ['0', 'main', '-80'],
      ['0', 'main', '80-'],
    ])
    expect(sent[0]![3]).toContain('WEIGHT_STRING(name)')
    const one = await table('VEXPLAIN QUERIES SELECT name FROM users WHERE id = 4')
    expect(one).toEqual([['0', 'main', '80-', 'SELECT name FROM users WHERE id = 4']])
  })

  test('VEXPLAIN ALL has what each shard makes of it, MYSQLPLAN what it would', async () => {
    const all = await table("VEXPLAIN ALL SELECT * FROM users WHERE name = 'a'")
    expect(all.map(([, , shard]) => shard)).toEqual(['-80', '80-'])
    const planned = await table("VEXPLAIN MYSQLPLAN SELECT * FROM users WHERE name = 'a'")
    for (const row of [...all, ...planned]) expect(JSON.parse(row[4]!)).toHaveProperty('query_block')
    expect(await table('VEXPLAIN MYSQLPLAN SELECT * FROM users WHERE id = 1')).toHaveLength(1)
  })

  test('VEXPLAIN TRACE counts calls, shards and rows', async () => {
    const [[json]] = (await table('VEXPLAIN TRACE SELECT * FROM users')) as [[string]]
    const { Plan, Queries } = JSON.parse(json)
    expect(Plan[0]).toBe('Query')
    expect(Queries).toEqual([
      {
        Keyspace: 'main',
        Query: 'SELECT * FROM users',
        NoOfCalls: 1,
        ShardsQueried: 2,
        Shards: ['-80', '80-'],
        AvgNumberOfRows: 1.5,
        MedianNumberOfRows: 2,
      },
    ])
  })

  test('changes are made when they are asked for by directive, in the transaction that is open', async () => {
    const [refused] = await client.query("VEXPLAIN QUERIES UPDATE users SET name = 'c'")
    expect(refused).toMatchObject({ kind: 'error', errno: 1105, message: expect.stringMatching(/^VT09008/) })
    await client.query('BEGIN')
    const sent = await table("VEXPLAIN QUERIES UPDATE /*vt+ EXECUTE_DML_QUERIES */ users SET name = 'c'")
    expect(sent).toHaveLength(2)
    expect(await lines("SELECT COUNT(*) FROM users WHERE name = 'c'")).toEqual(['3'])
    await client.query('ROLLBACK')
    expect(await lines("SELECT COUNT(*) FROM users WHERE name = 'c'")).toEqual(['0'])
  })

  test('VEXPLAIN KEYS tells what columns are used for, by the names of tables', async () => {
    const [[json]] = (await table(
      "VEXPLAIN KEYS SELECT u.name, COUNT(*) FROM users u JOIN orders o ON o.user_id = u.id WHERE u.team = 3 AND o.state IN ('open') GROUP BY u.name",
    )) as [[string]]
    expect(JSON.parse(json)).toEqual({
      statementType: 'SELECT',
      tableName: ['users', 'orders'],
      groupingColumns: ['users.name'],
      filterColumns: [
        { column: 'users.team', uses: '=' },
        { column: 'orders.state', uses: 'IN' },
      ],
      selectColumns: ['users.name'],
      joinPredicates: ['orders.user_id = users.id'],
    })
  })
})

describe('EXPLAIN over several shards', () => {
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
