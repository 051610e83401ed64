import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientsBy } from '../support/clients.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { etcdCommand } from '../support/etcd.ts'
import { eventually } from '../support/eventually.ts'
import { ProtocolClient } from '../support/protocol-client.ts'
import { PROXY_ACCOUNT, PROXY_ADMIN } from '../support/proxy.ts'
import { ProxyProcess } from '../support/proxy-process.ts'
import { tempDir } from '../support/temp-dir.ts'

/** KILL of sessions that another proxy has: one of a single process, and one of two workers. */
describe.skipIf(etcdCommand === undefined)('KILL', () => {
  let cluster: TestCluster
  const proxies: ProxyProcess[] = []
  const dirs = [tempDir('peers'), tempDir('peers')]

  beforeAll(async () => {
    const schemaDir = new URL('../differential/schema', import.meta.url).pathname
    cluster = await startCluster({ shards: 2, isOneMysqld: true, schemaDir, topology: 'etcd' })
    const common = { topology: cluster.topologyConfig, backend: cluster.account }
    for (const [i, workers] of [1, 2].entries()) {
      const config = { ...common, workers }
      proxies.push(await ProxyProcess.start({ dir: dirs[i]!.path, heapMb: 256, config, hasPeers: true }))
    }
  })
  afterAll(async () => {
    for (const proxy of proxies) await proxy.close()
    await cluster?.close()
    for (const dir of dirs) dir.remove()
  })

  const client = clientsBy((at: number, account: { user: string; password: string } = PROXY_ACCOUNT) =>
    ProtocolClient.connect({ port: proxies[at]!.port, ...account, database: 'main' }),
  )

  async function kill(of: ProtocolClient, what: string) {
    const [result] = await of.query(`KILL ${what}`)
    return result!.kind === 'error' ? result!.errno : result!.kind
  }

  test.each([
    [0, 1],
    [1, 0],
    [1, 1],
  ])('by a session of proxy %i of one of proxy %i', async (from, at) => {
    const [killer, victim, holder] = [await client(from), await client(at), await client(at)]
    await holder.query(`REPLACE INTO users (id, name) VALUES (1, 'a')`)
    await holder.query('BEGIN')
    await holder.query(`UPDATE users SET name = 'b' WHERE id = 1`)
    const waiting = victim.query(`UPDATE users SET name = 'c' WHERE id = 1`)
    await eventually('it waits', async () => (await kill(killer, `QUERY ${victim.connectionId}`)) === 'ok')
    // It may have come before the statement.
    const again = setInterval(() => void kill(killer, `QUERY ${victim.connectionId}`), 200)
    const [result] = await waiting
    clearInterval(again)
    expect(result).toMatchObject({ kind: 'error', errno: 1317 })
    expect(await kill(killer, `${victim.connectionId}`)).toBe('ok')
    await expect(victim.query('SELECT 1')).rejects.toThrow()
    await eventually('it is gone', async () => (await kill(killer, `${victim.connectionId}`)) === 1094)
  })

  test('only what is one’s own, unless one is an administrator, and nothing that is not there', async () => {
    const [app, admin] = [await client(0), await client(0, PROXY_ADMIN)]
    const [other, own] = [await client(1, PROXY_ADMIN), await client(1)]
    expect(await kill(app, `${other.connectionId}`)).toBe(1095)
    expect(await kill(admin, `${own.connectionId}`)).toBe('ok')
    expect(await kill(admin, `${other.connectionId + 4_000}`)).toBe(1094)
    expect(await kill(admin, '7')).toBe(1094)
  })

  test('not by whoever reaches the port', async () => {
    const own = await client(0)
    const body = JSON.stringify({ id: own.connectionId, what: 'connection', atMs: Date.now() })
    const response = await fetch(`http://127.0.0.1:${proxies[0]!.httpPort}/peers/kill`, {
      method: 'POST',
      body,
      headers: { 'x-shardgate-signature': 'ab'.repeat(32) },
    })
    expect(response.status).toBe(403)
    expect(await own.query('SELECT 1')).toMatchObject([{ kind: 'rows' }])
  })
})
