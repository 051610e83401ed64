import { expect, test } from 'vitest'
import { parseStatement } from '../../../src/sql/parse.ts'
import { changedVSchema } from '../../../src/vschema/change-vschema.ts'

const users = { column_vindexes: [{ name: 'hash', columns: ['id'] }] }
const sharded = { sharded: true, vindexes: { hash: { type: 'hash' } }, tables: { users } }

function change(vschema: unknown, words: string): unknown {
  const statement = parseStatement(`ALTER VSCHEMA ${words}`, { mode: 0, serverVersion: 80_000 })
  if (statement.kind !== 'Ddl' || statement.vschema === undefined) throw new Error(statement.kind)
  return changedVSchema(vschema, statement.vschema, { keyspace: 'ks', sqlMode: 0 })
}

const made: readonly [words: string, before: unknown, after: unknown][] = [
  [
    "CREATE VINDEX names USING consistent_lookup WITH table='names', `from`=name, to='keyspace_id', owner=users",
    sharded,
    {
      ...sharded,
      vindexes: {
        hash: { type: 'hash' },
        names: {
          type: 'consistent_lookup',
          params: { table: 'names', from: 'name', to: 'keyspace_id' },
          owner: 'users',
        },
      },
    },
  ],
  [
    'CREATE VINDEX ks.v USING region_experimental WITH region_bytes=1',
    undefined,
    {
      sharded: true,
      tables: {},
      vindexes: { v: { type: 'region_experimental', params: { region_bytes: '1' } } },
    },
  ],
  ['DROP VINDEX hash', { ...sharded, tables: {} }, { sharded: true, vindexes: {}, tables: {} }],
  ['ADD TABLE t', {}, { tables: { t: {} } }],
  ['ADD SEQUENCE s', { tables: { t: {} } }, { tables: { t: {}, s: { type: 'sequence' } } }],
  ['DROP TABLE users', sharded, { ...sharded, tables: {} }],
  ['DROP SEQUENCE s', { tables: { s: { type: 'sequence' } } }, { tables: {} }],
  [
    'ON notes ADD VINDEX hash (user_id)',
    sharded,
    { ...sharded, tables: { users, notes: { column_vindexes: [{ name: 'hash', columns: ['user_id'] }] } } },
  ],
  [
    'ON notes ADD VINDEX xx (a, b) USING multicol WITH column_count=2',
    sharded,
    {
      ...sharded,
      vindexes: { hash: { type: 'hash' }, xx: { type: 'multicol', params: { column_count: '2' } } },
      tables: { users, notes: { column_vindexes: [{ name: 'xx', columns: ['a', 'b'] }] } },
    },
  ],
  [
    'ON users ADD VINDEX again (id) USING hash',
    { ...sharded, tables: {}, vindexes: { again: { type: 'hash' } } },
    {
      sharded: true,
      vindexes: { again: { type: 'hash' } },
      tables: { users: { column_vindexes: [{ name: 'again', columns: ['id'] }] } },
    },
  ],
  ['ON users DROP VINDEX hash', sharded, { ...sharded, tables: {} }],
  [
    'ON users ADD AUTO_INCREMENT id USING lookup.users_seq',
    sharded,
    {
      ...sharded,
      tables: { users: { ...users, auto_increment: { column: 'id', sequence: 'lookup.users_seq' } } },
    },
  ],
  [
    'ON users DROP AUTO_INCREMENT',
    { tables: { users: { autoIncrement: { column: 'id', sequence: 's' }, unknown: 1 } } },
    { tables: { users: { unknown: 1 } } },
  ],
  // As the file spells it.
  [
    'ON users ADD VINDEX other (b) USING hash',
    { sharded: true, vindexes: {}, tables: { users: { columnVindexes: [{ name: 'hash', column: 'id' }] } } },
    {
      sharded: true,
      vindexes: { other: { type: 'hash' } },
      tables: {
        users: {
          columnVindexes: [
            { name: 'hash', column: 'id' },
            { name: 'other', columns: ['b'] },
          ],
        },
      },
    },
  ],
]

test.each(made)('%s', (words, before, after) => {
  const kept = structuredClone(before)
  expect(change(before, words)).toEqual(after)
  expect(before).toEqual(kept)
})

const refused: readonly [words: string, vschema: unknown, message: string][] = [
  ['CREATE VINDEX hash USING hash', sharded, 'vindex hash already exists in keyspace ks'],
  ['DROP VINDEX hash', sharded, 'can not drop vindex cause hash still defined on table users'],
  ['DROP VINDEX none', sharded, 'vindex none does not exist in keyspace ks'],
  ['ADD TABLE t', sharded, 'add vschema table: unsupported on sharded keyspace ks'],
  ['ADD TABLE t', { tables: { t: {} } }, 'vschema already contains table t in keyspace ks'],
  ['DROP TABLE t', {}, 'vschema does not contain table t in keyspace ks'],
  ['ADD SEQUENCE s', sharded, 'add sequence table: unsupported on sharded keyspace ks'],
  ['DROP SEQUENCE t', { tables: { t: {} } }, 'vschema does not contain sequence t in keyspace ks'],
  ['ON users ADD VINDEX hash (id)', sharded, 'vindex hash already defined on table users'],
  ['ON users ADD VINDEX none (id)', sharded, 'vindex none does not exist in keyspace ks'],
  ['ON t ADD VINDEX hash (id) USING xxhash', sharded, 'vindex hash defined with type hash not xxhash'],
  ['ON t ADD VINDEX hash (id) USING hash WITH owner=t', sharded, 'vindex hash defined with owner  not t'],
  ['ON t ADD VINDEX hash (id) USING hash WITH a=1', sharded, 'vindex hash defined with different parameters'],
  ['ON t DROP VINDEX hash', sharded, 'table ks.t not defined in vschema'],
  ['ON users DROP VINDEX none', sharded, 'vindex none not defined in table ks.users'],
  ['ON t ADD AUTO_INCREMENT id USING s', sharded, 'vschema does not contain table t in keyspace ks'],
  [
    'ON t ADD AUTO_INCREMENT id USING s',
    { tables: { t: { auto_increment: { column: 'n', sequence: 's' } } } },
    'vschema already contains auto inc n on table t in keyspace ks',
  ],
  [
    'ON users DROP AUTO_INCREMENT',
    sharded,
    'vschema does not contain auto increment on table users in keyspace ks',
  ],
]

test.each(refused)('%s of what is not so', (words, vschema, message) => {
  expect(() => change(vschema, words)).toThrow(message)
})
