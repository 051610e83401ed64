import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { ShardState, TopologySnapshot, TopologyView } from '../../src/topology/snapshot.ts'
import { clientsBy } from '../support/clients.ts'
import { eventually } from '../support/eventually.ts'
import { connectTo, type FaultCluster, startFaultCluster, threadsRunning } from '../support/fault-cluster.ts'
import { type Result, textRow } from '../support/protocol-client.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'

/** A session in the middle of something, when shard `-80` moves. */
let faults: FaultCluster
let view: PatchedView
let proxy: TestProxy

/** The cluster's topology, with another record for one shard. */
class PatchedView implements TopologyView {
  readonly #base: TopologyView
  #current: TopologySnapshot
  readonly #listeners: ((snapshot: TopologySnapshot, previous: TopologySnapshot) => void)[] = []

  constructor(base: TopologyView) {
    this.#base = base
    this.#current = base.current()
  }

  patch(change: (shard: ShardState) => ShardState): void {
    const base = this.#base.current()
    const keyspace = base.keyspaces.get('main')!
    const shards = new Map(keyspace.shards).set('-80', change(keyspace.shards.get('-80')!))
    const previous = this.#current
    this.#current = { ...base, keyspaces: new Map(base.keyspaces).set('main', { ...keyspace, shards }) }
    for (const listener of this.#listeners) listener(this.#current, previous)
  }

  current(): TopologySnapshot {
    return this.#current
  }
  onChange(listener: (snapshot: TopologySnapshot, previous: TopologySnapshot) => void): () => void {
    this.#listeners.push(listener)
    return () => {}
  }
  status(): ReturnType<TopologyView['status']> {
    return this.#base.status()
  }
}

beforeAll(async () => {
  faults = await startFaultCluster()
  view = new PatchedView(faults.cluster.topology)
  proxy = await startTestProxy({ ...faults.cluster, topology: view })
  const setup = await client()
  await setup.query(`INSERT INTO users (id, name) VALUES (1, 'a'), (4, 'd')`)
})
afterEach(() => {
  view.patch((shard) => shard)
})
afterAll(async () => {
  await proxy?.close()
  await faults?.close()
})

const client = clientsBy(() => connectTo(proxy))

const MOVES: Readonly<Record<string, (shard: ShardState) => ShardState>> = {
  'its primary has a new term': (shard) => ({
    ...shard,
    record: { ...shard.record, primary_term_start_time: { seconds: '99' } },
  }),
  'it does not serve any more': (shard) => ({
    ...shard,
    record: { ...shard.record, is_primary_serving: false },
  }),
}

test.each(Object.keys(MOVES))('COMMIT when %s commits nowhere', async (move) => {
  const of = await client()
  await of.query(
    `BEGIN; UPDATE users SET name = 'lost' WHERE id = 1; UPDATE users SET name = 'lost' WHERE id = 4`,
  )
  view.patch(MOVES[move]!)
  const [committed] = await of.query('COMMIT')
  expect(committed).toMatchObject({
    kind: 'error',
    message: expect.stringContaining('nothing was committed'),
  })
  view.patch((shard) => shard)
  const [rows] = await of.query('SELECT name FROM users WHERE id IN (1, 4) ORDER BY id')
  expect(namesOf(rows!)).toEqual(['a', 'd'])
})

test('a read whose connection is lost when nobody serves its shard is told so, and the session goes on', async () => {
  const of = await client()
  await of.query('SELECT name FROM users WHERE id = 1')
  const asked = of.query(`SELECT SLEEP(60), 'lost read' FROM users WHERE id = 1`)
  const root = await faults.rootOf('-80')
  const threads = await eventually('it runs', async () => {
    const found = await threadsRunning(root, 'lost read')
    return found.length > 0 && found
  })
  view.patch(({ primary, ...rest }) => rest as ShardState)
  await root.query(`KILL ${threads[0]}`)
  root.destroy()
  expect((await asked)[0]).toMatchObject({ kind: 'error', message: expect.stringContaining('no primary') })
  expect(namesOf((await of.query('SELECT name FROM users WHERE id = 4'))[0]!)).toEqual(['d'])
})

function namesOf(result: Result): unknown {
  return result.kind === 'rows' ? result.rows.map((row) => textRow(row)[0]) : result
}
