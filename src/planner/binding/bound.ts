import type { Delete, Expr, Insert, Query, Select, SetOperation, TableRef, Update } from '../../sql/ast.ts'
import type { Table } from '../../vschema/model.ts'
import type { Level } from './level.ts'
import type { Scope } from './scope.ts'
import type { ColumnAnswer, Source, TableInstance } from './source.ts'

/**
 * A statement with its names looked up: each node of the tree that has tables, with what they are and what is known of
 * their rows. It says what a statement means; how it is carried out is the operators' business.
 */

// ------------------------------------------------------------------------------------------------ FROM

export type BoundFrom = BoundTable | BoundUnplaced | BoundDerived | BoundInner | BoundOuter

/** A table of the VSchema. */
export interface BoundTable {
  readonly kind: 'Table'
  readonly ast: TableRef
  readonly instance: TableInstance
  readonly source: Source
  /** What must hold for its rows to count. */
  readonly level: Level
  /** How error 1235 names its place when it cannot be brought together with the others. */
  readonly origin: string
}

export function inOrderOfText(a: BoundTable, b: BoundTable): number {
  return a.instance.id - b.instance.id
}

/** Rows that every server has or makes: system tables, JSON_TABLE, VALUES, no table at all, a CTE within itself. */
export interface BoundUnplaced {
  readonly kind: 'Unplaced'
  readonly what: 'nothing' | 'system table' | 'JSON_TABLE' | 'VALUES' | 'recursion'
  /** Absent where it has no columns that could be named. */
  readonly source?: Source
  readonly level: Level
  readonly subqueries: readonly BoundSubquery[]
}

/** A query in FROM, or a table of WITH where it is named. */
export interface BoundDerived {
  readonly kind: 'Derived'
  /** A table of WITH. */
  readonly isCte: boolean
  readonly source: Source
  readonly query: BoundQuery
  /** It may name tables to its left. */
  readonly lateral: boolean
}

/** Rows of all parts: commas, parentheses and inner joins. */
interface BoundInner {
  readonly kind: 'Inner'
  readonly parts: readonly BoundFrom[]
  readonly on: readonly Conjunct[]
}

/** Each row of `preserved`, with the rows of `inner` that fulfil `on`, or with NULLs. RIGHT JOIN is its mirror image. */
export interface BoundOuter {
  readonly kind: 'Outer'
  /** Of the rows of `inner`. */
  readonly level: Level
  readonly preserved: BoundFrom
  readonly inner: BoundFrom
  readonly on: readonly Conjunct[]
}

// ------------------------------------------------------------------------------------------------ conditions

export interface Conjunct {
  readonly expr: Expr
  /** The sources of its own FROM that it needs; those of outer queries are given with the row. */
  readonly needs: ReadonlySet<Source>
  readonly subqueries: readonly BoundSubquery[]
}

export interface BoundSubquery {
  readonly query: BoundQuery
  readonly use: 'value' | 'EXISTS' | 'IN' | 'comparison'
  /** Only whether the condition is true counts, not whether it is false or NULL. */
  readonly asTruth: boolean
}

// ------------------------------------------------------------------------------------------------ queries

export type BoundQuery = BoundSelect | BoundUnion | BoundNested | BoundValues

interface QueryFacts {
  readonly ast: Query
  /** The columns of its rows; undefined where they are not known. */
  readonly columns: readonly string[] | undefined
  columnNamed(name: string): ColumnAnswer
  /** All rows of its FROM and WHERE come through, or whole groups that lie on one shard. */
  readonly isTransparent: boolean
  /** Tables with shards of their own whose rows are the query's, one by one. */
  readonly rows: readonly BoundTable[]
}

/** One SELECT, or `TABLE t`, which is `SELECT * FROM t`. */
export interface BoundSelect extends QueryFacts {
  readonly kind: 'Select'
  readonly ast: Select
  readonly scope: Scope
  readonly level: Level
  readonly from: BoundFrom
  readonly where: readonly Conjunct[]
  readonly having: readonly Conjunct[]
  /** Subqueries of all other clauses. */
  readonly subqueries: readonly BoundSubquery[]
  /** It holds an aggregate of columns of the query around it, which belongs to that query. */
  readonly hasOuterAggregate: boolean
}

export interface BoundUnion extends QueryFacts {
  readonly kind: 'Union'
  readonly ast: SetOperation
  readonly operands: readonly BoundQuery[]
}

/** A query in parentheses that has clauses of its own behind or before them. */
export interface BoundNested extends QueryFacts {
  readonly kind: 'Nested'
  readonly query: BoundQuery
}

/** `VALUES ROW(1, 2), …`. */
export interface BoundValues extends QueryFacts {
  readonly kind: 'Values'
  readonly values: BoundUnplaced
}

// ------------------------------------------------------------------------------------------------ writes

/** UPDATE or DELETE: the rows it looks at, as a query has them. */
export interface BoundWrite {
  readonly kind: 'Write'
  readonly ast: Update | Delete
  readonly scope: Scope
  readonly level: Level
  readonly from: BoundFrom
  readonly where: readonly Conjunct[]
  /** Subqueries of SET and ORDER BY. */
  readonly subqueries: readonly BoundSubquery[]
}

/** INSERT or REPLACE … SELECT. */
export interface BoundInsertSelect {
  readonly kind: 'InsertSelect'
  readonly ast: Insert
  readonly table: Table
  readonly query: BoundQuery
}
