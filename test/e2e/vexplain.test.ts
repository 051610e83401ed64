import { afterAll, beforeAll, expect, test } from 'vitest'
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
