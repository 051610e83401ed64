import { modelOf } from '../../../tablet/schema-tracker.ts'
import { caseDoubts, lookupDoubts } from '../../../vschema/doubts.ts'
import { sameColumn, type Table, type TableAddress, type VSchema } from '../../../vschema/model.ts'
import type { ShardColumns } from './check-tablet.ts'
import { type Finding, fromPlaced, mistake, ok, warning } from './finding.ts'

/** What Vitess's sequence tables are made of. */
const SEQUENCE_COLUMNS = ['id', 'next_id', 'cache'] as const

/** The VSchema against the tables that are really there, on each shard. */
export function checkTables(vschema: VSchema, shards: readonly ShardColumns[]): Finding[] {
  return [...vschema.keyspaces.values()].flatMap((keyspace) => {
    const own = shards.filter(({ tablet }) => tablet.keyspace === keyspace.name)
    if (own.length === 0) return [] // nobody answered, which is told already
    const found = [
      ...[...keyspace.tables.values()].flatMap((table) => checkTable(table, own, shards)),
      ...(keyspace.sharded ? undeclared(keyspace.tables, own) : []),
    ]
    if (found.length > 0) return found
    return [ok(`tables of ${keyspace.name}`, `as the VSchema says, on ${own.length} shards`)]
  })
}

function checkTable(
  table: Table,
  shards: readonly ShardColumns[],
  ofAll: readonly ShardColumns[],
): Finding[] {
  const what = `${table.keyspace}.tables.${table.name}`
  // A pinned table is on the one shard of its keyspace id; the others need not have it.
  const columns = shards.map((shard) => columnsOf(shard, table.name))
  const without = shards.filter((_, i) => columns[i]!.length === 0)
  const isEnough = table.pinned === undefined ? without.length === 0 : without.length < shards.length
  if (!isEnough) {
    const names = without.map(({ tablet }) => `${tablet.keyspace}/${tablet.shard}`)
    return [mistake(what, `there is no such table on ${names.join(', ')}`)]
  }
  const real = columns.find((list) => list.length > 0)!
  const differs = columns.some((list) => list.length > 0 && describe(list) !== describe(real))
  const needed = [
    ...table.columnVindexes.flatMap((cv) =>
      cv.columns.map((column) => ({ column, by: `vindex ${cv.name}` })),
    ),
    ...(table.autoIncrement ? [{ column: table.autoIncrement.column, by: 'auto_increment' }] : []),
    ...(table.type === 'sequence' ? SEQUENCE_COLUMNS.map((column) => ({ column, by: 'a sequence' })) : []),
  ]
  const missing = needed.filter(({ column }) => !real.some(({ name }) => sameColumn(name, column)))
  return [
    ...missing.map(({ column, by }) =>
      mistake(what, `${by} needs column '${column}', which the table does not have`),
    ),
    ...(differs ? [warning(what, 'its columns differ between shards')] : []),
    ...textDoubts({ ...table, columns: real.map((column) => modelOf(column)) }, ofAll),
  ]
}

function textDoubts(table: Table, shards: readonly ShardColumns[]): Finding[] {
  const realOf = ({ keyspace, table: name }: TableAddress) => {
    const own = shards
      .filter(({ tablet }) => tablet.keyspace === keyspace)
      .map((shard) => columnsOf(shard, name))
    return (own.find((columns) => columns.length > 0) ?? []).map((column) => modelOf(column))
  }
  return [...caseDoubts(table), ...lookupDoubts(table, realOf)].map((text) => fromPlaced('warning', text))
}

function undeclared(tables: ReadonlyMap<string, Table>, shards: readonly ShardColumns[]): Finding[] {
  const names = new Set(shards.flatMap(({ columns }) => columns.map(({ table }) => table)))
  return [...names]
    .filter((name) => !tables.has(name))
    .map((name) =>
      warning(`${shards[0]!.tablet.keyspace}.${name}`, 'the table is in no VSchema: statements get 1146'),
    )
}

function columnsOf({ columns }: ShardColumns, table: string) {
  return columns.filter((column) => column.table === table)
}

function describe(columns: ReturnType<typeof columnsOf>): string {
  return JSON.stringify(columns.map(({ name, columnType, collation }) => [name, columnType, collation]))
}
