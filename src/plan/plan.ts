import type { Needs } from './needs.ts'
import type { Federate, Primitive } from './primitives.ts'
import type { LookupRouting, Routing } from './routing.ts'
import type { QueryTemplate, QueryText } from './text.ts'
import type { PlanValue } from './values.ts'

/**
 * The executable plan: immutable data that the planner writes, the engine reads and EXPLAIN prints.
 *
 * A plan is made from a *normalised* statement: its literals are slots, its `?` are params, and the same
 * plan serves every text with the same fingerprint. Nothing here holds a value of one particular execution.
 */
export interface Plan {
  /** What runs when the shortcut does not apply. */
  readonly root: Primitive
  /**
   * `root` may turn out, before any row, not to be able to: columns of types that it cannot put in order. The statement is planned
   * over copies then, for most never need that.
   */
  readonly mayGiveUp?: true
  /**
   * Where the whole statement can be answered by one shard: when the routing meets exactly one shard, the
   * client's own bytes go there and the answer is relayed undecoded. Absent where no single shard can answer.
   */
  readonly shortcut?: Shortcut
  /** Texts of its Computed values: they are evaluated before it is known where it goes. */
  readonly computed?: readonly QueryTemplate[]
  /** Lookup tables are read before it is known where it goes. */
  readonly lookups?: readonly LookupRouting[]
  /** User variables that the statement names, in lower case: backend connections are given them first. */
  readonly userVariables: readonly string[]
  /** What it sets for itself alone: items of a SET statement, by the names of variables. */
  readonly settings?: ReadonlyMap<string, string>
  /** It may assign some of them: all are read back behind it. */
  readonly assigns?: true
  /** It runs statements that are text to the planner (MariaDB's EXECUTE IMMEDIATE): what they assign is known when it runs. */
  readonly runsText?: true
  /** It runs a stored program, which may leave on its connection what no plan knows of. */
  readonly runsProgram?: true
  /** Over several shards it would not be right: what error 1235 names then. */
  readonly onOneShard?: string
  /** It may say what LAST_INSERT_ID() is from now on: the session's own is set first, and read back behind it. */
  readonly setsInsertId?: true
  /** Locking reads (`FOR UPDATE`, `FOR SHARE`) go to the primary and take part in the transaction. */
  readonly locks: boolean
  /**
   * MySQL commits what is open before it runs, on all shards. DDL says so itself (`RunDdl`).
   * Source: MySQL 9.7 manual, "Statements That Cause an Implicit Commit".
   */
  readonly commitsFirst?: true
  /** It asks no table, and so begins no transaction. */
  readonly isTableless?: boolean
  /** What the statement leaves on its connection (`GET_LOCK()`): it becomes a reserved one for that. */
  readonly reserves?: string
  /** Locks by name that it takes or releases: the server is asked behind it which of them the session has. */
  readonly namedLocks?: NamedLocks
  /** What its locks by name come to is asked of their server first, and put into its text. */
  readonly locksAhead?: true
  /** Temporary tables that it may make, change or drop: the connection is asked for them behind it, and reserved while it has any. */
  readonly temporary?: readonly { readonly keyspace: string; readonly table: string }[]
  /** The rows tell of databases and tables; `reports`: every shard's report on a table, where one server would give one. */
  readonly metadata?: 'names' | 'reports'
  /** The client is asked for a file of its own: it must have the capability. */
  readonly asksFile?: true
  /**
   * Shards get another text than the client's own, which may hide what MySQL says against that: it is asked first, with the
   * shortcut's text. `columns`: it also tells the columns of the answer, which shards that answer a part each do not know;
   * `by text`: literals decide their types.
   */
  readonly judged?: 'names' | 'columns' | 'columns by text'
  /** Instead of the shortcut, where tables are of several keyspaces: a server of this one looks at it with empty copies of the others. */
  readonly judgedOver?: { readonly keyspace: string; readonly copies: Federate }
  /** Where one shard answers: how FOUND_ROWS() differs from the number of rows that come. */
  readonly foundRows?: FoundRows
  /** It may change these columns: sequences are to be behind what they hold then, as AUTO_INCREMENT is. */
  readonly follows?: readonly FollowedColumn[]
  /** What it needs of its user; absent: nothing that any user may lack. */
  readonly needs?: Needs
  /** The row that it changes, where its text names one. */
  readonly row?: WrittenRow
}

/**
 * One row, or all rows with one value of a table's primary vindex. Two statements with the same `key` and equal values change the
 * same; those of which one names a row by other columns are not told to.
 */
export interface WrittenRow {
  /** Table and columns: `shop.customer(id)`. */
  readonly key: string
  readonly values: readonly PlanValue[] | CellsOfRow
}

/** Cells of the only row of VALUES in a `rows` slot; with more of them the statement names no row. */
export interface CellsOfRow {
  readonly slot: number
  readonly cells: readonly number[]
}

/** A column of ids that a sequence gives. */
export interface FollowedColumn {
  readonly keyspace: string
  readonly table: string
  readonly column: string
  readonly sequence: { readonly keyspace: string; readonly table: string }
  /** What it is changed to, where that is one value. */
  readonly value?: PlanValue
}

export interface NamedLocks {
  /** What GET_LOCK() is asked for, as expressions; undefined where one may have another value when it is asked again. */
  readonly names: readonly QueryTemplate[] | undefined
  /** RELEASE_ALL_LOCKS(). */
  readonly releasesAll: boolean
}

export type FoundRows =
  /** The server is asked behind the answer. */
  | { readonly kind: 'Asked' }
  /** The offset and the rows; where none come there were fewer, and the server is asked. */
  | { readonly kind: 'Offset'; readonly offset: PlanValue }

export interface Shortcut {
  readonly routing: Routing
  /** The statement as one shard must see it; usually verbatim. */
  readonly query: QueryText
}
