import { describe, expect, test } from 'vitest'
import type { Column } from '../../../src/values/column.ts'
import type { ForeignKeyRule, StoredForeignKey } from '../../../src/values/foreign-key.ts'
import type { VindexDeps } from '../../../src/vindex/vindex.ts'
import { buildVSchema } from '../../../src/vschema/build-vschema.ts'
import type { VSchema } from '../../../src/vschema/model.ts'

type Keys = Readonly<Record<string, readonly Partial<StoredForeignKey>[]>>

interface Options {
  readonly mode?: string
  /** By which a table is sharded; its id unless told otherwise. */
  readonly by?: Readonly<Record<string, string>>
  readonly reference?: readonly string[]
}

/** Keyspace `ks` with these tables, and their foreign keys as a database has them. */
function vschemaOf(keys: Keys, { mode = 'managed', by = {}, reference = [] }: Options = {}): VSchema {
  const tables = Object.keys(keys).map((name) => {
    const own = { column_vindexes: [{ column: by[name] ?? 'id', name: 'hash' }] }
    return [name, reference.includes(name) ? { type: 'reference' } : own]
  })
  const json = {
    sharded: true,
    foreign_key_mode: mode,
    vindexes: { hash: { type: 'hash' } },
    tables: Object.fromEntries(tables),
  }
  return buildVSchema(
    { keyspaces: new Map([['ks', json]]) },
    {
      deps: {} as VindexDeps,
      columns: {
        tablesOf: () => Object.keys(keys),
        tableOf: (_keyspace, table) => ({
          columns: [column('id'), column('a'), column('b')],
          keys: [],
          shardRows: 0,
          foreignKeys: (keys[table] ?? []).map((key, i) => ({ ...usual(`${table}_${i}`), ...key })),
        }),
      },
    },
  )
}

function column(name: string): Column {
  return { name, type: 'INT64', nullable: true, invisible: false, autoIncrement: false, values: [] }
}

function usual(name: string): StoredForeignKey {
  return {
    name,
    columns: ['a'],
    parent: 'p',
    parentColumns: ['id'],
    onDelete: 'NO ACTION',
    onUpdate: 'NO ACTION',
  }
}

function to(parent: string, onDelete: ForeignKeyRule = 'CASCADE'): Partial<StoredForeignKey> {
  return { parent, onDelete }
}

function keysOf(vschema: VSchema, table: string) {
  return vschema.keyspaces.get('ks')!.tables.get(table)!.foreignKeys
}

describe('foreign keys of a keyspace', () => {
  test('are the proxy’s where rows are not with what they refer to', () => {
    const vschema = vschemaOf({ p: [], c: [{}], other: [] })
    expect(keysOf(vschema, 'c')).toMatchObject({ own: [{ name: 'c_0', child: 'c', parent: 'p' }], toIt: [] })
    expect(keysOf(vschema, 'p')).toMatchObject({ own: [], toIt: [{ name: 'c_0' }], byServers: false })
    expect(keysOf(vschema, 'other')).toBeUndefined()
    expect(vschema.problems).toEqual([])
  })

  test('are the servers’ where they are, unless another ties the tables to some that are not', () => {
    const keys = { p: [], c: [{}] }
    expect(keysOf(vschemaOf(keys, { by: { c: 'a' } }), 'c')).toMatchObject({ byServers: true })
    const tied = vschemaOf({ ...keys, d: [{ parent: 'c', parentColumns: ['b'] }] }, { by: { c: 'a' } })
    for (const table of ['p', 'c', 'd']) expect(keysOf(tied, table)).toMatchObject({ byServers: false })
  })

  test('tie nothing together by a table that every shard has', () => {
    const keys = { p: [], c: [{}], d: [{}, { parent: 'e' }], e: [] }
    const vschema = vschemaOf(keys, { reference: ['p'] })
    expect(keysOf(vschema, 'c')).toMatchObject({ byServers: true })
    expect(keysOf(vschema, 'd')).toMatchObject({ byServers: false })
    expect(keysOf(vschema, 'p')).toMatchObject({ byServers: true })
  })

  test('are in the order of their names', () => {
    const vschema = vschemaOf({ p: [], c: [{ name: 'z' }, { name: 'b' }, { name: 'k' }] })
    expect(keysOf(vschema, 'c')?.own.map(({ name }) => name)).toEqual(['b', 'k', 'z'])
  })

  test.each(['unmanaged', 'disallow', 'unspecified'])(
    'are the servers’ alone where the mode is %s',
    (mode) => {
      expect(keysOf(vschemaOf({ p: [], c: [{}] }, { mode }), 'c')).toBeUndefined()
    },
  )
})

describe('cyclic foreign keys', () => {
  const cycle = (names: string) =>
    `VT09019: keyspace 'ks' has cyclic foreign keys. Cycle exists between [${names}]`

  test('keep the tables of the cycle from being written, and are told when the VSchema is loaded', () => {
    const vschema = vschemaOf({ a: [to('b')], b: [to('c', 'SET NULL')], c: [to('a')], d: [to('a')] })
    expect(vschema.problems).toEqual([`ks: ${cycle('a c b')}`])
    for (const table of ['a', 'b', 'c']) expect(keysOf(vschema, table)?.problem).toBe(cycle('a c b'))
    expect(keysOf(vschema, 'd')?.problem).toBeUndefined()
  })

  test('are none where a rule stands in the way, nor where a table refers to itself', () => {
    expect(vschemaOf({ a: [to('b')], b: [to('a', 'RESTRICT')] }).problems).toEqual([])
    expect(vschemaOf({ a: [to('a')] }).problems).toEqual([])
  })

  test('are the servers’ where all rows of it are on one shard', () => {
    const keys = { a: [to('b')], b: [{ ...to('a'), columns: ['id'], parentColumns: ['a'] }] }
    expect(vschemaOf(keys, { by: { a: 'a', b: 'id' } }).problems).toEqual([])
  })
})

test('what nobody can look after is refused by its names', () => {
  const refused = (child: string, parent: string) =>
    `VT12002: unsupported: cross-shard foreign keys between table 'ks.${child}' and 'ks.${parent}'`
  expect(keysOf(vschemaOf({ c: [{ parent: 'x' }] }), 'c')?.problem).toBe(refused('c', 'x'))
  expect(keysOf(vschemaOf({ p: [], c: [{ isForeign: true }] }), 'c')?.problem).toBe(refused('c', 'p'))
  const copies = vschemaOf({ p: [], c: [{}] }, { reference: ['c'] })
  expect(keysOf(copies, 'c')?.problem).toBe(refused('c', 'p'))
  const behind = vschemaOf({ p: [], c: [to('p'), to('e')], e: [] }, { reference: ['p'] })
  expect(keysOf(behind, 'p')?.problem).toBe(refused('c', 'p'))
  expect(keysOf(behind, 'c')?.problem).toBeUndefined()
  // Servers take it for NO ACTION.
  const byDefault = vschemaOf({ p: [], c: [to('p', 'SET DEFAULT')] })
  expect(keysOf(byDefault, 'c')?.problem).toBeUndefined()
})
