import type { Random } from '../random.ts'
import type { Family, Flavor } from './column-types.ts'
import type { Fragment } from './fragment.ts'
import type { Schema } from './schema.ts'

/** What every rule of the grammar is given. Rules are functions; those that go round in a circle meet here. */
export interface Grammar {
  readonly random: Random
  readonly flavor: Flavor
  readonly schema: Schema
  /** `t1`, `t2` …: no other part of the statement has the name. */
  name(prefix: string): string
  /** A query in parentheses or at the top. */
  query(scope: Scope | undefined, shape: QueryShape): Query
}

/** What is known of a value. */
export interface Kind {
  readonly family: Family
  /** Of text; undefined where it gives way to others, as a literal's does. */
  readonly collation?: string | undefined
  /** See `ColumnType.isTame`. */
  readonly isTame: boolean
}

export interface Expr extends Kind {
  readonly sql: Fragment
}

export interface Attribute extends Kind {
  readonly name: string
}

/** A table of FROM. */
export interface Relation {
  readonly alias: string
  readonly columns: readonly Attribute[]
  /** Columns that tell its rows apart; undefined: none are known to. */
  readonly key: readonly string[] | undefined
  /** A column of it may be missing from `*`. */
  readonly hasInvisible?: boolean
}

/** What names in an expression may mean; `outer` is the query around it. */
export interface Scope {
  readonly relations: readonly Relation[]
  readonly outer?: Scope | undefined
  /** Named queries of WITH. */
  readonly named?: readonly Relation[]
}

export interface QueryShape {
  /** How many levels of queries may still be nested in it. */
  readonly depth: number
  /** Kinds of its columns, where the place asks for certain ones; else as many as `columns`, of any kind. */
  readonly families?: readonly Family[]
  readonly columns?: number
  /** One row at most: what is compared with a value. */
  readonly isScalar?: boolean
  /** Columns get names, for others refer to them. */
  readonly isNamed?: boolean
  /** Equal rows must look alike: what a set operation takes away is then told. */
  readonly isTame?: boolean
  /** No LIMIT: MySQL knows none in what IN and ANY compare with. */
  readonly isUnlimited?: boolean
  /** What the client is told: columns may be good to a tolerance only, for nothing is computed from them. */
  readonly isTop?: boolean
  /** After SELECT: `SQL_CALC_FOUND_ROWS `. */
  readonly modifier?: string
}

export interface Query {
  readonly sql: Fragment
  readonly columns: readonly Attribute[]
  /** ORDER BY leaves no two rows in doubt. */
  readonly isOrdered: boolean
  /** Places of columns whose last digits hang on the order of rows. */
  readonly approximate: readonly number[]
}

/** All queries named by WITH here and around. */
export function namedQueries(scope: Scope | undefined): readonly Relation[] {
  return scope === undefined ? [] : [...(scope.named ?? []), ...namedQueries(scope.outer)]
}
