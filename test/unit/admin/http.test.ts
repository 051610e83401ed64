import assert from 'node:assert/strict'
import { Registry } from 'prom-client'
import { afterEach, test } from 'vitest'
import { type HttpServer, startHttp } from '../../../src/admin/http.ts'
import { registerTopologyMetrics } from '../../../src/admin/topology-metrics.ts'
import { EMPTY_SNAPSHOT } from '../../../src/topology/build-snapshot.ts'
import type { TopologyView } from '../../../src/topology/snapshot.ts'
import { vschemaDigest } from '../../../src/topology/vschema-digest.ts'

let server: HttpServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

const view: TopologyView = {
  current: () => ({ ...EMPTY_SNAPSHOT, stale: true, vschemas: new Map([['shop', { sharded: true }]]) }),
  onChange: () => () => {},
  status: () => ({ state: 'stale', lastContactMs: 5_000, source: 'cache', lists: 3, watchEnds: 2 }),
}

async function start(
  notReady: () => string | undefined,
): Promise<(path: string, init?: RequestInit) => Promise<Response>> {
  const registry = new Registry()
  registerTopologyMetrics(registry, view)
  const metrics = async () => ({ contentType: registry.contentType, text: await registry.metrics() })
  server = await startHttp({ host: '127.0.0.1', port: 0 }, { notReady, metrics })
  return (path, init) => fetch(`http://127.0.0.1:${server!.port}${path}`, init)
}

test('it is alive whether ready or not, and says why it is not ready', async () => {
  let reason: string | undefined = 'no topology yet'
  const get = await start(() => reason)
  assert.equal((await get('/livez')).status, 200)
  const before = await get('/readyz')
  assert.deepEqual([before.status, await before.text()], [503, 'no topology yet\n'])
  reason = undefined
  assert.equal((await get('/readyz')).status, 200)
})

test('a stale topology is seen in the metrics', async () => {
  const get = await start(() => undefined)
  const response = await get('/metrics')
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain/)
  const lines = (await response.text()).split('\n')
  for (const line of [
    'shardgate_topology_stale 1',
    'shardgate_topology_last_contact_timestamp_seconds 5',
    'shardgate_topology_lists_total 3',
    'shardgate_topology_watch_ends_total 2',
    `shardgate_vschema_info{keyspace="shop",digest="${vschemaDigest({ sharded: true })}"} 1`,
  ])
    assert.ok(lines.includes(line), line)
})

test('a counter is told as it is each time, not added up by asking', async () => {
  const get = await start(() => undefined)
  await get('/metrics')
  assert.match(await (await get('/metrics')).text(), /^shardgate_topology_lists_total 3$/m)
})

test('other paths and methods are refused', async () => {
  const get = await start(() => undefined)
  assert.equal((await get('/')).status, 404)
  const post = await get('/readyz', { method: 'POST' })
  assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD'])
})

test('a port that is taken is an error, not a silent wait', async () => {
  await start(() => undefined)
  const address = { host: '127.0.0.1', port: server!.port }
  await assert.rejects(
    startHttp(address, { notReady: () => undefined, metrics: async () => ({ contentType: '', text: '' }) }),
    /EADDRINUSE/,
  )
})
