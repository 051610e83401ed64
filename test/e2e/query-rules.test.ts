import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TopologyAdmin } from '../../src/topology/admin.ts'
import { clientsBy } from '../support/clients.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { connectTo } from '../support/fault-cluster.ts'
import type { ProtocolClient } from '../support/protocol-client.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'
import { tempDir } from '../support/temp-dir.ts'

let cluster: TestCluster
let proxy: TestProxy
const dir = tempDir('query-rules')
const file = join(dir.path, 'rules.yaml')

beforeAll(async () => {
  writeFileSync(
    file,
    'rules: [{name: no ratio, action: refuse, like: "%ratio%", description: ask for score}]',
  )
  const schemaDir = new URL('../differential/schema', import.meta.url).pathname
  cluster = await startCluster({ shards: 2, isOneMysqld: true, schemaDir })
  proxy = await startTestProxy(cluster, { config: { query_rules_file: file } })
})
afterAll(async () => {
  await proxy?.close()
  await cluster?.close()
  dir.remove()
})

const client = clientsBy(() => connectTo(proxy))

async function answer(of: ProtocolClient, sql: string) {
  const [result] = (await of.query(sql)).slice(-1)
  return result!.kind === 'error' ? result!.errno : result!.kind
}

test('a rule of the file holds for text, prepared, PREPAREd and several statements', async () => {
  const own = await client()
  const sql = 'SELECT ratio FROM users WHERE id = 1'
  expect((await own.query(sql))[0]).toMatchObject({
    errno: 1227,
    message: 'disallowed due to rule: no ratio: ask for score',
  })
  const prepared = await own.prepare(sql)
  if (prepared.kind === 'prepared') expect((await own.execute(prepared.id))[0]).toMatchObject({ errno: 1227 })
  await own.query(`PREPARE s FROM '${sql}'`)
  expect(await answer(own, 'EXECUTE s')).toBe(1227)
  expect(await answer(own, `SELECT 1; ${sql}`)).toBe(1227)
  expect(await answer(own, 'SELECT score FROM users WHERE id = 1')).toBe('rows')
  expect([await answer(own, 'BEGIN'), await answer(own, 'COMMIT')]).toEqual(['ok', 'ok'])
})

test('rules of the topology hold as soon as they are set, and no longer than that', async () => {
  const own = await client()
  const admin = new TopologyAdmin(cluster.store!)
  const rules = [
    { name: 'no scatter', action: 'refuse', plans: ['scatter'], tables: ['main.users'] },
    { name: 'in time', action: 'timeout', timeout_ms: 200, like: '%for update' },
  ]
  expect(await answer(own, 'SELECT id FROM users')).toBe('rows')
  await admin.put({ kind: 'QueryRules' }, { rules })
  await eventually('the rule holds', async () => (await answer(own, 'SELECT id FROM users')) === 1227)
  expect(await answer(own, 'SELECT id FROM users WHERE id = 1')).toBe('rows')
  const holder = await client()
  await holder.query(`INSERT INTO users (id, name) VALUES (1, 'a')`)
  await holder.query('BEGIN')
  await holder.query(`UPDATE users SET name = 'b' WHERE id = 1`)
  expect(await answer(own, 'SELECT id FROM users WHERE id = 1 FOR UPDATE')).toBe(3024)
  await admin.put({ kind: 'QueryRules' }, { rules: [{ name: 'of no use' }] })
  await eventually('it is told', async () =>
    proxy.complaints.some(({ message }) => /query rules/.test(message)),
  )
  expect(await answer(own, 'SELECT id FROM users')).toBe(1227)
  await admin.removeQueryRules()
  await eventually('it is gone', async () => (await answer(own, 'SELECT id FROM users')) === 'rows')
  expect(await answer(own, 'SELECT ratio FROM users')).toBe(1227)
})
