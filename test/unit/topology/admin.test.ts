import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'vitest'
import { TopologyAdmin } from '../../../src/topology/admin.ts'
import { FilesStore } from '../../../src/topology/files/files-store.ts'
import type { Tablet } from '../../../src/topology/records.ts'
import { tempDir } from '../../support/temp-dir.ts'

let dir: ReturnType<typeof tempDir>
let store: FilesStore
let admin: TopologyAdmin

beforeEach(async () => {
  dir = tempDir('admin')
  store = new FilesStore({ dir: dir.path })
  admin = new TopologyAdmin(store)
  await admin.createKeyspace('shop', ['-80', '80-'])
})
afterEach(async () => {
  await store.close()
  dir.remove()
})

const tablet = (uid: number, more: Partial<Tablet> = {}): Tablet => ({
  alias: { cell: 'zone1', uid },
  mysql_hostname: `db${uid}`,
  type: 'REPLICA',
  keyspace: 'shop',
  shard: '-80',
  ...more,
})

async function primaryOf(shard: string): Promise<number | undefined> {
  return (await admin.snapshot()).keyspaces.get('shop')?.shards.get(shard)?.primary?.alias.uid
}

test('a keyspace is made with its shards and their key ranges', async () => {
  const shard = (await admin.snapshot()).keyspaces.get('shop')?.shards.get('80-')
  assert.deepEqual(shard?.record, { is_primary_serving: true, key_range: { start: 'gA==' } })
  await assert.rejects(admin.createKeyspace('shop', []), /keyspace shop exists already/)
  await assert.rejects(admin.createKeyspace('a b', []), /cannot be the name of a keyspace/)
  await assert.rejects(admin.createKeyspace('other', ['80-40']), /is no shard name/)
})

test('the first PRIMARY becomes the primary of its shard, a second one is refused', async () => {
  await admin.registerTablet(tablet(1, { type: 'PRIMARY' }))
  assert.equal(await primaryOf('-80'), 1)
  await assert.rejects(
    admin.registerTablet(tablet(2, { type: 'PRIMARY' })),
    /has the primary zone1-0000000001; register this one as REPLICA/,
  )
  await assert.rejects(admin.registerTablet(tablet(1)), /tablet zone1-0000000001 exists already/)
})

test('a new primary makes the old one a replica in the same step', async () => {
  await admin.registerTablet(tablet(1, { type: 'PRIMARY' }))
  await admin.registerTablet(tablet(2))
  await admin.setTabletType({ cell: 'zone1', uid: 2 }, 'PRIMARY')
  const { tablets } = await admin.snapshot()
  assert.equal(await primaryOf('-80'), 2)
  assert.deepEqual(
    [...tablets.values()].map((t) => t.type),
    ['REPLICA', 'PRIMARY'],
  )
})

test('removing the primary leaves its shard without one, not with a wrong one', async () => {
  await admin.registerTablet(tablet(1, { type: 'PRIMARY' }))
  await admin.registerTablet(tablet(2))
  await admin.removeTablet({ cell: 'zone1', uid: 1 })
  assert.equal(await primaryOf('-80'), undefined)
  assert.deepEqual((await admin.snapshot()).problems, [])
})

test('what is still in use is not removed', async () => {
  await admin.registerTablet(tablet(1))
  await assert.rejects(admin.deleteCell('zone1'), /still has tablets, such as zone1-0000000001/)
  await assert.rejects(admin.deleteShard('shop', '-80'), /has 1 tablets; remove them first/)
  await assert.rejects(admin.deleteKeyspace('shop', { isRecursive: false }), /--recursive/)
  await admin.deleteKeyspace('shop', { isRecursive: true })
  const snapshot = await admin.snapshot()
  assert.deepEqual([snapshot.keyspaces.size, snapshot.tablets.size], [0, 0])
})

test('what does not exist is named, with what there is', async () => {
  await assert.rejects(
    admin.registerTablet(tablet(1, { shard: 'c0-' })),
    /shop\/c0- does not exist \(known: -80, 80-\)/,
  )
  await assert.rejects(admin.createShard('nope', '0'), /keyspace nope does not exist \(known: shop\)/)
  await assert.rejects(admin.removeTablet({ cell: 'z', uid: 9 }), /tablet z-0000000009 does not exist/)
  await assert.rejects(admin.put({ kind: 'VSchema', keyspace: 'nope' }, {}), /keyspace nope does not exist/)
})

test('a shard is taken out of service and put back', async () => {
  await admin.setServing('shop', '-80', false)
  const serving = async () =>
    (await admin.snapshot()).keyspaces.get('shop')?.shards.get('-80')?.record.is_primary_serving
  assert.equal(await serving(), false)
  await admin.setServing('shop', '-80', true)
  assert.equal(await serving(), true)
})
