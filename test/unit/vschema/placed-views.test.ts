import { expect, test } from 'vitest'
import type { Column } from '../../../src/values/column.ts'
import type { VindexDeps } from '../../../src/vindex/vindex.ts'
import { buildVSchema } from '../../../src/vschema/build-vschema.ts'

/** The columns of view `v` by which its rows are placed; those of table `t` are by `id`, which may be generated. */
function placedBy(query: string, names: readonly string[], computedOf?: readonly string[]) {
  const own = { definition: '', emptyDefinition: '', keyFlags: 0, ...(computedOf && { computedOf }) }
  const table = { columns: [{ ...column('id'), stored: own }, column('a')], keys: [], shardRows: 0 }
  const view = { columns: names.map(column), keys: [], shardRows: 0, view: { query, database: 'ks' } }
  const json = {
    sharded: true,
    vindexes: { hash: { type: 'hash' } },
    tables: { t: { column_vindexes: [{ column: 'id', name: 'hash' }] } },
  }
  const vschema = buildVSchema(
    { keyspaces: new Map([['ks', json]]) },
    {
      deps: {} as VindexDeps,
      columns: { tablesOf: () => ['t', 'v'], tableOf: (_keyspace, name) => (name === 'v' ? view : table) },
    },
  )
  return vschema.keyspaces
    .get('ks')!
    .tables.get('v')!
    .columnVindexes.flatMap(({ columns }) => columns)
}

function column(name: string): Column {
  return { name, type: 'INT64', nullable: true, invisible: false, autoIncrement: false, values: [] }
}

test('a view has the vindexes of its table, by the names that it gives to their columns', () => {
  expect(placedBy('select `ks`.`t`.`id` AS `k`,`ks`.`t`.`a` AS `a` from `ks`.`t`', ['k', 'a'])).toEqual(['k'])
})

test('but not where it shows such a column twice, or does not tell that it is generated', () => {
  const twice = 'select `ks`.`t`.`id` AS `k`,`ks`.`t`.`id` AS `same` from `ks`.`t`'
  expect(placedBy(twice, ['k', 'same'])).toEqual([])
  expect(placedBy('select `ks`.`t`.`id` AS `id` from `ks`.`t`', ['id'], ['a'])).toEqual([])
})
