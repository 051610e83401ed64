import { allTables, type Lookup, type Schema, type Table } from './schema.ts'

/** A table that shards have and a plain server has not: of a lookup vindex, or a sequence. */
export interface HiddenTable {
  readonly name: string
  readonly sql: string
  /** Of its keyspace's VSchema. */
  readonly entry: object
}

/** Ids that rows bring themselves are below. */
export const FIRST_NUMBER = 1000
const SEQUENCES = 'plain'

export function sequenceOf(table: string): string {
  return `${SEQUENCES}.${table}_seq`
}

export function hiddenTables(schema: Schema, keyspace: string): readonly HiddenTable[] {
  const sharded = allTables(schema).filter(({ sharding }) => sharding !== undefined)
  const lookups = sharded.flatMap((table) =>
    (table.lookups ?? [])
      .filter((lookup) => lookup.keyspace === keyspace)
      .map((lookup) => lookupTable(table, lookup)),
  )
  const numbered = keyspace === SEQUENCES ? sharded.filter(({ isNumbered }) => isNumbered) : []
  return [...lookups, ...numbered.map(sequence)]
}

/** As the VSchema of the owner's keyspace has them. */
export function lookupVindexes({ name, lookups = [] }: Table): Readonly<Record<string, object>> {
  const vindex = ({ type, keyspace, column }: Lookup) => ({
    type,
    owner: name,
    params: { table: `${keyspace}.${name}_${column}`, from: column, to: 'keyspace_id' },
  })
  return Object.fromEntries(lookups.map((lookup) => [`${name}_${lookup.column}`, vindex(lookup)]))
}

/** Numbers stand for keyspace ids: of `lookup_hash` and its kin. */
export function isHashed({ type }: Lookup): boolean {
  return type.startsWith('lookup_hash')
}

export function isUnique({ type }: Lookup): boolean {
  return type.endsWith('_unique')
}

function lookupTable(owner: Table, lookup: Lookup): HiddenTable {
  const { column } = lookup
  const name = `${owner.name}_${column}`
  const { type } = owner.columns.find((each) => each.name === column)!
  const to = isHashed(lookup) ? 'BIGINT UNSIGNED' : 'VARBINARY(64)'
  const key = isUnique(lookup) ? column : `${column}, keyspace_id`
  return {
    name,
    sql: `CREATE TABLE ${name} (${column} ${type.sql} NOT NULL, keyspace_id ${to} NOT NULL, PRIMARY KEY (${key}))`,
    entry: lookup.keyspace === SEQUENCES ? {} : { column_vindexes: [{ column, name: 'xxhash' }] },
  }
}

function sequence({ name }: Table): HiddenTable {
  const table = `${name}_seq`
  return {
    name: table,
    sql: `CREATE TABLE ${table} (id BIGINT PRIMARY KEY, next_id BIGINT, cache BIGINT) COMMENT 'vitess_sequence';
INSERT INTO ${table} VALUES (0, ${FIRST_NUMBER}, 10)`,
    entry: { type: 'sequence' },
  }
}
