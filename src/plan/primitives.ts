import type { Routing } from './routing.ts'
import type { QueryText } from './text.ts'
import type { PlanValue } from './values.ts'
import type { LockTables, RunDdl, WritePrimitive } from './write-primitives.ts'

/** Node of the executable tree: what reads answers rows, what writes answers one OK. */
export type Primitive =
  | RowsPrimitive
  | WritePrimitive
  | WriteOverCopies
  | CreateSelected
  | LockTables
  | OwnStatement
  | Unsupported

// ---------------------------------------------------------------------------------------------- rows

export function answersRows(root: Primitive): root is RowsPrimitive {
  switch (root.kind) {
    case 'Ddl':
    case 'WriteOverCopies':
    case 'CreateSelected':
    case 'LockTables':
    case 'Session':
      return false
    default:
      return !('verb' in root)
  }
}

/** Rows flow upwards as undecoded row payloads. */
export type RowsPrimitive =
  | Route
  | LimitRows
  | AggregateRows
  | DistinctRows
  | SortRows
  | FilterRows
  | TruncateRows
  | ConcatenateRows
  | JoinRows
  | PullOutRows
  | NextIds
  | Federate
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
 * column), for hidden columns behind a `*`. That holds for all column offsets of primitives; while a plan is made and
 * they are not known yet, `Column` is what will have one.
 */
export interface SortKey<Column = number> {
  readonly column: Column
  /**
   * Column with the sort key proper: WEIGHT_STRING(column), or a number for ENUM, SET and FLOAT. It is NULL
   * for types that have no weight string; then `column` itself is compared, by its type.
   */
  readonly weight?: Column
  /**
   * Column with the weight of one space in the column's collation, NULL where that is a NO PAD one:
   * IF(LEFT(c, 0) = CONCAT(LEFT(c, 0), ' '), WEIGHT_STRING(CONCAT(LEFT(c, 0), ' ')), NULL). Weight strings are not
   * padded by MySQL, so without it 'a' and 'a ' would differ and 'a\t' would follow 'a' in a PAD SPACE collation.
   */
  readonly pad?: Column
  readonly descending: boolean
}

export interface LimitRows {
  readonly kind: 'Limit'
  readonly input: RowsPrimitive
  /** Absent: no upper bound. */
  readonly count?: PlanValue
  readonly offset?: PlanValue
}

/** Rows that are equal on `groupBy` become one. Input is sorted by `groupBy`; none: one row for everything. */
export interface AggregateRows {
  readonly kind: 'Aggregate'
  readonly input: RowsPrimitive
  readonly groupBy: readonly SortKey[]
  readonly aggregates: readonly AggregateColumn[]
}

/** How the shards' partial results in `column` become one. All other columns take the group's first row. */
export type AggregateColumn<Column = number> =
  /** Sum of the shards' counts or sums, by the column's own type: exact DECIMAL, BIGINT, DOUBLE. */
  | { readonly kind: 'Sum'; readonly column: Column }
  /** COUNT: as Sum, but never NULL: no rows at all give 0. */
  | { readonly kind: 'Count'; readonly column: Column }
  | { readonly kind: 'Min'; readonly column: Column; readonly weight?: Column; readonly pad?: Column }
  | { readonly kind: 'Max'; readonly column: Column; readonly weight?: Column; readonly pad?: Column }
  /** AVG: `sum` and `count` are hidden columns; the result takes the type and scale of `column`. */
  | { readonly kind: 'Avg'; readonly column: Column; readonly sum: Column; readonly count: Column }
  /** COUNT/SUM/AVG(DISTINCT x) over input that is also sorted by `value`: each distinct value counts once. */
  | {
      readonly kind: 'CountDistinct' | 'SumDistinct' | 'AvgDistinct'
      readonly column: Column
      readonly value: SortKey<Column>
    }

/** Drops rows that equal the one before on all keys. Input is sorted by the keys. */
export interface DistinctRows {
  readonly kind: 'Distinct'
  readonly input: RowsPrimitive
  readonly keys: readonly SortKey[]
}

/** Sorts in memory, within the row and byte limits of the session; more is an error, never a partial answer. */
export interface SortRows {
  readonly kind: 'Sort'
  readonly input: RowsPrimitive
  readonly keys: readonly SortKey[]
}

/** Keeps the rows whose `column` is a true number: HAVING, computed as a hidden column is not possible above a merge. */
export interface FilterRows {
  readonly kind: 'Filter'
  readonly input: RowsPrimitive
  readonly predicate: Predicate
}

/** Comparisons of merged numbers with constants: what HAVING over a scatter may ask in exactly MySQL's terms. */
export type Predicate<Column = number> =
  | { readonly kind: 'And' | 'Or'; readonly parts: readonly Predicate<Column>[] }
  | {
      readonly kind: 'Compare'
      readonly op: '=' | '<>' | '<' | '<=' | '>' | '>='
      readonly column: Column
      readonly value: PlanValue
    }

/** Cuts the last `drop` columns, hidden sort keys and partial sums, off the packets. Behind a `*` only their number is known. */
export interface TruncateRows {
  readonly kind: 'Truncate'
  readonly input: RowsPrimitive
  readonly drop: number
}

/** UNION ALL: inputs one after the other; all have the same column types. */
export interface ConcatenateRows {
  readonly kind: 'Concatenate'
  readonly inputs: readonly RowsPrimitive[]
}

/**
 * Join by equal integers: the rows of `left` are read and held, then `right` is asked, once, with the distinct values of their
 * first key as its outer rows (column 0). Another plan is needed where `left` has too many rows (JOINED_ROWS_MAX).
 */
export interface JoinRows {
  readonly kind: 'Join'
  /**
   * `left`: rows of `left` without a partner come as well, with NULLs in the place of one. `semi`, `anti`: rows of `left` alone, once
   * each: those with a partner, or those without.
   */
  readonly how: 'inner' | 'left' | 'semi' | 'anti'
  readonly left: JoinedSide<Route | JoinRows>
  readonly right: JoinedSide<Route>
  readonly columns: readonly JoinedColumn[]
  /** One server would sort its rows in a temporary table, whose columns are of no key. */
  readonly isTemporary?: true
  /** As far as can be told, its rows are no more than those of one of its tables, and the left ones can be held. */
  readonly isModest?: true
}

/**
 * Rows of the left side of a join that are held, and no more keys than that are asked for at once: lists of this length are below what
 * range_optimizer_max_mem_size lets MySQL look up by an index (8 MB, some 230 bytes a value).
 */
export const JOINED_ROWS_MAX = 16_384

export interface JoinedSide<Rows> {
  readonly rows: Rows
  /** Number of columns that its rows must have. */
  readonly width: number
  /** Each is equal to that of the other side; at least one. */
  readonly keys: readonly number[]
}

export interface JoinedColumn {
  readonly side: 'left' | 'right'
  readonly column: number
}

/**
 * Runs `subqueries` first: `input` has what they give as its outer rows, their columns one after the other. Another plan is needed where that cannot
 * stand in their places.
 */
export interface PullOutRows {
  readonly kind: 'PullOut'
  readonly subqueries: readonly PulledSubquery[]
  readonly input: RowsPrimitive
}

export interface PulledSubquery {
  /** Columns of exact numbers: of a list one. */
  readonly rows: RowsPrimitive
  /** Of its columns. */
  readonly width: number
  /** `value`: of one row, or NULL; `one of`, `none of`: a list for IN or NOT IN. */
  readonly use: 'value' | 'one of' | 'none of'
}

/** `SELECT NEXT n VALUES FROM seq`: one BIGINT column `nextval` with the first of `count` reserved ids. */
export interface NextIds {
  readonly kind: 'Sequence'
  readonly keyspace: string
  readonly table: string
  /** Absent: 1. */
  readonly count?: PlanValue
}

/**
 * The client's own statement over copies of its tables, which stand on one connection until it has been answered: whatever
 * MySQL can do, with its own semantics.
 */
export interface Federate {
  readonly kind: 'Federate'
  /** On a server of which the copies are made. */
  readonly keyspace: string
  /** In the order in which they are filled. */
  readonly copies: readonly TableCopy[]
  /** What is made of rows of some tables, whose copies stay empty. They are made and filled first. */
  readonly groups: readonly GroupsCopy[]
  /** The statement, with the names of copies and groups in it. */
  readonly query: QueryText
  /** The statement over copies alone: what the server says of it, it says of the client's. */
  readonly asked: QueryText
  /** Numbers of the columns of its rows whose types are those that `asked` has: of counts and sums of groups' own. */
  readonly recounted: Recounted
  /** Its groups are told as columns of tables, for one server would sort rows to make them. */
  readonly isSorted?: true
  /** By the names of columns in it those that the client's has, where they are others. */
  readonly told: ReadonlyMap<string, string>
  /** Of its FROM, for which queries stand there. */
  readonly views?: readonly ShownView[]
}

/**
 * A statement that makes or writes temporary tables of the session, and reads tables of several shards: copies of these stand on
 * the connection that has the temporary ones, which runs the client's own statement over them. `copies.query` is that statement.
 */
export interface WriteOverCopies {
  readonly kind: 'WriteOverCopies'
  readonly keyspace: string
  /** The shard of the session's temporary tables. */
  readonly routing: Routing
  readonly copies: Federate
}

/** CREATE TABLE … SELECT over several shards: the table is made without rows, and then filled by a statement of its own. */
export interface CreateSelected {
  readonly kind: 'CreateSelected'
  /** Makes it on its shards. */
  readonly ddl: RunDdl & { readonly undoneBy: string }
  readonly table: string
  /** Of the statement that fills it. */
  readonly verb: 'INSERT' | 'INSERT IGNORE' | 'REPLACE'
  /** The query, to be described by a server of its keyspace: its columns are the last of the table's. */
  readonly query: QueryText
  /** The servers of the keyspace do not have all tables that it reads: how they are to make it is asked with copies of these. */
  readonly defined?: DefinedTable
}

/** `copies.query` makes a temporary table; it is defined as the table is to be behind `head`. */
export interface DefinedTable {
  readonly copies: Federate
  readonly head: string
}

/** What its columns are told by where parts of it are asked of groups. */
export type OverGroups = Pick<Federate, 'groups' | 'recounted' | 'isSorted'>

export type Recounted = 'all' | readonly number[]

/**
 * A temporary table with groups of rows of several tables, perhaps several of one group: each shard makes its own. Or with the rows of a
 * part of the statement that are put together above the shards.
 */
export interface GroupsCopy {
  readonly name: string
  /** Makes it without rows, of the copies of those tables, under the client's settings. */
  readonly create: QueryText
  readonly columns: readonly string[]
  readonly rows: CopySource & { readonly kind: 'Pulled' }
  readonly kept: ReadonlyMap<number, string | undefined>
}

/** What its errors and its columns are told by. */
export type CopiesTold = Pick<Federate, 'copies' | 'told' | 'views'>

export interface ShownView {
  readonly keyspace: string
  readonly view: string
  /** What the statement calls it. */
  readonly alias: string
  /** MySQL puts its query into the statement; else its columns that are of tables are told as these. */
  readonly isMerged: boolean
}

/** A temporary table with rows of one table, in one place of the statement. */
export interface TableCopy {
  readonly name: string
  /** The statement that makes it (a binary string). */
  readonly create: string
  /**
   * The same with columns that are generated, for the server to see what depends on what. They are values once that is known.
   */
  readonly createGenerated?: string
  /** The same without uniqueness, for rows of several shards of which only each shard knows that it has them once. */
  readonly createLoose: string
  /** Names of its columns, quoted. */
  readonly columns: readonly string[]
  readonly rows: CopySource
  /** Columns whose values other copies are reduced by, with the character set of texts. */
  readonly kept: ReadonlyMap<number, string | undefined>
  /** What clients are told instead, of columns that are its own. */
  readonly shown: ShownTable
}

export type CopySource =
  /**
   * Each row's values, to be written down again `as` they are. `reduced`: instead, rows whose columns have values that copies
   * filled before have, as far as these are not too many: by the route of the column of which they are the smallest part.
   */
  | {
      readonly kind: 'Pulled'
      readonly rows: RowsPrimitive
      readonly as: readonly CopiedAs[]
      readonly reduced: readonly ReducedRows[]
      /** Rows that are alike count once: shards have left out those of their own. */
      readonly distinct?: true
    }
  /** The rows of another copy. */
  | { readonly kind: 'Copied'; readonly from: string }
  /** None: what is asked of the table is asked of groups, or nothing but whether its columns are there. */
  | { readonly kind: 'None' }

/** A column of the table, and that of another copy whose values it must have. */
export interface ReducedRows {
  readonly from: string
  /** Number of the column there. */
  readonly column: number
  /** Name of the table's own, quoted. */
  readonly name: string
  /** About how many values the two have in all. */
  readonly among: number
  /** To where these values are. It asks for those of all columns, which it has as its outer rows: in the order of `reduced`. */
  readonly rows: Route
}

/**
 * How a value's text becomes a literal: a number as it stands, `quoted`, as the bytes that it is, as Unicode text (`json`);
 * `timestamp`: seconds since 1970; `member`: number of an ENUM's member, 0 for none of them.
 */
export type CopiedAs = 'number' | 'quoted' | 'bytes' | 'json' | 'timestamp' | 'member'

export interface ShownTable {
  readonly keyspace: string
  readonly table: string
  /** What the statement calls it. */
  readonly alias: string
  /** Flags of its columns for being part of keys. */
  readonly keyFlags: ReadonlyMap<string, number>
}

// -------------------------------------------------------------------------------------------- others

/** SET, USE, BEGIN, SHOW …: the session answers, from the statement itself. */
export interface OwnStatement {
  readonly kind: 'Session'
}

/** Understood but not planned: error 1235 that names the construct, never a wrong answer. A shortcut may still answer. */
export interface Unsupported {
  readonly kind: 'Unsupported'
  readonly construct: string
  /** Keyspace with a table whose columns have not been read yet, without which it cannot be planned. */
  readonly unread?: string
  /** It names this table, which no server has: the error is 1146. */
  readonly missing?: { readonly keyspace: string; readonly table: string }
}
