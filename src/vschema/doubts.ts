import type { Column } from '../values/column.ts'
import { domainOf, fidelityOf } from '../vindex/domain.ts'
import { type ColumnVindex, sameColumn, type Table, type TableAddress, type VSchema } from './model.ts'
import { splitTableName } from './table-name.ts'

/** Vindexes that hash the bytes of a value as they are. */
export const BYTE_VINDEXES: ReadonlySet<string> = new Set(['binary', 'binary_md5', 'cfc', 'xxhash'])
const TEXT_TYPES = new Set(['CHAR', 'VARCHAR', 'TEXT', 'ENUM', 'SET'])

/** Columns of vindexes and sequences that are not among the columns which the VSchema says are all there are. */
export function missingColumns(vschema: VSchema): string[] {
  return allTables(vschema).flatMap((table) => {
    if (!table.columnListAuthoritative) return []
    return namedColumns(table)
      .filter(({ column }) => columnOf(table, column) === undefined)
      .map(
        ({ column, by }) =>
          `${placeOf(table)}: ${by} is on column '${column}', which is not in the list of columns`,
      )
  })
}

/** What is likely not meant, each with its place: it works, and then differently from one server, or not for all statements. */
export function doubts(vschema: VSchema): string[] {
  const columnsOf = ({ keyspace, table }: TableAddress) =>
    vschema.keyspaces.get(keyspace)?.tables.get(table)?.columns ?? []
  return allTables(vschema).flatMap((table) => [
    ...sequenceDoubts(vschema, table),
    ...caseDoubts(table),
    ...lookupDoubts(table, columnsOf),
  ])
}

/** `shop.tables.customers`, as mistakes in the JSON are placed. */
function placeOf({ keyspace, name }: Table): string {
  return `${keyspace}.tables.${name}`
}

/** An unsharded keyspace is asked for any table: whether this one is there only its servers know. */
function sequenceDoubts(vschema: VSchema, table: Table): string[] {
  const sequence = table.autoIncrement?.sequence
  if (sequence === undefined) return []
  const found = vschema.keyspaces.get(sequence.keyspace)?.tables.get(sequence.table)
  if (found?.type === 'sequence') return []
  const name = `${sequence.keyspace}.${sequence.table}`
  const what = found === undefined ? 'is in no VSchema' : 'is not of type "sequence"'
  return [
    `${placeOf(table)}.auto_increment: the sequence ${name} ${what}; ` +
      `declare it in ${sequence.keyspace}: "${sequence.table}": {"type": "sequence"}`,
  ]
}

/** Equal rows (`a`, `A`, `a `) get different keyspace ids, so that a unique key of the column holds on each shard alone. */
export function caseDoubts(table: Table): string[] {
  return table.columnVindexes
    .filter(({ type, partial }) => BYTE_VINDEXES.has(type) && !partial)
    .flatMap((cv) => cv.columns.flatMap((name) => caseDoubt(table, cv, name)))
}

function caseDoubt(table: Table, { name: vindex, type, vindex: of }: ColumnVindex, name: string): string[] {
  const column = columnOf(table, name)
  const collation = column?.collation
  if (column?.type !== undefined && !TEXT_TYPES.has(column.type)) return []
  if (collation === undefined || fidelityOf(domainOf(of, 0), column?.type === 'CHAR', collation) !== 'none')
    return []
  const isPadded = /_bin$/i.test(collation)
  const calls = isPadded
    ? "that pads texts with spaces ('p' and 'p ' are equal)"
    : 'by which texts of other bytes are equal'
  const ways = isPadded
    ? 'use a column without padding (utf8mb4_0900_bin, in MariaDB utf8mb4_nopad_bin, VARBINARY)'
    : 'use unicode_loose_xxhash, or a binary collation without padding (utf8mb4_0900_bin, in MariaDB utf8mb4_nopad_bin)'
  return [
    `${placeOf(table)}: vindex ${vindex} (${type}) hashes bytes, and column '${column!.name}' has collation ${collation}, ${calls}: ` +
      `equal values can lie on several shards, and uniqueness is not kept over shards; ${ways}`,
  ]
}

/** A lookup table whose column calls other texts equal than the owner's does lets in what is there, or refuses what is not. */
export function lookupDoubts(
  table: Table,
  columnsOf: (address: TableAddress) => readonly Column[],
): string[] {
  return table.columnVindexes.flatMap(({ vindex, columns, name, type }) => {
    if (vindex.kind !== 'lookup' || vindex.fromValue !== undefined) return []
    const parts = splitTableName(vindex.params['table'] ?? '')
    if (parts === undefined) return []
    const address = { keyspace: table.keyspace, ...parts }
    const there = columnsOf(address)
    const from = (vindex.params['from'] ?? '').split(',').map((each) => each.trim())
    return columns.flatMap((own, i) => {
      const [mine, its] = [columnOf(table, own), there.find((each) => sameColumn(each.name, from[i] ?? ''))]
      if (mine?.collation === undefined || its?.collation === undefined || mine.collation === its.collation)
        return []
      return [
        `${placeOf(table)}: vindex ${name} (${type}) has the values of column '${mine.name}' (${mine.collation}) in column ` +
          `'${its.name}' of ${address.keyspace}.${address.table}, whose collation ${its.collation} calls other texts equal: ` +
          `uniqueness is another one there; give it the collation of '${mine.name}'`,
      ]
    })
  })
}

function namedColumns(table: Table): { readonly column: string; readonly by: string }[] {
  const vindexes = table.columnVindexes.filter(({ partial }) => !partial)
  const auto = table.autoIncrement
  return [
    ...vindexes.flatMap(({ columns, name }) => columns.map((column) => ({ column, by: `vindex ${name}` }))),
    ...(auto === undefined ? [] : [{ column: auto.column, by: 'auto_increment' }]),
  ]
}

function columnOf(table: Table, name: string) {
  return table.columns.find((column) => sameColumn(column.name, name))
}

function allTables(vschema: VSchema): Table[] {
  return [...vschema.keyspaces.values()].flatMap(({ tables }) => [...tables.values()])
}
