import { type ColumnVindex, sameColumn, type Table, type VSchema } from './model.ts'

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
  return allTables(vschema).flatMap((table) => [...sequenceDoubts(vschema, table), ...caseDoubts(table)])
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

/** Equal rows (`a`, `A`) get different keyspace ids, so that a unique key of the column holds on each shard alone. */
export function caseDoubts(table: Table): string[] {
  return table.columnVindexes
    .filter(({ type, partial }) => BYTE_VINDEXES.has(type) && !partial)
    .flatMap((cv) => cv.columns.flatMap((name) => caseDoubt(table, cv, name)))
}

function caseDoubt(table: Table, { name: vindex, type }: ColumnVindex, name: string): string[] {
  const column = columnOf(table, name)
  const collation = column?.collation
  if (column?.type !== undefined && !TEXT_TYPES.has(column.type)) return []
  if (collation === undefined || !/_ci$/i.test(collation)) return []
  return [
    `${placeOf(table)}: vindex ${vindex} (${type}) hashes bytes, and column '${column!.name}' has the case-insensitive ` +
      `collation ${collation}: equal values can lie on several shards, and uniqueness is not kept over shards; ` +
      'use unicode_loose_xxhash, or a _bin collation',
  ]
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
