import assert from 'node:assert/strict'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { EtcdStore } from '../../../src/topology/etcd/etcd-store.ts'
import { appendEvent, readEvents } from '../../../src/topology/events.ts'
import { FilesStore } from '../../../src/topology/files/files-store.ts'
import { deleteLookupWork, putLookupWork, readLookupWork } from '../../../src/topology/lookup-work.ts'
import type { RecordEvent, TopologyStore } from '../../../src/topology/store.ts'
import { TopologyError } from '../../../src/topology/store.ts'
import { etcdCommand, startEtcd, type TestEtcd } from '../../support/etcd.ts'
import { eventually } from '../../support/eventually.ts'
import { tempDir } from '../../support/temp-dir.ts'

/** What both stores promise, asked of both. Each test has a topology of its own. */
let etcd: TestEtcd | undefined
let count = 0
const dir = tempDir('stores')

beforeAll(async () => {
  if (etcdCommand) etcd = await startEtcd()
})
afterAll(async () => {
  await etcd?.close()
  dir.remove()
})

const kinds = [
  { name: 'etcd', isHere: etcdCommand !== undefined },
  { name: 'files', isHere: true },
] as const

function openStore(kind: 'etcd' | 'files', place: string): TopologyStore {
  return kind === 'etcd'
    ? new EtcdStore({ endpoints: [etcd!.url], prefix: `/${place}` })
    : new FilesStore({ dir: `${dir.path}/${place}` })
}

const path = 'keyspaces/shop/Keyspace'
const shard = 'keyspaces/shop/shards/-80/Shard'
const vschema = 'keyspaces/shop/VSchema'

function isConflict(error: unknown): boolean {
  return error instanceof TopologyError && error.kind === 'conflict'
}

for (const { name, isHere } of kinds) {
  describe.skipIf(!isHere)(`the ${name} store`, () => {
    async function withStores<T>(work: (one: TopologyStore, other: TopologyStore) => Promise<T>): Promise<T> {
      const place = `t${count++}`
      const [one, other] = [openStore(name, place), openStore(name, place)]
      await one.commit([{ kind: 'put', path: 'cells/z/CellInfo', value: '{}' }])
      try {
        return await work(one, other)
      } finally {
        await Promise.all([one.close(), other.close()])
      }
    }

    test('writes nothing under a leadership that has ended, and says so', () =>
      withStores(async (one, other) => {
        const { signal } = new AbortController()
        const first = await one.campaign('job', 'one', { ttlMs: 5_000, signal })
        const put = (value: string) => [{ kind: 'put', path, value } as const]
        await one.commit(put('{"sidecar_db_name":"a"}'), [first.fence])
        assert.equal(first.isHeld(), true)
        await first.resign()
        assert.equal(first.isHeld(), false)
        const second = await other.campaign('job', 'other', { ttlMs: 5_000, signal })
        await assert.rejects(one.commit(put('{"sidecar_db_name":"b"}'), [first.fence]), { kind: 'fenced' })
        assert.equal((await other.get(path))?.value, '{"sidecar_db_name":"a"}')
        await assert.rejects(
          other.commit([{ ...put('{}')[0]!, expect: { kind: 'absent' } }], [second.fence]),
          isConflict,
        )
        await other.commit(put('{"sidecar_db_name":"c"}'), [second.fence])
      }))

    test('keeps events in their order, and forgets the oldest', () =>
      withStores(async (one, other) => {
        const event = (n: number) => ({ at: 'now', keyspace: 'shop', shard: '-80', text: `${n}`, by: 'me' })
        await Promise.all([1, 2, 3, 4, 5].map((n) => appendEvent(n % 2 ? one : other, event(n))))
        const events = (await readEvents(one)).map(({ text }) => text)
        assert.deepEqual([...events].sort(), ['1', '2', '3', '4', '5'])
        await appendEvent(one, event(6))
        assert.equal((await readEvents(other)).at(-1)?.text, '6')
        const many = Array.from({ length: 100 }, (_, i) => i)
        for (let i = 100; i <= 600; i += 100)
          await one.commit(
            many.map((n) => ({
              kind: 'put' as const,
              path: `events/${String(n + i).padStart(12, '0')}`,
              value: JSON.stringify(event(n + i)),
            })),
          )
        for (let i = 0; i < 5; i++) await appendEvent(one, event(1_000 + i))
        const left = await readEvents(one)
        assert.equal(left.length, 500)
        assert.equal(left.at(-1)?.text, '1004')
      }))

    test('keeps how far a backfill is, by compare-and-swap, and takes it out again', () =>
      withStores(async (one, other) => {
        const work = { createdTable: true, declaredTable: false, of: 'x', shards: {} }
        await one.commit([putLookupWork('shop', 'a b', work, undefined)])
        const found = await readLookupWork(other, 'shop', 'a b')
        assert.deepEqual(found?.work, work)
        const shards = { '-80': { after: [['INT64', '31']] as const, isDone: false, rows: 1, duplicates: 0 } }
        await other.commit([putLookupWork('shop', 'a b', { ...work, shards }, found?.version)])
        assert.deepEqual((await readLookupWork(one, 'shop', 'a b'))?.work.shards, shards)
        await assert.rejects(one.commit([putLookupWork('shop', 'a b', work, found?.version)]), isConflict)
        await one.commit([deleteLookupWork('shop', 'a b')])
        assert.equal(await readLookupWork(other, 'shop', 'a b'), undefined)
        await assert.rejects(other.commit([putLookupWork('shop', 'a b', work, found?.version)]), isConflict)
      }))

    test('gives back what was put, and lists it', () =>
      withStores(async (one, other) => {
        await one.commit([
          { kind: 'put', path, value: '{"durability_policy":"none"}' },
          { kind: 'put', path: shard, value: '{"is_primary_serving":true}' },
          { kind: 'put', path: vschema, value: '{"sharded":true}' },
        ])
        assert.deepEqual(JSON.parse((await other.get(shard))?.value ?? ''), { is_primary_serving: true })
        const { records } = await other.list()
        assert.deepEqual(
          records.map((record) => record.path),
          ['cells/z/CellInfo', path, vschema, shard].sort(),
        )
        await other.commit([{ kind: 'delete', path: vschema }])
        assert.equal(await one.get(vschema), undefined)
      }))

    test('a record that must be absent is not written over', () =>
      withStores(async (one, other) => {
        const put = { kind: 'put', path, value: '{}', expect: { kind: 'absent' } } as const
        await one.commit([put])
        await assert.rejects(other.commit([put]), isConflict)
      }))

    test('a change based on an old version is refused, and nothing of it happens', () =>
      withStores(async (one, other) => {
        await one.commit([{ kind: 'put', path, value: '{}' }])
        const read = await one.get(path)
        const expect = { kind: 'version', version: read!.version } as const
        await other.commit([{ kind: 'put', path, value: '{"durability_policy":"semi_sync"}', expect }])
        const both = one.commit([
          { kind: 'put', path: shard, value: '{}' },
          { kind: 'put', path, value: '{"durability_policy":"none"}', expect },
        ])
        await assert.rejects(both, isConflict)
        assert.equal(await one.get(shard), undefined)
      }))

    test('of many that swap the same record at once, each wins exactly as often as it says', () =>
      withStores(async (one, other) => {
        await one.commit([{ kind: 'put', path, value: '{"durability_policy":"0"}' }])
        const increment = async (store: TopologyStore): Promise<void> => {
          for (;;) {
            const record = (await store.get(path))!
            const value = Number(JSON.parse(record.value).durability_policy) + 1
            const text = JSON.stringify({ durability_policy: String(value) })
            const expect = { kind: 'version', version: record.version } as const
            try {
              return await store.commit([{ kind: 'put', path, value: text, expect }])
            } catch (error) {
              if (!isConflict(error)) throw error
            }
          }
        }
        await Promise.all([one, other, one, other].flatMap((store) => [increment(store), increment(store)]))
        assert.equal(JSON.parse((await one.get(path))!.value).durability_policy, '8')
      }))

    test('a watch tells every change after the list, and stops when closed', () =>
      withStores(async (one, other) => {
        const { revision } = await one.list()
        const events: RecordEvent[] = []
        const ends: Error[] = []
        let isStanding = false
        const watch = one.watch(revision, {
          onEvents: (some) => {
            isStanding = true
            events.push(...some)
          },
          onEnd: (reason) => ends.push(reason),
        })
        const seen = (kind: string, of: string) => () =>
          events.some((e) => e.kind === kind && (e.kind === 'put' ? e.record.path : e.path) === of)
        await eventually('the watch to stand', () => isStanding)
        await other.commit([{ kind: 'put', path: vschema, value: '{"sharded":true}' }])
        await eventually('the put', () => seen('put', vschema)() || rewatched(ends))
        await other.commit([{ kind: 'delete', path: vschema }])
        await eventually('the delete', () => seen('delete', vschema)() || rewatched(ends))
        watch.close()
        assert.deepEqual(ends, [])
      }))

    test('one candidate leads; another follows when it resigns', () =>
      withStores(async (one, other) => {
        const signal = new AbortController().signal
        const first = await one.campaign('janitor', 'one', { ttlMs: 5_000, signal })
        let isSecondLeading = false
        const second = other.campaign('janitor', 'other', { ttlMs: 5_000, signal }).then((leadership) => {
          isSecondLeading = true
          return leadership
        })
        await eventually(
          'the candidates to be settled',
          async () => (await one.list()) && (await other.list()) && true,
        )
        assert.equal(isSecondLeading, false)
        assert.equal(first.lost.aborted, false)
        await first.resign()
        assert.equal(first.lost.aborted, true)
        assert.equal((await second).lost.aborted, false)
      }))

    test('a campaign can be given up', () =>
      withStores(async (one, other) => {
        await one.campaign('janitor', 'one', { ttlMs: 5_000, signal: new AbortController().signal })
        const giveUp = new AbortController()
        const waiting = other.campaign('janitor', 'other', { ttlMs: 5_000, signal: giveUp.signal })
        giveUp.abort(new Error('enough'))
        await assert.rejects(waiting, /enough/)
      }))
  })
}

function rewatched(ends: readonly Error[]): false {
  if (ends.length > 0) throw new Error('the watch ended', { cause: ends[0] })
  return false
}
