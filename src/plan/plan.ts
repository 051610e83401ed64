import type { Value, ValueType } from '../values/value.ts'
import type { Vindex } from '../vindex/vindex.ts'

/**
 * The executable plan: immutable data that the planner writes, the engine reads and EXPLAIN prints.
 *
 * A plan is made from a *normalised* statement: its literals are slots, its `?` are params, and the same
 * plan serves every text with the same fingerprint. Nothing here holds a value of one particular execution.
 */
export type Plan = QueryPlan | WritePlan | InsertPlan | DdlPlan | SessionPlan | UnsupportedPlan

/** A statement that answers rows. */
export interface QueryPlan {
  readonly kind: 'Query'
  /**
   * Where the whole statement can be answered by one shard: when the routing meets exactly one shard, the
   * client's own bytes go there and the answer is relayed undecoded. Absent where no single shard can answer.
   */
  readonly shortcut?: Shortcut
  /** What runs when the shortcut does not apply. */
  readonly root: Primitive
  /** User variables the statement reads: they are set on the backend connection first. */
  readonly userVariables: readonly string[]
  /** Locking reads (`FOR UPDATE`, `FOR SHARE`) go to the primary and take part in the transaction. */
  readonly locks: boolean
  /** The statement changes session state on its shard (`@x := …`, GET_LOCK): the connection becomes a reserved one. */
  readonly reserves?: boolean
}

export interface Shortcut {
  readonly routing: Routing
  /** The statement as one shard must see it; usually verbatim. */
  readonly query: QueryText
}

/** UPDATE, DELETE and other statements that answer one OK packet: sent to every shard of the routing. */
export interface WritePlan {
  readonly kind: 'Write'
  readonly verb: 'update' | 'delete' | 'replace' | 'insert' | 'other'
  readonly routing: Routing
  readonly query: QueryText
  /**
   * Set when the statement is only right while one shard runs it (LIMIT, for one): the construct that
   * error 1235 names when the routing meets several shards.
   */
  readonly singleShardOnly?: string
  /** Every shard has the same rows (a reference table): affected rows count once, not once a shard. */
  readonly replicated?: boolean
  /** As in QueryPlan. */
  readonly reserves?: boolean
  readonly userVariables: readonly string[]
}

/** INSERT and REPLACE … VALUES into a sharded table: rows are mapped, grouped by shard, one statement a shard. */
export interface InsertPlan {
  readonly kind: 'Insert'
  readonly verb: 'insert' | 'replace'
  readonly keyspace: string
  readonly table: string
  /** Text before the rows, up to and including VALUES, and what follows the rows (ON DUPLICATE KEY UPDATE …). */
  readonly head: QueryTemplate
  readonly tail: QueryTemplate
  readonly rows: InsertRows
  /** Number of columns a row must have (1136 otherwise). */
  readonly columnCount: number
  /** The primary vindex: which columns of a row feed it. */
  readonly vindex: Vindex
  readonly vindexColumns: readonly VindexColumn[]
  /** `ignore`: rows that map nowhere are dropped, as MySQL drops rows that INSERT IGNORE refuses. */
  readonly ignore: boolean
  readonly autoIncrement?: AutoIncrement
  readonly userVariables: readonly string[]
}

export interface VindexColumn {
  readonly column: string
  /** Offset in the row. */
  readonly offset: number
  /** What the VSchema says of the column. */
  readonly routed?: RoutedColumn
}

/** The rows: one template a row where they hold expressions, or all of them in one `rows` slot. */
export type InsertRows =
  | { readonly kind: 'Slot'; readonly slot: number }
  | { readonly kind: 'Rows'; readonly rows: readonly InsertRow[] }

/** A row's cells: their text, and their value where it is known without MySQL. */
export interface InsertRow {
  readonly cells: readonly InsertCell[]
}

export interface InsertCell {
  readonly text: QueryTemplate
  /** Absent: an expression that only MySQL can evaluate (an error where a vindex needs the value). */
  readonly value?: PlanValue
  /** The cell is the keyword DEFAULT. */
  readonly isDefault: boolean
}

/**
 * NULL, DEFAULT and (without NO_AUTO_VALUE_ON_ZERO) 0 in this column draw from the sequence. When the
 * statement does not name the column, `appended` is true: rows get one more cell at the end.
 */
export interface AutoIncrement {
  readonly column: string
  readonly offset: number
  readonly appended: boolean
  readonly sequence: { readonly keyspace: string; readonly table: string }
}

/** DDL: one statement to every shard of a keyspace, one after the other table being equal everywhere. */
export interface DdlPlan {
  readonly kind: 'Ddl'
  readonly keyspace: string
  readonly routing: Routing
  readonly query: QueryText
  /** The statement ends an open transaction first, as MySQL does. */
  readonly implicitCommit: boolean
  /** Tables whose columns may have changed: the schema tracker reads them again. Empty: all of the keyspace. */
  readonly tables: readonly string[]
}

/** SET, USE, BEGIN, SHOW …: the session answers, from the statement itself. */
export interface SessionPlan {
  readonly kind: 'Session'
}

/** Understood but not planned: error 1235 that names the construct. Never a wrong answer. */
export interface UnsupportedPlan {
  readonly kind: 'Unsupported'
  readonly construct: string
}

// ---------------------------------------------------------------------------------------------- text

/** `Verbatim`: the client's bytes unchanged. */
export type QueryText =
  | { readonly kind: 'Verbatim' }
  | { readonly kind: 'Template'; readonly template: QueryTemplate }

/** Pieces of SQL text (binary strings, see src/sql) with holes for the statement's own literals and params. */
export type QueryTemplate = readonly QueryPiece[]
export type QueryPiece =
  | string
  /** The source text of a literal, of an IN list without its parentheses, or of VALUES rows. */
  | { readonly slot: number }
  /** A `?`: the statement's param `param` (from 0) is passed on at this place. */
  | { readonly param: number }
  /** SQL text of what the session knows better than a shard: `last_insert_id`, `database`, `@name` (lower case) … */
  | { readonly session: string }
  /** `offset + count` of a LIMIT, so that each shard sends no more than the merge can need. */
  | { readonly limitSum: readonly [PlanValue, PlanValue] }
  /** An item of a select list, under the name that the client's own text of it gives its column. */
  | { readonly item: QueryTemplate; readonly name: readonly (string | { readonly slot: number })[] }

// ------------------------------------------------------------------------------------------- routing

/** Where a statement goes, before shards are known. Values are resolved at execution. */
export type Routing =
  /** The only shard of an unsharded keyspace. */
  | { readonly kind: 'Unsharded'; readonly keyspace: string }
  /** Any one shard: reference tables, `dual`. */
  | { readonly kind: 'AnyShard'; readonly keyspace: string }
  /**
   * information_schema and its kin: any shard of the keyspace that one of `schemas`, the values that are compared with a
   * schema's name, names; of `keyspace` when none does. '' is any.
   */
  | { readonly kind: 'SystemSchema'; readonly keyspace: string; readonly schemas: readonly PlanValue[] }
  /** Provably empty: any one shard gives the empty answer with the right columns. */
  | { readonly kind: 'None'; readonly keyspace: string }
  | { readonly kind: 'Scatter'; readonly keyspace: string }
  /** All columns of the vindex, or a leading part of a multi-column one, are known. */
  | {
      readonly kind: 'Equal'
      readonly keyspace: string
      readonly vindex: Vindex
      readonly values: readonly PlanValue[]
      readonly columns?: RoutedColumns
      /** The shard of a row into which the values are written, not of rows that are equal to them; 0 may be refused. */
      readonly written?: 'any' | 'not 0'
    }
  /** One column of a single-column vindex is in a list. */
  | {
      readonly kind: 'In'
      readonly keyspace: string
      readonly vindex: Vindex
      readonly list: PlanList
      readonly columns?: RoutedColumns
    }
  /** Several full or partial tuples for a vindex: OR of equalities, tuple IN, products of lists. */
  | {
      readonly kind: 'MultiEqual'
      readonly keyspace: string
      readonly vindex: Vindex
      readonly tuples: readonly (readonly PlanValue[])[]
      readonly columns?: RoutedColumns
    }
  /** Product of one list per column of a multi-column vindex (`a IN (…) AND b IN (…)`). */
  | {
      readonly kind: 'Product'
      readonly keyspace: string
      readonly vindex: Vindex
      readonly lists: readonly PlanList[]
      readonly columns?: RoutedColumns
    }
  /**
   * The shards that any of the parts meets. For statements that are right only where all of it is on one shard, though
   * their tables are placed by different values: `a.id = 5 AND b.id = 6`.
   */
  | { readonly kind: 'Union'; readonly keyspace: string; readonly parts: readonly Routing[] }
  /** The shard that the session's target names. */
  | { readonly kind: 'Shard'; readonly keyspace: string; readonly shard: string }
  /** The shard that holds this keyspace id: pinned tables. */
  | { readonly kind: 'Pinned'; readonly keyspace: string; readonly keyspaceId: Uint8Array }

/**
 * What the VSchema says of the columns that feed a vindex, in the vindex's order; undefined where it says nothing.
 * They decide which values route: `id = '12abc'` meets row 12 of a BIGINT column (src/engine/routable.ts).
 */
export type RoutedColumns = readonly (RoutedColumn | undefined)[]

export interface RoutedColumn {
  readonly type: ValueType
  /** Name of the column's collation; absent: unknown, or not a text column. */
  readonly collation?: string
  /** Characters of text, bytes of binary strings, digits of a DECIMAL, fractional digits of times. */
  readonly size?: number
  /** Fractional digits of a DECIMAL. */
  readonly scale?: number
  /** Known to be NOT NULL. */
  readonly notNull?: true
  /** Of an ENUM; absent: unknown. */
  readonly members?: readonly string[]
}

/** A value known at execution without MySQL. NULL in an equality meets no row (`nullSafe`: it maps like any value). */
export type PlanValue =
  | { readonly kind: 'Slot'; readonly slot: number; readonly nullSafe?: boolean }
  | { readonly kind: 'Param'; readonly param: number; readonly nullSafe?: boolean }
  | { readonly kind: 'Constant'; readonly value: Value; readonly nullSafe?: boolean }
  /** An integer that the session knows, by the name that `QueryPiece` gives it: LAST_INSERT_ID(). */
  | { readonly kind: 'Session'; readonly session: string; readonly nullSafe?: boolean }
  /** `-slot`, where the sign is not part of the literal. */
  | { readonly kind: 'Negated'; readonly value: PlanValue }

/** The items of an IN list: all in one `list` slot (any length), or one by one. */
export type PlanList =
  | { readonly kind: 'Slot'; readonly slot: number }
  /** Value number `column` of each tuple in a `rows` slot: `(a, b) IN ((1, 2), (3, 4))`. */
  | { readonly kind: 'Column'; readonly slot: number; readonly column: number }
  | { readonly kind: 'Values'; readonly values: readonly PlanValue[] }

// ---------------------------------------------------------------------------------------- primitives

/** Node of the executable tree. Rows flow upwards as undecoded row payloads. */
export type Primitive =
  | Route
  | Limit
  | Aggregate
  | Distinct
  | Sort
  | Filter
  | Truncate
  | Concatenate
  | Sequence
  | Unsupported

/**
 * Sends `query` to every shard of `routing`. With `orderBy`, each shard's rows arrive sorted and are merged;
 * without, the shards' rows follow each other in arrival order.
 */
export interface Route {
  readonly kind: 'Route'
  readonly routing: Routing
  readonly query: QueryText
  readonly orderBy: readonly SortKey[]
}

/**
 * One key of an order. Columns are offsets into the input row; negative ones count from its end (-1 is the last
 * column), for hidden columns behind a `*`. That holds for all column offsets of primitives.
 */
export interface SortKey {
  readonly column: number
  /**
   * Column with the sort key proper: WEIGHT_STRING(column), or a number for ENUM, SET and FLOAT. It is NULL
   * for types that have no weight string; then `column` itself is compared, by its type.
   */
  readonly weight?: number
  /**
   * Column with the weight of one space in the column's collation, NULL where that is a NO PAD one:
   * IF(LEFT(c, 0) = CONCAT(LEFT(c, 0), ' '), WEIGHT_STRING(CONCAT(LEFT(c, 0), ' ')), NULL). Weight strings are not
   * padded by MySQL, so without it 'a' and 'a ' would differ and 'a\t' would follow 'a' in a PAD SPACE collation.
   */
  readonly pad?: number
  readonly descending: boolean
}

export interface Limit {
  readonly kind: 'Limit'
  readonly input: Primitive
  /** Absent: no upper bound. */
  readonly count?: PlanValue
  readonly offset?: PlanValue
}

/** Rows that are equal on `groupBy` become one. Input is sorted by `groupBy`; none: one row for everything. */
export interface Aggregate {
  readonly kind: 'Aggregate'
  readonly input: Primitive
  readonly groupBy: readonly SortKey[]
  readonly aggregates: readonly AggregateColumn[]
}

/** How the shards' partial results in `column` become one. All other columns take the group's first row. */
export type AggregateColumn =
  /** Sum of the shards' counts or sums, by the column's own type: exact DECIMAL, BIGINT, DOUBLE. */
  | { readonly kind: 'Sum'; readonly column: number }
  /** COUNT: as Sum, but never NULL: no rows at all give 0. */
  | { readonly kind: 'Count'; readonly column: number }
  | { readonly kind: 'Min'; readonly column: number; readonly weight?: number; readonly pad?: number }
  | { readonly kind: 'Max'; readonly column: number; readonly weight?: number; readonly pad?: number }
  /** AVG: `sum` and `count` are hidden columns; the result takes the type and scale of `column`. */
  | { readonly kind: 'Avg'; readonly column: number; readonly sum: number; readonly count: number }
  /** COUNT/SUM/AVG(DISTINCT x) over input that is also sorted by `value`: each distinct value counts once. */
  | {
      readonly kind: 'CountDistinct' | 'SumDistinct' | 'AvgDistinct'
      readonly column: number
      readonly value: SortKey
    }

/** Drops rows that equal the one before on all keys. Input is sorted by the keys. */
export interface Distinct {
  readonly kind: 'Distinct'
  readonly input: Primitive
  readonly keys: readonly SortKey[]
}

/** Sorts in memory, within the row and byte limits of the session; more is an error, never a partial answer. */
export interface Sort {
  readonly kind: 'Sort'
  readonly input: Primitive
  readonly keys: readonly SortKey[]
}

/** Keeps the rows whose `column` is a true number: HAVING, computed as a hidden column is not possible above a merge. */
export interface Filter {
  readonly kind: 'Filter'
  readonly input: Primitive
  readonly predicate: Predicate
}

/** Comparisons of merged numbers with constants: what HAVING over a scatter may ask in exactly MySQL's terms. */
export type Predicate =
  | { readonly kind: 'And' | 'Or'; readonly parts: readonly Predicate[] }
  | {
      readonly kind: 'Compare'
      readonly op: '=' | '<>' | '<' | '<=' | '>' | '>='
      readonly column: number
      readonly value: PlanValue
    }

/** Cuts the last `drop` columns, hidden sort keys and partial sums, off the packets. Behind a `*` only their number is known. */
export interface Truncate {
  readonly kind: 'Truncate'
  readonly input: Primitive
  readonly drop: number
}

/** UNION ALL: inputs one after the other; all have the same column types. */
export interface Concatenate {
  readonly kind: 'Concatenate'
  readonly inputs: readonly Primitive[]
}

/** `SELECT NEXT n VALUES FROM seq`: one BIGINT column `nextval` with the first of `count` reserved ids. */
export interface Sequence {
  readonly kind: 'Sequence'
  readonly keyspace: string
  readonly table: string
  /** Absent: 1. */
  readonly count?: PlanValue
}

/** Answered by the shortcut only; on several shards it is error 1235 naming the construct. */
export interface Unsupported {
  readonly kind: 'Unsupported'
  readonly construct: string
}
