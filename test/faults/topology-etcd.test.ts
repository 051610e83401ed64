import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Etcd3 } from 'etcd3'
import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from 'vitest'
import { DiskCache } from '../../src/topology/disk-cache.ts'
import { EtcdStore } from '../../src/topology/etcd/etcd-store.ts'
import { TopologyFollower } from '../../src/topology/follower.ts'
import { etcdCommand, startEtcd, type TestEtcd } from '../support/etcd.ts'
import { eventually } from '../support/eventually.ts'
import { tempDir } from '../support/temp-dir.ts'

describe.skipIf(!etcdCommand)('following an etcd that has troubles', () => {
  let etcd: TestEtcd
  let store: EtcdStore
  let follower: TopologyFollower
  let writer: EtcdStore
  let count = 0
  const dir = tempDir('faults')

  beforeAll(async () => {
    etcd = await startEtcd()
  })
  afterAll(async () => {
    await etcd.close()
    dir.remove()
  })

  const options = () => ({
    endpoints: [etcd.url],
    prefix: `/faults${count}`,
    requestTimeoutMs: 1_000,
    probeMs: 500,
  })
  const cacheFile = () => join(dir.path, `cache${count}.json`)
  const newFollower = (of: EtcdStore) =>
    new TopologyFollower({ store: of, cache: new DiskCache(cacheFile(), of.description), random: () => 0 })

  beforeEach(async () => {
    count++
    store = new EtcdStore(options())
    writer = new EtcdStore(options())
    await put('first')
    follower = newFollower(store)
    await follower.start()
  })
  afterEach(async () => {
    await follower.close()
    await store.close()
    await writer.close()
  })

  const put = (cell: string, by: EtcdStore = writer) =>
    by.commit([{ kind: 'put', path: `cells/${cell}/CellInfo`, value: '{}' }])
  const cells = (of = follower) => [...of.current().cells.keys()].sort()
  const sees = (cell: string) => eventually(`cell ${cell}`, () => follower.current().cells.has(cell))

  test('a change comes by the watch, not by listing again', async () => {
    await put('second')
    await sees('second')
    assert.equal(follower.status().lists, 1)
    assert.equal(follower.current().stale, false)
  })

  test('killed and started again: stale meanwhile, then every change is seen, also those of the first moment', async () => {
    await etcd.kill()
    await eventually('staleness', () => follower.current().stale)
    assert.deepEqual(cells(), ['first'])
    await etcd.restart()
    await put('second')
    await writer.commit([{ kind: 'delete', path: 'cells/first/CellInfo' }])
    await eventually('both changes', () => cells().join() === 'second')
    assert.equal(follower.current().stale, false)
    await put('third')
    await sees('third')
  })

  test('several restarts with writes between them lose nothing', async () => {
    for (let round = 0; round < 3; round++) {
      await etcd.restart()
      await put(`round${round}`)
    }
    await eventually('all rounds', () => cells().join() === 'first,round0,round1,round2')
  })

  test('under writes that never stop, restarts and compactions lose nothing and never show an older state', async () => {
    const seen: number[] = []
    follower.onChange(({ keyspaces }) => {
      const count = Number(keyspaces.get('counter')?.record.durability_policy)
      if (count !== seen.at(-1) && !Number.isNaN(count)) seen.push(count)
    })
    let written = 0
    let isDone = false
    const write = async () => {
      while (!isDone) {
        const value = JSON.stringify({ durability_policy: String(written + 1) })
        const cell = { kind: 'put', path: `cells/c${written + 1}/CellInfo`, value: '{}' } as const
        // A write whose answer was lost is written once more: it is the same write.
        const isWritten = await writer
          .commit([{ kind: 'put', path: 'keyspaces/counter/Keyspace', value }, cell])
          .then(
            () => true,
            () => false,
          )
        if (isWritten) written++
      }
    }
    const writing = write()
    for (let round = 0; round < 3; round++) {
      const before = written
      await eventually('some writes', () => written > before + 20)
      await compact(etcd.url)
      await etcd.restart()
    }
    isDone = true
    await writing
    await eventually('the last write', () => seen.at(-1) === written)
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    )
    assert.equal(cells().length, written + 1)
  })

  test('history compacted while it was away: it lists again instead of waiting for what is gone', async () => {
    await etcd.kill()
    await eventually('staleness', () => follower.current().stale)
    await etcd.restart()
    const before = await writer.list()
    for (let i = 0; i < 5; i++) await put(`while${i}`)
    await compact(etcd.url)
    await eventually('all changes', () => cells().length === 6)
    assert.ok(BigInt(follower.current().revision) > BigInt(before.revision))
  })

  test('a watch from a revision that was compacted ends with a reason, and tells no change', async () => {
    const { revision } = await writer.list()
    for (let i = 0; i < 3; i++) await put(`more${i}`)
    await compact(etcd.url)
    const told: unknown[] = []
    const reason = await new Promise<Error>((resolve) => {
      writer.watch(revision, { onEvents: (events) => told.push(...events), onEnd: resolve })
    })
    assert.match(reason.message, /compacted/)
    assert.deepEqual(told, [])
    await sees('more2')
  })

  test('compaction under a live watch does not disturb it', async () => {
    for (let i = 0; i < 3; i++) {
      await put(`live${i}`)
      await compact(etcd.url)
    }
    await eventually('all changes', () => cells().length === 4)
  })

  test('an etcd that hangs with its connections open is noticed, and followed again when it goes on', async () => {
    etcd.freeze(true)
    await eventually('staleness', () => follower.current().stale)
    etcd.freeze(false)
    await eventually('freshness', () => !follower.current().stale)
    await put('second')
    await sees('second')
  })

  test('a proxy that starts while etcd is down serves from its cache, and catches up when etcd is back', async () => {
    await put('second')
    await sees('second')
    await follower.close()
    await etcd.kill()
    const late = newFollower(store)
    await late.start()
    assert.deepEqual(cells(late), ['first', 'second'])
    assert.equal(late.current().stale, true)
    assert.equal(late.status().source, 'cache')
    await etcd.restart()
    await put('third')
    await eventually('the change', () => cells(late).includes('third') && !late.current().stale)
    await late.close()
  })

  test('leadership is lost when etcd stays away longer than the lease', async () => {
    const leadership = await writer.campaign('faults', 'me', {
      ttlMs: 2_000,
      signal: new AbortController().signal,
    })
    etcd.freeze(true)
    await eventually('the loss', () => leadership.lost.aborted, 10_000)
    etcd.freeze(false)
    await eventually('freshness', () => follower.status().state === 'following')
  })
})

/** Forgets all history up to now, as an operator or etcd's auto-compaction does. */
async function compact(url: string): Promise<void> {
  const client = new Etcd3({ hosts: url })
  try {
    const { header } = await client.kv.range({ key: Buffer.from('x') })
    await client.kv.compact({ revision: header.revision, physical: true })
  } finally {
    client.close()
  }
}
