import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'vitest'
import { DiskCache } from '../../../src/topology/disk-cache.ts'
import { FilesStore } from '../../../src/topology/files/files-store.ts'
import { TopologyFollower } from '../../../src/topology/follower.ts'
import { tempDir } from '../../support/temp-dir.ts'

let dir: ReturnType<typeof tempDir>
let file: string
beforeEach(() => {
  dir = tempDir('cache')
  file = join(dir.path, 'deep', 'topology-cache.json')
})
afterEach(() => dir.remove())

const listing = (revision: string) => ({
  revision,
  records: [{ path: 'keyspaces/a/Keyspace', value: '{}', version: revision }],
})

test('what was saved is loaded, and no other file is left beside it', async () => {
  const cache = new DiskCache(file, 'store')
  await cache.save(listing('7'), 5)
  assert.deepEqual(await cache.load(), { ...listing('7'), savedAtMs: 5 })
  assert.deepEqual(readdirSync(join(dir.path, 'deep')), ['topology-cache.json'])
})

test('of many saves in a row the last one is what stays', async () => {
  const cache = new DiskCache(file, 'store')
  await Promise.all(Array.from({ length: 50 }, (_, i) => cache.save(listing(String(i)), i)))
  assert.equal((await cache.load())?.revision, '49')
})

test('no file is no cache', async () => {
  assert.equal(await new DiskCache(file, 'store').load(), undefined)
})

test('a file that was altered, torn or written for another store is refused', async () => {
  const cache = new DiskCache(file, 'store')
  await cache.save(listing('7'), 5)
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace('keyspaces/a', 'keyspaces/b'))
  await assert.rejects(cache.load(), /damaged/)
  writeFileSync(file, text.slice(0, -10))
  await assert.rejects(cache.load(), /not a topology cache/)
  writeFileSync(file, text)
  await assert.rejects(new DiskCache(file, 'another store').load(), /topology of store, not of another store/)
})

test('a follower whose store is gone starts from the cache and says that it is stale', async () => {
  const topology = join(dir.path, 'topology')
  const first = new FilesStore({ dir: topology })
  await first.commit([{ kind: 'put', path: 'keyspaces/shop/Keyspace', value: '{}' }])
  const cache = new DiskCache(file, first.description)
  const writer = new TopologyFollower({ store: first, cache })
  await writer.start()
  await writer.close()
  await first.close()

  const gone = new FilesStore({ dir: join(dir.path, 'nowhere') })
  const reader = new TopologyFollower({ store: gone, cache: new DiskCache(file, first.description) })
  await reader.start()
  assert.equal(reader.current().stale, true)
  assert.equal(reader.status().source, 'cache')
  assert.deepEqual([...reader.current().keyspaces.keys()], ['shop'])
  await reader.close()
})
