import type { ForeignKey } from '../values/foreign-key.ts'
import type { Value, ValueType } from '../values/value.ts'
import type { LookupVindex, SingleColumnVindex, Vindex } from '../vindex/vindex.ts'
import type { CopiedAs, RowsPrimitive } from './primitives.ts'
import type { RoutedColumn, Routing } from './routing.ts'
import type { QueryTemplate, QueryText } from './text.ts'
import type { PlanValue } from './values.ts'

/** What writes, and answers one OK. */
export type WritePrimitive =
  | SendWrite
  | ChosenWrite
  | SplitInsert
  | SelectedInsert
  | LoadFile
  | StagedLoad
  | RunDdl

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
  /** Its key is all of a row: those that are alike are so many rows, which one statement changes, with a LIMIT of their number. */
  readonly isWhole?: boolean
  /** Every shard has the rows (a reference table): all of them change alike, and count once. */
  readonly replicated?: boolean
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
  /**
   * MariaDB's DELETE … RETURNING: each row answers one, in the order in which they are chosen. A query of no rows in the same columns,
   * of which the server says nothing where nothing is deleted.
   */
  readonly returning?: QueryText
}

/** What has to follow when rows change: lookup tables, rows that refer to them, and the shard of a row that gets another keyspace id. */
export interface Upkeep {
  readonly lookups: readonly KeptLookup[]
  readonly foreignKeys?: KeptForeignKeys
  /**
   * The rows of one shard as they are afterwards, by the keys that chosen ones get: columns as those have, up to the last that feeds
   * a lookup table. Absent: they are gone.
   */
  readonly after?: QueryText
  /** For each column of the key, where chosen rows have what it is assigned; absent where the key stays. */
  readonly newKey?: readonly NewKeyColumn[]
  /** IGNORE: a row for which the new key is taken keeps its own. */
  readonly keepsKey?: true
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

/** Foreign keys that the proxy looks after, in the order in which they are. */
export interface KeptForeignKeys {
  /** Of the table: what rows that have changed refer to must be there. */
  readonly own: readonly KeptForeignKey[]
  /** Of rows that refer to those that change. */
  readonly toIt: readonly KeptForeignKey[]
}

/** A foreign key, and which columns of chosen rows its own values are, or those that are referred to. */
export interface KeptForeignKey {
  readonly key: ForeignKey
  readonly columns: readonly number[]
}

/** How one shard gives rows away, by their keys as `Upkeep.after` tells them, and another takes them. */
export interface RowMove {
  readonly table: string
  /** Rows that refer to it follow by the proxy's doing. */
  readonly keepsForeignKeys?: true
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
  /** One for each column of a row, and for what is read beside it. */
  readonly into: readonly WrittenInto[]
  /** Each row has a statement of its own, in which what is read beside it stands as cells of outer rows. */
  readonly oneByOne?: true
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
  /** Vindexes of other columns, which find the row by these: what it has there must belong to its keyspace id. */
  readonly verified?: readonly VerifiedVindex[]
  /** `ignore`: rows that map nowhere are dropped, as MySQL drops rows that INSERT IGNORE refuses. */
  readonly ignore: boolean
  readonly autoIncrement?: DrawnIds
  /** MariaDB's RETURNING: each row answers one, but for those that IGNORE leaves out or ON DUPLICATE KEY UPDATE does not change. */
  readonly returning?: 'each' | 'some'
  /** Without a sequence: the shards' own AUTO_INCREMENT column. No offset: rows do not name it. */
  readonly counter?: { readonly offset?: number }
  /** It says itself what LAST_INSERT_ID() will be: `… ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id)`. */
  readonly setsInsertId?: true
  readonly entered?: EnteredRows
  /**
   * The table has foreign keys, which servers look at ahead of all other keys, and leave alone what refers to a row where that is
   * replaced by its like (MySQL 9.6).
   */
  readonly looksFirst?: true
  /** Queries in its rows: what they give stands there as cells of outer rows, of one row. */
  readonly reads?: ReadCells
}

/** A vindex of one column that no lookup table is kept for. */
export interface VerifiedVindex {
  readonly vindex: SingleColumnVindex
  readonly column: VindexColumn
}

/** One row of values that are asked of all shards before any row is written. */
export interface ReadCells extends RowsFirst {
  /** What each is written into, or computed with. */
  readonly into: readonly WrittenInto[]
}

/** How rows of an INSERT are entered in the lookup tables that their table owns. */
export interface EnteredRows {
  readonly lookups: readonly EnteredLookup[]
  /** Foreign keys of the table whose rows must be there: the proxy looks. */
  readonly references?: readonly EnteredForeignKey[]
  /** IGNORE, REPLACE, ON DUPLICATE KEY UPDATE: what is done where a row meets others. */
  readonly met?: MetRows
}

/** A lookup table, and the columns of inserted rows that feed it. */
export interface EnteredLookup {
  readonly lookup: OwnedLookup
  readonly columns: readonly VindexColumn[]
}

/** A foreign key, and the columns of inserted rows that are in it. */
export interface EnteredForeignKey {
  readonly key: ForeignKey
  readonly columns: readonly VindexColumn[]
  /** The key is to the table itself: where inserted rows have what it refers to. */
  readonly itself?: readonly VindexColumn[]
}

/** Rows that are there already, as an inserted one meets them. */
export interface MetRows {
  /** Offsets in an inserted row of the columns that are in a unique key, and of those that a key which a met row gets is made of. */
  readonly keyColumns: readonly VindexColumn[]
  /** Rows of one shard that have the values of such a key: their own key, what places them, what feeds lookup tables, the key that they get. */
  readonly rows: QueryText
  /** Columns of their key. */
  readonly keyWidth: number
  /** Those of an inserted row; absent where the shard draws a number for it. */
  readonly primary?: readonly VindexColumn[]
  readonly charsets: ReadonlyMap<number, string>
  readonly routing: Routing
  /** Columns of an inserted row that others refer to, in the order of `upkeep.foreignKeys.toIt`. */
  readonly referred?: readonly (readonly VindexColumn[])[]
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
  /** SQL text (a binary string), without its name, that defines it in another table, of which it may be NULL. */
  readonly definition?: string
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
  /** An expression that has one value for the whole statement, and for a server that is asked before: but for columns of dates where it is a time of today. */
  readonly isConstant?: true | 'but for dates'
}

/**
 * NULL, DEFAULT and (without NO_AUTO_VALUE_ON_ZERO) 0 in this column draw from the sequence. When the
 * statement does not name the column, `appended` is true: rows get one more cell at the end.
 */
export interface DrawnIds {
  readonly column: string
  readonly offset: number
  readonly appended: boolean
  /** As rows name it; absent where they do not. */
  readonly written?: VindexColumn
  /** Of the column, where it is known. */
  readonly type?: ValueType
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
  /** How it is done where only a server can tell lines from each other. */
  readonly staged?: StagedLoad
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

/**
 * LOAD DATA LOCAL and LOAD XML LOCAL of rows that only are known when a server has read them: one reads the client's file into a
 * temporary table like the one that is meant, with the name of that, and its rows are inserted where they belong.
 */
export interface StagedLoad extends Pick<SelectedInsert, 'construct' | 'into' | 'insert'> {
  readonly kind: 'StagedLoad'
  readonly verb: 'load'
  readonly keyspace: string
  readonly table: string
  readonly file: PlanValue
  /** Makes the temporary table (a binary string): without keys, and with NULL in the column that is numbered. */
  readonly stage: string
  readonly query: QueryText
  /** Columns of the rows, in their order. */
  readonly columns: readonly string[]
  /** The column of those that is numbered. */
  readonly numbered?: string
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
  /**
   * Servers look on their own shards for what the rows refer to, and may not find it though it is there: then they do it without
   * looking. With the keys that it adds, each with a query (a binary string) of a row that refers to what is nowhere.
   */
  readonly unchecked?: readonly { readonly key: ForeignKey; readonly orphans: string }[]
  /** A shard that has carried it out refuses it when it comes again, or stays as it is. */
  readonly isRepeatable: boolean
  /** Takes it back (a binary string) from shards that have carried it out where others refuse: what it has made is empty. */
  readonly undoneBy?: string
  /** What shards count, they count of the same: rows of reference tables, which are on every shard. */
  readonly countsOnce: boolean
  /** Tables that are made on all shards though no VSchema names them: the client is warned. */
  readonly unnamed: readonly { readonly keyspace: string; readonly table: string }[]
  /** What follows in another keyspace. */
  readonly then?: RunDdl
  /** LIKE a table of another keyspace, which its definition takes the place of behind `head` (a binary string). */
  readonly like?: { readonly keyspace: string; readonly name: string; readonly head: string }
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
