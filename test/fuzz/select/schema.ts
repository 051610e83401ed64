import type { Random } from '../random.ts'
import { type ColumnType, type Flavor, randomColumnType, WORDS } from './column-types.ts'
import { randomSharding, type Sharding } from './shardings.ts'

export interface Schema {
  readonly keyspaces: readonly Keyspace[]
}

export interface Keyspace {
  readonly name: string
  /** Undefined: as many shards as the cluster has. */
  readonly shards?: readonly string[]
  readonly isSharded: boolean
  readonly tables: readonly Table[]
}

export interface Table {
  readonly keyspace: string
  readonly name: string
  readonly columns: readonly Column[]
  /** Unique over all shards. */
  readonly primaryKey: readonly string[]
  readonly otherKeys: readonly string[]
  /** As unique as the primary key. */
  readonly uniqueKeys?: readonly (readonly string[])[]
  /** Conditions of CHECK. */
  readonly checks?: readonly string[]
  /** `id` is AUTO_INCREMENT on a plain server, and from a sequence where rows are in shards. */
  readonly isNumbered?: boolean
  /** Lookup vindexes that the table owns. */
  readonly lookups?: readonly Lookup[]
  /** Undefined: unsharded or, in a sharded keyspace, a reference table. */
  readonly sharding: Sharding | undefined
}

export interface Column {
  readonly name: string
  readonly type: ColumnType
  readonly isNullable: boolean
  readonly isInvisible: boolean
  /** `(id + 1) STORED`; such a column is not inserted into. */
  readonly generated?: string
  /** A literal. */
  readonly default?: string
}

/** A lookup vindex of one column, named `<table>_<column>` as its table is. */
export interface Lookup {
  readonly column: string
  /** `consistent_lookup_unique` */
  readonly type: string
  /** Where its table is; sharded by `xxhash` in a sharded one. */
  readonly keyspace: string
}

/** The keyspace that sessions are in. */
export const MAIN = 'main'

/** Two sharded keyspaces, cut differently, and one that is not sharded. */
export function randomSchema(random: Random, flavor: Flavor): Schema {
  const tables = (keyspace: string, names: readonly string[], isSharded: boolean) =>
    names.map((name) => randomTable(random, flavor, { keyspace, name, isSharded }))
  return {
    keyspaces: [
      {
        name: MAIN,
        isSharded: true,
        tables: [...tables(MAIN, ['a1', 'a2', 'a3', 'a4'], true), ...tables(MAIN, ['r1'], false)],
      },
      { name: 'extra', isSharded: true, shards: ['-40', '40-'], tables: tables('extra', ['e1', 'e2'], true) },
      { name: 'plain', isSharded: false, tables: tables('plain', ['u1', 'u2'], false) },
    ],
  }
}

export function allTables({ keyspaces }: Schema): readonly Table[] {
  return keyspaces.flatMap(({ tables }) => tables)
}

/** Rows of it are unique by `id`, which nobody but who makes the rows sees to. */
export function randomTable(
  random: Random,
  flavor: Flavor,
  { keyspace, name, isSharded }: { keyspace: string; name: string; isSharded: boolean },
): Table {
  const sharding = isSharded ? randomSharding(random, flavor) : undefined
  const sharded = sharding?.columns ?? []
  const id = columnOf('id', sharding?.types['id'] ?? random.pick(ID_TYPES))
  const ref = { ...columnOf('ref', REF_TYPE), isNullable: !sharded.includes('ref') && random.oneIn(2) }
  const tag = { ...columnOf('tag', tagType(random, flavor)), isNullable: random.oneIn(2) }
  const code = sharding?.types['code']
  const more = Array.from({ length: 3 + random.int(4) }, (_, i) => {
    const isInvisible = random.oneIn(12)
    // MariaDB wants a default for what INSERT may not see.
    const isNullable = isInvisible || !random.oneIn(4)
    return { ...columnOf(`${name}c${i + 1}`, randomColumnType(random, flavor)), isNullable, isInvisible }
  })
  const own = [id, ref, tag, ...(code === undefined ? [] : [columnOf('code', code)]), ...more]
  const generated = random.oneIn(2) ? [generatedColumn(random, name)] : []
  return {
    keyspace,
    name,
    columns: [...own, ...generated],
    primaryKey: random.oneIn(5) && !ref.isNullable ? ['ref', 'id'] : ['id'],
    otherKeys: [ref, ...more].filter(({ type }) => isIndexable(type) && random.oneIn(3)).map((c) => c.name),
    sharding,
  }
}

const IDS = Array.from({ length: 30 }, (_, i) => String(i + 1))
const ID_TYPES = ['BIGINT', 'INT', 'INT UNSIGNED', 'BIGINT UNSIGNED'].map(integerType)
const REF_TYPE: ColumnType = { ...integerType('INT'), values: [...IDS.slice(0, 12), '0'] }

export function integerType(sql: string): ColumnType {
  return { sql, family: 'integer', values: IDS, isTame: true }
}

/** What tables are joined by beside numbers: the same words everywhere, in several collations. */
function tagType(random: Random, flavor: Flavor): ColumnType {
  const collation = random.pick([
    ...(flavor === 'mysql' ? ['utf8mb4_0900_ai_ci', 'utf8mb4_0900_ai_ci'] : ['utf8mb4_general_ci']),
    'utf8mb4_general_ci',
  ])
  const sql = `VARCHAR(16) CHARACTER SET utf8mb4 COLLATE ${collation}`
  return { sql, family: 'text', collation, values: WORDS.map((word) => `'${word}'`), isTame: true }
}

function generatedColumn(random: Random, table: string): Column {
  const kind = random.pick(['VIRTUAL', 'STORED'])
  const [generated, type] = random.pick([
    ['(id % 100 + 1)', integerType('BIGINT')],
    ['(COALESCE(ref, 0) DIV 2)', integerType('INT')],
    ['(ref IS NULL)', integerType('TINYINT')],
  ] as const)
  return {
    ...columnOf(`${table}g`, type),
    generated: `${generated} ${kind}`,
    isNullable: true,
    isInvisible: random.oneIn(4),
  }
}

export function columnOf(name: string, type: ColumnType): Column {
  return { name, type, isNullable: false, isInvisible: false }
}

export function isIndexable({ sql, family }: ColumnType): boolean {
  return family !== 'json' && !/^(TEXT|BLOB)/.test(sql)
}
