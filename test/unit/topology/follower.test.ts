import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { type Logger, silentLogger } from '../../../src/telemetry/log.ts'
import { TopologyFollower } from '../../../src/topology/follower.ts'
import { printPath } from '../../../src/topology/paths.ts'
import type { TopologySnapshot } from '../../../src/topology/snapshot.ts'
import type {
  Listing,
  RecordEvent,
  Revision,
  StoredRecord,
  TopologyStore,
  Watch,
  WatchHandlers,
} from '../../../src/topology/store.ts'
import { TopologyError } from '../../../src/topology/store.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'

/** A store in memory whose troubles are made by hand. */
class FakeStore implements TopologyStore {
  readonly description = 'fake'
  records = new Map<string, StoredRecord>()
  revision = 1
  isDown = false
  lists = 0
  watch_: { from: Revision; handlers: WatchHandlers } | undefined

  async list(): Promise<Listing> {
    this.lists++
    if (this.isDown) throw new TopologyError('unavailable', 'fake is down')
    return { records: [...this.records.values()], revision: String(this.revision) }
  }
  watch(from: Revision, handlers: WatchHandlers): Watch {
    const mine = { from, handlers }
    this.watch_ = mine
    return {
      close: () => {
        if (this.watch_ === mine) this.watch_ = undefined
      },
    }
  }
  /** A write that the watch tells of, unless it is silent. */
  set(path: string, value: unknown, options: { isSilent?: boolean } = {}): void {
    this.revision++
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    const record = { path, value: text, version: String(this.revision) }
    this.records.set(path, record)
    if (!options.isSilent) this.tell([{ kind: 'put', record }])
  }
  tell(events: readonly RecordEvent[]): void {
    this.watch_?.handlers.onEvents(events, String(this.revision))
  }
  endWatch(kind: 'conflict' | 'unavailable'): void {
    this.watch_?.handlers.onEnd(new TopologyError(kind, `ended: ${kind}`))
  }
  get = async (path: string) => this.records.get(path)
  commit = () => Promise.reject(new Error('not used here'))
  campaign = () => Promise.reject(new Error('not used here'))
  close = async () => {}
}

const shardPath = (shard: string, keyspace = 'shop') => printPath({ kind: 'Shard', keyspace, shard })
const tablet = (uid: number, shard: string, type = 'PRIMARY') => ({
  path: printPath({ kind: 'Tablet', alias: { cell: 'z', uid } }),
  value: { alias: { cell: 'z', uid }, hostname: 'h', type, keyspace: 'shop', shard },
})

async function startFollower(logger: Logger = silentLogger) {
  const store = new FakeStore()
  store.set(printPath({ kind: 'Keyspace', keyspace: 'shop' }), {})
  store.set(shardPath('-80'), { primary_alias: { cell: 'z', uid: 1 } })
  store.set(shardPath('80-'), {})
  for (const t of [tablet(1, '-80'), tablet(2, '80-'), tablet(3, '-80', 'REPLICA')])
    store.set(t.path, t.value)
  const clock = new ManualClock()
  const follower = new TopologyFollower({ store, clock, logger, random: () => 1 })
  const seen: TopologySnapshot[] = []
  follower.onChange((snapshot) => seen.push(snapshot))
  await follower.start()
  await settle()
  return { store, clock, follower, seen }
}

describe('what a snapshot holds', () => {
  test('keyspaces with their shards in key order, tablets and primaries', async () => {
    const { follower } = await startFollower()
    const shop = follower.current().keyspaces.get('shop')
    assert.deepEqual([...(shop?.shards.keys() ?? [])], ['-80', '80-'])
    assert.equal(shop?.shards.get('-80')?.primary?.alias.uid, 1)
    assert.equal(shop?.shards.get('80-')?.primary?.alias.uid, 2)
    assert.deepEqual(
      shop?.shards.get('-80')?.tablets.map((t) => t.alias.uid),
      [1, 3],
    )
    assert.equal(follower.current().stale, false)
    await follower.close()
  })

  test("primary_alias wins over the tablets' own types, and two claimants without it are no primary", async () => {
    const { store, follower } = await startFollower()
    store.set(shardPath('-80'), { primary_alias: { cell: 'z', uid: 3 } })
    assert.equal(follower.current().keyspaces.get('shop')?.shards.get('-80')?.primary?.alias.uid, 3)
    const second = tablet(4, '80-')
    store.set(second.path, second.value)
    assert.equal(follower.current().keyspaces.get('shop')?.shards.get('80-')?.primary, undefined)
    await follower.close()
  })

  test('shards in which nothing changed keep their identity', async () => {
    const { store, follower } = await startFollower()
    const before = follower.current().keyspaces.get('shop')
    store.set(shardPath('80-'), { is_primary_serving: false })
    const after = follower.current().keyspaces.get('shop')
    assert.notEqual(after, before)
    assert.equal(after?.shards.get('-80'), before?.shards.get('-80'))
    store.set(printPath({ kind: 'Cell', cell: 'z' }), {})
    assert.equal(follower.current().keyspaces.get('shop'), after)
    await follower.close()
  })

  test('a record that cannot be read keeps its last good content and is named', async () => {
    const { store, follower } = await startFollower()
    const path = printPath({ kind: 'VSchema', keyspace: 'shop' })
    store.set(path, { sharded: true })
    store.set(path, '{"sharded": tru')
    assert.deepEqual(follower.current().vschemas.get('shop'), { sharded: true })
    assert.equal(follower.current().problems[0]?.path, path)
    store.set(path, { sharded: false })
    assert.deepEqual(follower.current().problems, [])
    await follower.close()
  })

  test('a tablet of a shard that does not exist is named as a problem', async () => {
    const { store, follower } = await startFollower()
    const lost = tablet(9, 'c0-')
    store.set(lost.path, lost.value)
    assert.match(follower.current().problems[0]?.message ?? '', /shop\/c0- does not exist/)
    await follower.close()
  })
})

describe('following', () => {
  test('a watch that is lost and comes back logs both', async () => {
    const lines: string[] = []
    const take = (message: string) => void lines.push(message)
    const { store, clock, follower } = await startFollower({ ...silentLogger, warn: take, info: take })
    store.isDown = true
    store.endWatch('unavailable')
    await clock.advance(20_000)
    store.isDown = false
    await clock.advance(10_000)
    assert.deepEqual(lines, [
      'topology watch ended, listing again',
      'topology is stale: serving from what was last known',
      'topology is followed again',
    ])
    await follower.close()
  })

  test('a watch that ends by compaction is followed by a list at once, without becoming stale', async () => {
    const { store, follower, seen } = await startFollower()
    store.set(shardPath('80-'), { is_primary_serving: false }, { isSilent: true })
    store.endWatch('conflict')
    await settle()
    assert.equal(
      follower.current().keyspaces.get('shop')?.shards.get('80-')?.record.is_primary_serving,
      false,
    )
    assert.deepEqual(
      seen.map((snapshot) => snapshot.stale),
      [false, false],
    )
    assert.equal(store.watch_?.from, String(store.revision))
    await follower.close()
  })

  test('a deletion that happened between two watches is not lost', async () => {
    const { store, follower } = await startFollower()
    store.records.delete(tablet(3, '-80').path)
    store.endWatch('conflict')
    await settle()
    assert.equal(follower.current().tablets.has('z-0000000003'), false)
    await follower.close()
  })

  test('a store that goes away leaves the snapshot, marked stale, until it is back', async () => {
    const { store, clock, follower } = await startFollower()
    store.isDown = true
    store.endWatch('unavailable')
    await settle()
    assert.equal(follower.current().stale, true)
    assert.equal(follower.status().state, 'stale')
    assert.equal(follower.current().tablets.size, 3)
    store.isDown = false
    await clock.advance(5_000)
    assert.equal(follower.current().stale, false)
    assert.equal(follower.status().state, 'following')
    assert.equal(follower.status().lastError, undefined)
    await follower.close()
  })

  test('retries slow down to five seconds and no further', async () => {
    const { store, clock, follower } = await startFollower()
    store.isDown = true
    store.endWatch('unavailable')
    await settle()
    const pauses: number[] = []
    for (let i = 0; i < 9; i++) {
      const next = clock.pending()[0] ?? 0
      pauses.push(next)
      await clock.advance(next)
    }
    assert.deepEqual(pauses, [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000])
    await follower.close()
  })

  test('everything is listed again now and then, so that a watch that lost a change does not hide it for ever', async () => {
    const { store, clock, follower } = await startFollower()
    store.set(shardPath('80-'), { is_primary_serving: false }, { isSilent: true })
    await clock.advance(300_000)
    assert.equal(
      follower.current().keyspaces.get('shop')?.shards.get('80-')?.record.is_primary_serving,
      false,
    )
    await follower.close()
  })

  test('a listener that throws does not keep the others from hearing', async () => {
    const { store, follower, seen } = await startFollower()
    follower.onChange(() => {
      throw new Error('a bug')
    })
    const last: number[] = []
    follower.onChange((snapshot) => last.push(snapshot.version))
    store.set(shardPath('80-'), { is_primary_serving: false })
    assert.deepEqual(last, [seen.at(-1)?.version])
    await follower.close()
  })

  test('start is given up on by its signal while nothing is known', async () => {
    const store = new FakeStore()
    store.isDown = true
    const follower = new TopologyFollower({ store, clock: new ManualClock() })
    await assert.rejects(follower.start(AbortSignal.abort(new Error('enough'))), /enough/)
    await follower.close()
  })
})
