import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'vitest'
import { FilesStore } from '../../../src/topology/files/files-store.ts'
import { TopologyFollower } from '../../../src/topology/follower.ts'
import { eventually } from '../../support/eventually.ts'
import { tempDir } from '../../support/temp-dir.ts'

let dir: ReturnType<typeof tempDir>
beforeEach(() => {
  dir = tempDir('files')
})
afterEach(() => dir.remove())

const document = (shards: readonly string[]) =>
  JSON.stringify({
    cells: { zone1: {} },
    keyspaces: { shop: { shards: Object.fromEntries(shards.map((shard) => [shard, {}])) } },
    tablets: Object.fromEntries(
      shards.map((shard, i) => [
        `zone1-${i + 1}`,
        { hostname: 'db', mysql_port: 3306 + i, type: 'PRIMARY', keyspace: 'shop', shard },
      ]),
    ),
  })

async function follow(path: string) {
  const store = new FilesStore({ dir: path })
  const follower = new TopologyFollower({ store, random: () => 0 })
  await follower.start()
  const shards = () => [...(follower.current().keyspaces.get('shop')?.shards.keys() ?? [])]
  const close = async () => {
    await follower.close()
    await store.close()
  }
  return { store, follower, shards, close }
}

test('a directory written by hand is a topology', async () => {
  writeFileSync(join(dir.path, 'topology.json'), document(['-80', '80-']))
  mkdirSync(join(dir.path, 'shop'))
  writeFileSync(join(dir.path, 'shop', 'vschema.json'), '{"sharded": true}')
  const { follower, shards, close } = await follow(dir.path)
  assert.deepEqual(shards(), ['-80', '80-'])
  assert.deepEqual(follower.current().vschemas.get('shop'), { sharded: true })
  assert.equal(follower.current().keyspaces.get('shop')?.shards.get('80-')?.primary?.mysql_port, 3307)
  assert.deepEqual(follower.current().problems, [])
  await close()
})

test('an edited file is seen, also one in a folder that did not exist before', async () => {
  writeFileSync(join(dir.path, 'topology.json'), document(['0']))
  const { follower, shards, close } = await follow(dir.path)
  writeFileSync(join(dir.path, 'topology.json'), document(['-80', '80-']))
  await eventually('the new shards', () => shards().length === 2)
  mkdirSync(join(dir.path, 'shop'))
  writeFileSync(join(dir.path, 'shop', 'vschema.json'), '{"sharded": true}')
  await eventually('the VSchema', () => follower.current().vschemas.has('shop'))
  writeFileSync(join(dir.path, 'shop', 'vschema.json'), '{"sharded": false}')
  await eventually('its change', () => {
    return (follower.current().vschemas.get('shop') as { sharded?: boolean }).sharded === false
  })
  await close()
})

test('a mounted ConfigMap, which changes by the swap of a link, is followed', async () => {
  const mount = (version: string, shards: readonly string[]) => {
    mkdirSync(join(dir.path, version))
    writeFileSync(join(dir.path, version, 'topology.json'), document(shards))
    writeFileSync(join(dir.path, version, 'shop.vschema.json'), `{"sharded": ${shards.length > 1}}`)
    symlinkSync(version, join(dir.path, '..data_tmp'))
    renameSync(join(dir.path, '..data_tmp'), join(dir.path, '..data'))
  }
  mount('..2026_01', ['0'])
  for (const name of ['topology.json', 'shop.vschema.json'])
    symlinkSync(`..data/${name}`, join(dir.path, name))
  const { follower, shards, close } = await follow(dir.path)
  assert.deepEqual(shards(), ['0'])
  mount('..2026_02', ['-80', '80-'])
  await eventually('the new version', () => shards().length === 2)
  assert.deepEqual(follower.current().vschemas.get('shop'), { sharded: true })
  await close()
})

test('a file that is broken for a while leaves the last good topology, and says so', async () => {
  writeFileSync(join(dir.path, 'topology.json'), document(['0']))
  const { follower, shards, close } = await follow(dir.path)
  writeFileSync(join(dir.path, 'topology.json'), '{"keyspaces": {')
  await eventually('the trouble', () => follower.current().stale)
  assert.deepEqual(shards(), ['0'])
  assert.match(follower.status().lastError ?? '', /topology\.json is not JSON/)
  writeFileSync(join(dir.path, 'topology.json'), document(['-80', '80-']))
  await eventually('the repair', () => !follower.current().stale && shards().length === 2)
  await close()
})

test('an unknown field of topology.json is an error that names it', async () => {
  writeFileSync(join(dir.path, 'topology.json'), '{"keyspace": {}}')
  await assert.rejects(new FilesStore({ dir: dir.path }).list(), /keyspace/)
})

test('what is written reads well: one document, VSchemas in files of their own', async () => {
  const store = new FilesStore({ dir: dir.path })
  await store.commit([
    { kind: 'put', path: 'keyspaces/shop/Keyspace', value: '{}' },
    { kind: 'put', path: 'keyspaces/shop/shards/0/Shard', value: '{"is_primary_serving":true}' },
    { kind: 'put', path: 'keyspaces/shop/VSchema', value: '{"tables":{}}' },
  ])
  const topology = JSON.parse(readFileSync(join(dir.path, 'topology.json'), 'utf8'))
  assert.deepEqual(topology.keyspaces, { shop: { shards: { '0': { is_primary_serving: true } } } })
  assert.equal(readFileSync(join(dir.path, 'shop', 'vschema.json'), 'utf8'), '{\n  "tables": {}\n}\n')
  await store.close()
})

test('a lock left by a process that is gone is taken over', async () => {
  writeFileSync(join(dir.path, '.lock'), '999999999 somebody')
  const store = new FilesStore({ dir: dir.path })
  await store.commit([{ kind: 'put', path: 'cells/z/CellInfo', value: '{}' }])
  assert.equal((await store.get('cells/z/CellInfo'))?.value, '{}')
  await store.close()
})
