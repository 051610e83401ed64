import assert from 'node:assert/strict'
import { test } from 'vitest'
import { parseRecord } from '../../../src/topology/parse-record.ts'
import type { RecordKey } from '../../../src/topology/paths.ts'

const tabletKey: RecordKey = { kind: 'Tablet', alias: { cell: 'zone1', uid: 100 } }
const tablet = {
  alias: { cell: 'zone1', uid: 100 },
  mysql_hostname: 'db1',
  mysql_port: 3306,
  type: 'PRIMARY',
  keyspace: 'shop',
  shard: '-80',
}

test('a tablet written by Vitess is read, with the fields Shardgate does not know about by itself', () => {
  const text = JSON.stringify({
    ...tablet,
    key_range: { start: '', end: 'gA==' },
    port_map: { vt: 1 },
    type: 'BATCH',
  })
  const record = parseRecord(tabletKey, text)
  assert.ok(record.kind === 'Tablet')
  assert.equal(record.value.type, 'RDONLY')
  assert.deepEqual((record.value as { port_map?: unknown }).port_map, { vt: 1 })
})

const mistakes: readonly { why: string; key: RecordKey; json: unknown; says: RegExp }[] = [
  { why: 'an unknown field is named', key: tabletKey, json: { ...tablet, hostnam: 'x' }, says: /hostnam/ },
  { why: 'a wrong type is named', key: tabletKey, json: { ...tablet, type: 'LEADER' }, says: /type/ },
  { why: 'a port out of range', key: tabletKey, json: { ...tablet, mysql_port: 70_000 }, says: /mysql_port/ },
  {
    why: 'no address',
    key: tabletKey,
    json: { ...tablet, mysql_hostname: undefined },
    says: /one of mysql_hostname, hostname and unix_socket/,
  },
  {
    why: 'another alias than that of the path',
    key: tabletKey,
    json: { ...tablet, alias: { cell: 'zone1', uid: 7 } },
    says: /zone1-0000000007.*zone1-0000000100/,
  },
  {
    why: "a key range that is not the shard's",
    key: { kind: 'Shard', keyspace: 'shop', shard: '-80' },
    json: { key_range: { end: 'QA==' } },
    says: /-40 is not that of shard -80/,
  },
  {
    why: 'a shard name that is none',
    key: { kind: 'Shard', keyspace: 'shop', shard: '80-40' },
    json: {},
    says: /'80-40' is no shard name/,
  },
  { why: 'a VSchema that is a list', key: { kind: 'VSchema', keyspace: 'a' }, json: [], says: /JSON object/ },
  {
    why: 'a rule without its table',
    key: { kind: 'RoutingRules' },
    json: { rules: [{ to_tables: [] }] },
    says: /rules\.0\.from_table/,
  },
]
for (const { why, key, json, says } of mistakes) {
  test(`refused: ${why}`, () => assert.throws(() => parseRecord(key, JSON.stringify(json)), says))
}

test('text that is not JSON is refused with the reason', () => {
  assert.throws(() => parseRecord(tabletKey, '{'), /not JSON/)
})
