import type { Value } from '../values/value.ts'
import type { LookupVindex, Vindex } from '../vindex/vindex.ts'
import type { RoutedColumn, Routing } from './routing.ts'
import type { QueryTemplate, QueryText } from './text.ts'
import type { PlanValue } from './values.ts'

/** Node of the executable tree: what reads answers rows, what writes answers one OK. */
export type Primitive =
  | RowsPrimitive
  | WritePrimitive
  | WriteOverCopies
  | LockTables
  | OwnStatement
  | Unsupported

// ---------------------------------------------------------------------------------------------- rows

export function answersRows(root: Primitive): root is RowsPrimitive {
  switch (root.kind) {
    case 'Ddl':
    case 'WriteOverCopies':
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

// -------------------------------------------------------------------------------------------- writes

export type WritePrimitive = SendWrite | ChosenWrite | SplitInsert | SelectedInsert | LoadFile | RunDdl

/** UPDATE, DELETE and other statements that answer one OK packet: sent to every shard of the routing, all or none. */
export interface SendWrite {
  readonly kind: 'Write'
  readonly verb: 'update' | 'delete' | 'replace' | 'insert' | 'other'
  readonly routing: Routing
  readonly query: QueryText
  /**
   * Set when the statement is only right while one shard runs it (LIMIT, for one): the construct that
   * error 1235 names when the routing meets several shards.
   */
  readonly singleShardOnly?: string
  /** How several shards do what is only right on one as it is. */
  readonly several?: ChosenWrite | SelectedInsert
  /** It says with each row that it changes what LAST_INSERT_ID() is: only one shard may have such rows. */
  readonly setsInsertId?: true
  /** MariaDB's DELETE … RETURNING: it answers rows. */
  readonly returning?: true
  /** Every shard has the same rows (a reference table): affected rows count once, not once a shard. */
  readonly replicated?: boolean
  /** Rows of an INSERT that may bring values for MySQL's own AUTO_INCREMENT column, at `offset` in each. */
  readonly counted?: CountedRows
}

/** Rows that are read, and locked, before any is written. */
export interface RowsFirst {
  /** What error 1235 names where they cannot be had. */
  readonly construct: string
  readonly rows: RowsPrimitive
  /** The same over copies of the tables, for rows that turn out, when they come, to need them. */
  readonly overCopies?: RowsPrimitive
}

/**
 * UPDATE or DELETE of rows that only several shards together can choose: a query locks them and tells their keys, then each shard
 * changes those that are its own. One transaction sees all of it.
 */
export interface ChosenWrite extends RowsFirst {
  readonly kind: 'ChosenWrite'
  readonly verb: 'update' | 'delete'
  /**
   * A row for each that is to be changed, perhaps several times: its key and what its shard is told by, so many columns together, then
   * new values. Two shards may have rows of one key.
   */
  readonly keyWidth: number
  /** Columns that hold what shards are to write as it is, for they cannot compute it. */
  readonly assigned: readonly AssignedColumn[]
  /** Character sets of columns that hold texts: their bytes come. */
  readonly charsets: ReadonlyMap<number, string>
  /** Of one row, by its cells. */
  readonly routing: Routing
  /** For rows of one shard that get the same values, or for none: their keys stand in it, and the values. */
  readonly query: QueryText
  /** IGNORE: what is wrong with a value is no error. */
  readonly ignore: boolean
  /** The other tables that the statement changes: their rows are read before any is written, too. */
  readonly others?: readonly ChosenWrite[]
  readonly upkeep?: Upkeep
}

/** What has to follow when rows change: lookup tables, and the shard of a row that gets another keyspace id. */
export interface Upkeep {
  readonly lookups: readonly KeptLookup[]
  /**
   * The rows of one shard as they are afterwards, by the keys that chosen ones get: columns as those have, up to the last that feeds
   * a lookup table. Absent: they are gone.
   */
  readonly after?: QueryText
  /** For each column of the key, where chosen rows have what it is assigned; absent where the key stays. */
  readonly newKey?: readonly NewKeyColumn[]
  /** Rows may belong on another shard afterwards. */
  readonly move?: RowMove
  /** Whether a row meets others depends on which have changed before it. */
  readonly oneByOne: boolean
  /** DELETE: a row that is not found afterwards is gone. */
  readonly deletes?: true
}

export interface NewKeyColumn {
  readonly column: number
  /** Of the table. */
  readonly name: string
  readonly routed?: RoutedColumn
}

/** A lookup table, and the columns of chosen rows that feed it. */
export interface KeptLookup {
  readonly lookup: OwnedLookup
  readonly columns: readonly number[]
}

/** How one shard gives rows away, by their keys as `Upkeep.after` tells them, and another takes them. */
export interface RowMove {
  readonly table: string
  /** All that is stored of the rows, to be written down again `as` it is. */
  readonly rows: QueryText
  readonly as: readonly CopiedAs[]
  readonly remove: QueryText
  /** Text ahead of the rows (a binary string). */
  readonly insert: string
}

/** A lookup table, as rows of the table that owns its vindex are entered in it. */
export interface OwnedLookup {
  readonly vindex: LookupVindex
  /** What a value that is there already is reported by. */
  readonly told: { readonly table: string; readonly key: string }
  readonly keyspace: string
  readonly table: string
  /** Its columns, for the values and for the keyspace id. */
  readonly from: readonly string[]
  readonly to: string
  /** The owner's keyspace. */
  readonly owner: string
  /** Rows of the owner on one shard that have the values of outer rows: the columns that place each, then the values. They are locked. */
  readonly owners: QueryText
  /** The same of outer rows that also have, behind the values, what places them: where that is all that a keyspace id comes from. */
  readonly alike?: QueryText
  /** Values are equal where their bytes are. */
  readonly isExact: boolean
  /** How many columns place a row. */
  readonly placingWidth: number
  /** Of one of these, by its cells. */
  readonly routing: Routing
  readonly charsets: ReadonlyMap<number, string>
}

export interface AssignedColumn {
  readonly column: number
  /** Of the table. */
  readonly name: string
  readonly into: WrittenInto
}

/** What a column of a table is: some values are others when their literal goes there. */
export type WrittenInto = 'number' | 'text' | 'time' | 'json'

/** INSERT and REPLACE … SELECT of rows that belong on other shards than those they come from: read first, they are placed as VALUES are. */
export interface SelectedInsert extends RowsFirst {
  readonly kind: 'SelectedInsert'
  readonly verb: 'insert' | 'replace'
  /** One for each column of a row. */
  readonly into: readonly WrittenInto[]
  /** The client has written VALUES with queries in them, which say nothing of one row. */
  readonly isValues?: true
  /** Without rows. */
  readonly insert: SplitInsert
}

export interface CountedRows {
  readonly rows: InsertedRows
  /** Number of columns that a row has. */
  readonly columnCount: number
  readonly offset: number
}

/** INSERT and REPLACE … VALUES into a sharded table: rows are mapped, grouped by shard, one statement a shard. */
export interface SplitInsert {
  readonly kind: 'Insert'
  readonly verb: 'insert' | 'replace'
  readonly keyspace: string
  readonly table: string
  /** Text before the rows, up to and including VALUES, and what follows the rows (ON DUPLICATE KEY UPDATE …). */
  readonly head: QueryTemplate
  readonly tail: QueryTemplate
  readonly rows: InsertedRows
  /** Number of columns a row must have (1136 otherwise). */
  readonly columnCount: number
  /** The primary vindex: which columns of a row feed it. */
  readonly vindex: Vindex
  readonly vindexColumns: readonly VindexColumn[]
  /** `ignore`: rows that map nowhere are dropped, as MySQL drops rows that INSERT IGNORE refuses. */
  readonly ignore: boolean
  readonly autoIncrement?: DrawnIds
  /** MariaDB's RETURNING: each row answers one. */
  readonly returning?: true
  /** Without a sequence: the shards' own AUTO_INCREMENT column. No offset: rows do not name it. */
  readonly counter?: { readonly offset?: number }
  /** It says itself what LAST_INSERT_ID() will be: `… ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id)`. */
  readonly setsInsertId?: true
  readonly entered?: EnteredRows
}

/** How rows of an INSERT are entered in the lookup tables that their table owns. */
export interface EnteredRows {
  readonly lookups: readonly EnteredLookup[]
  /** IGNORE, REPLACE, ON DUPLICATE KEY UPDATE: what is done where a row meets others. */
  readonly met?: MetRows
}

/** A lookup table, and the columns of inserted rows that feed it. */
export interface EnteredLookup {
  readonly lookup: OwnedLookup
  readonly columns: readonly VindexColumn[]
}

/** Rows that are there already, as an inserted one meets them. */
export interface MetRows {
  /** Offsets in an inserted row of the columns that are in a unique key. */
  readonly keyColumns: readonly VindexColumn[]
  /** Rows of one shard that have the values of such a key: their own key, what places them, what feeds lookup tables. */
  readonly rows: QueryText
  /** Columns of their key. */
  readonly keyWidth: number
  /** Those of an inserted row; absent where the shard draws a number for it. */
  readonly primary?: readonly VindexColumn[]
  readonly charsets: ReadonlyMap<number, string>
  readonly routing: Routing
  /** By the keys of these. */
  readonly upkeep: Upkeep
  readonly remove: QueryText
}

export interface VindexColumn {
  readonly column: string
  /** Offset in the row; -1: rows do not name it. */
  readonly offset: number
  /** What the VSchema says of the column. */
  readonly routed?: RoutedColumn
  /** What DEFAULT stands for, and a row without the column has; absent where that is not known. */
  readonly usual?: Value
}

/** The rows: one template a row where they hold expressions, or all of them in one `rows` slot. */
export type InsertedRows =
  | { readonly kind: 'Slot'; readonly slot: number }
  | { readonly kind: 'Rows'; readonly rows: readonly InsertedRow[] }

/** A row's cells: their text, and their value where it is known without MySQL. */
export interface InsertedRow {
  readonly cells: readonly InsertedCell[]
}

export interface InsertedCell {
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
export interface DrawnIds {
  readonly column: string
  readonly offset: number
  readonly appended: boolean
  readonly sequence: { readonly keyspace: string; readonly table: string }
}

/**
 * LOAD DATA LOCAL into a table of several shards: each of them loads, by a statement of its own, lines of the client's file as they
 * are.
 */
export interface LoadFile {
  readonly kind: 'LoadFile'
  readonly verb: 'load'
  readonly keyspace: string
  readonly table: string
  readonly file: PlanValue
  readonly format: FileFormat
  /** IGNORE n LINES. */
  readonly skippedLines?: PlanValue
  /** What a shard runs over its lines. With an appended column of `autoIncrement`, they have its field in front of the others. */
  readonly query: QueryTemplate
  /** The statement for the only shard that there is. */
  readonly whole: QueryText
  /** What the fields of a line go to: columns, and user variables with an `@`, in lower case. */
  readonly fields: readonly string[]
  /** By which of its fields a line has its place; absent: every shard gets all (a reference table). */
  readonly placing?: Pick<SplitInsert, 'vindex' | 'vindexColumns'>
  readonly autoIncrement?: DrawnIds
}

export interface FileFormat {
  /** By its name, in lower case; absent: character_set_database. */
  readonly charset?: string
  readonly terminated?: PlanValue
  readonly enclosed?: PlanValue
  readonly escaped?: PlanValue
  readonly starting?: PlanValue
  readonly linesTerminated?: PlanValue
}

/** Something that DDL makes, changes or drops; its name is that on the shards. */
export interface DdlObject {
  readonly kind: 'TABLE' | 'PROCEDURE' | 'FUNCTION' | 'TRIGGER' | 'EVENT'
  readonly name: string
}

/** DDL: one statement to every shard of a keyspace, whose definitions are the same everywhere. */
export interface RunDdl {
  readonly kind: 'Ddl'
  readonly keyspace: string
  readonly routing: Routing
  readonly query: QueryText
  /** The statement ends an open transaction first, as MySQL does. */
  readonly implicitCommit: boolean
  /** Tables whose columns may have changed: the schema tracker reads them again. Empty: all of the keyspace. */
  readonly tables: readonly string[]
  /** What the statement is about; views are tables. Empty for what is compared with nothing. */
  readonly objects: readonly DdlObject[]
  /** A shard that has carried it out refuses it when it comes again, or stays as it is. */
  readonly isRepeatable: boolean
  /** What shards count, they count of the same: rows of reference tables, which are on every shard. */
  readonly countsOnce: boolean
  /** Tables that are made on all shards though no VSchema names them: the client is warned. */
  readonly unnamed: readonly { readonly keyspace: string; readonly table: string }[]
}

/** LOCK TABLES on all shards that have the tables, in one order. */
export interface LockTables {
  readonly kind: 'LockTables'
  readonly parts: readonly { readonly routing: Routing; readonly query: QueryText }[]
  readonly tables: readonly LockedTable[]
}

export interface LockedTable {
  /** As statements name it: where a routing rule sends it elsewhere, it is not the keyspace that has it. */
  readonly database: string
  /** By which statements name it: its alias, where it was locked by one. */
  readonly name: string
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
}
