import type { ColumnName, Expr, UserVariable, VariableScope } from './expr.ts'
import type { Alias, Literal, Span, TableName } from './node.ts'
import type { LimitClause, OrderItem, Query, SelectItem, TableExpr, With } from './query.ts'

interface StatementBase {
  readonly span: Span
}

/** `column = value` of UPDATE, INSERT … SET and ON DUPLICATE KEY UPDATE. */
export interface Assignment {
  readonly kind: 'Assignment'
  readonly column: ColumnName
  /** `:=` was written for `=`. */
  readonly operator?: ':='
  readonly value: Expr
  readonly span: Span
}

export interface InsertRow {
  readonly kind: 'InsertRow'
  readonly values: readonly Expr[]
  readonly span: Span
}

/** VALUES (…), (…). With `slot`, `rows` is empty: the rows are `scan.slots[slot]`, of kind 'rows'. */
export interface InsertValues {
  readonly kind: 'InsertValues'
  readonly keyword: 'VALUES' | 'VALUE'
  readonly rows: readonly InsertRow[]
  readonly slot?: number
  readonly span: Span
}

export interface InsertSet {
  readonly kind: 'InsertSet'
  readonly assignments: readonly Assignment[]
  readonly span: Span
}

/** `AS new(a, b)`: names for the row to be inserted. */
export interface RowAlias {
  readonly kind: 'RowAlias'
  readonly name: string
  /** The name is a keyword that is not reserved, and was written without quotes. */
  readonly bareKeyword?: true
  readonly columns?: readonly string[]
  readonly span: Span
}

export interface Insert extends StatementBase {
  readonly kind: 'Insert'
  readonly verb: 'INSERT' | 'REPLACE'
  readonly hints?: readonly string[]
  readonly priority?: 'LOW_PRIORITY' | 'DELAYED' | 'HIGH_PRIORITY'
  readonly ignore: boolean
  /** INTO was written. */
  readonly into: boolean
  readonly table: TableName
  readonly partitions?: readonly string[]
  /** Absent without a column list; `()` is empty. */
  readonly columns?: readonly ColumnName[]
  readonly source: InsertValues | InsertSet | Query
  readonly rowAlias?: RowAlias
  readonly onDuplicate?: readonly Assignment[]
  readonly returning?: readonly SelectItem[]
}

export interface Update extends StatementBase {
  readonly kind: 'Update'
  readonly with?: With
  readonly hints?: readonly string[]
  readonly lowPriority: boolean
  readonly ignore: boolean
  readonly tables: readonly TableExpr[]
  readonly set: readonly Assignment[]
  readonly where?: Expr
  readonly orderBy?: readonly OrderItem[]
  readonly limit?: LimitClause
  readonly returning?: readonly SelectItem[]
}

/** A table that a multi-table DELETE deletes from; `star`: written `t.*`. */
export interface DeleteTarget {
  readonly kind: 'DeleteTarget'
  readonly name: TableName
  readonly star: boolean
  readonly span: Span
}

/**
 * `form`: 'single' is DELETE FROM t …; 'from' is DELETE targets FROM tables; 'using' is
 * DELETE FROM targets USING tables. A single-table delete has no targets.
 */
export interface Delete extends StatementBase {
  readonly kind: 'Delete'
  readonly with?: With
  readonly hints?: readonly string[]
  /** LOW_PRIORITY, QUICK, IGNORE in the order of the text. */
  readonly modifiers: readonly ('LOW_PRIORITY' | 'QUICK' | 'IGNORE')[]
  readonly form: 'single' | 'from' | 'using'
  readonly targets: readonly DeleteTarget[]
  readonly from: readonly TableExpr[]
  readonly where?: Expr
  readonly orderBy?: readonly OrderItem[]
  readonly limit?: LimitClause
  readonly returning?: readonly SelectItem[]
}

export interface Call extends StatementBase {
  readonly kind: 'Call'
  readonly name: TableName
  /** Absent without parentheses. */
  readonly args?: readonly Expr[]
}

export interface Do extends StatementBase {
  readonly kind: 'Do'
  readonly items: readonly SelectItem[]
}

/** Values that SET takes as words: ON, ALL, BINARY, ROW, SYSTEM; DEFAULT is the expression Default. */
export interface WordValue {
  readonly kind: 'WordValue'
  readonly word: string
  readonly span: Span
}

/**
 * One system variable: `SET [GLOBAL] name = value` (`at` false) or `SET @@[global.]name = value` (`at` true).
 * `operator` keeps `:=`.
 */
export interface SetVariable {
  readonly kind: 'SetVariable'
  readonly at: boolean
  readonly scope?: VariableScope
  readonly name: string
  readonly operator: '=' | ':='
  readonly value: Expr | WordValue
  readonly span: Span
}

export interface SetUserVariable {
  readonly kind: 'SetUserVariable'
  readonly target: UserVariable
  readonly operator: '=' | ':='
  readonly value: Expr
  readonly span: Span
}

/** `SET NAMES charset [COLLATE collation]`; without charset: DEFAULT. `operator`: SET NAMES = DEFAULT is none. */
export interface SetNames {
  readonly kind: 'SetNames'
  readonly charset?: string
  readonly collation?: string
  readonly span: Span
}

/** `SET CHARACTER SET charset`, `SET CHARSET charset`; without charset: DEFAULT. */
export interface SetCharset {
  readonly kind: 'SetCharset'
  readonly keyword: 'CHARACTER SET' | 'CHARSET'
  readonly charset?: string
  readonly span: Span
}

export type SetItem = SetVariable | SetUserVariable | SetNames | SetCharset

export interface SetStatement extends StatementBase {
  readonly kind: 'Set'
  readonly items: readonly SetItem[]
}

/** `SET [GLOBAL|SESSION] TRANSACTION …`; without scope it is for the next transaction only. */
export interface SetTransaction extends StatementBase {
  readonly kind: 'SetTransaction'
  readonly scope?: 'GLOBAL' | 'SESSION' | 'LOCAL' | 'PERSIST' | 'PERSIST_ONLY'
  readonly isolation?: 'READ UNCOMMITTED' | 'READ COMMITTED' | 'REPEATABLE READ' | 'SERIALIZABLE'
  readonly access?: 'READ ONLY' | 'READ WRITE'
  /** READ … was written before ISOLATION LEVEL. */
  readonly accessFirst?: true
}

/**
 * What SHOW shows. `what` is the words behind SHOW and its modifiers, upper case: 'VARIABLES', 'STATUS', 'TABLES',
 * 'TABLE STATUS', 'COLUMNS' (also FIELDS), 'INDEX' (also INDEXES, KEYS), 'DATABASES' (also SCHEMAS), 'WARNINGS',
 * 'ERRORS', 'COUNT WARNINGS', 'COUNT ERRORS', 'CREATE TABLE', 'CREATE VIEW', 'CREATE DATABASE', 'ENGINES',
 * 'COLLATION', 'CHARACTER SET', 'PROCESSLIST', 'PLUGINS', 'TRIGGERS', 'PRIVILEGES', 'GRANTS' (one's own), 'VITESS_SHARDS',
 * 'VSCHEMA TABLES' …; anything else is 'OTHER'.
 */
export interface Show extends StatementBase {
  readonly kind: 'Show'
  readonly what: string
  readonly scope?: 'GLOBAL' | 'SESSION' | 'LOCAL'
  readonly full?: true
  readonly extended?: true
  /** The table of COLUMNS, INDEX, CREATE TABLE, CREATE VIEW, VSCHEMA VINDEXES … */
  readonly table?: TableName
  /** The name in CREATE PROCEDURE, FUNCTION, TRIGGER, EVENT, which is otherwise OTHER. */
  readonly program?: TableName
  /** FROM/IN schema, or the name of CREATE DATABASE. */
  readonly database?: string
  /** CREATE DATABASE IF NOT EXISTS. */
  readonly ifNotExists?: true
  readonly like?: Literal
  readonly where?: Expr
  readonly limit?: LimitClause
  /** The whole statement as written, names and literals as nodes: what is sent on. */
  readonly pieces: readonly Piece[]
}

/** `USE target`: a schema or keyspace name, perhaps with shard and tablet type. */
export interface Use extends StatementBase {
  readonly kind: 'Use'
  readonly target: string
}

/** BEGIN [WORK] or START TRANSACTION. */
export interface Begin extends StatementBase {
  readonly kind: 'Begin'
  readonly syntax: 'BEGIN' | 'BEGIN WORK' | 'START TRANSACTION'
  /** START TRANSACTION's in the order of the text. */
  readonly modifiers: readonly ('READ ONLY' | 'READ WRITE' | 'WITH CONSISTENT SNAPSHOT')[]
}

export interface EndTransaction extends StatementBase {
  readonly kind: 'Commit' | 'Rollback'
  readonly work: boolean
  /** Absent: by @@completion_type. */
  readonly chain?: boolean
  readonly release?: boolean
}

/** SAVEPOINT s; ROLLBACK [WORK] TO [SAVEPOINT] s; RELEASE SAVEPOINT s. */
export interface Savepoint extends StatementBase {
  readonly kind: 'Savepoint' | 'RollbackTo' | 'ReleaseSavepoint'
  readonly name: string
  readonly work?: true
  readonly keyword?: true
}

export interface Kill extends StatementBase {
  readonly kind: 'Kill'
  /** MariaDB: whether unsafe ends are allowed (HARD, the default) or not. */
  readonly force?: 'HARD' | 'SOFT'
  readonly what?: 'CONNECTION' | 'QUERY'
  readonly id: Expr
}

/** CONCLUDE TRANSACTION 'id': ends an atomic transaction that was left half done. Shardgate's own. */
export interface ConcludeTransaction extends StatementBase {
  readonly kind: 'ConcludeTransaction'
  readonly id: Literal
}

/** EXPLAIN of a statement. `options`: what stands between the verb and the statement, word for word. */
export interface Explain extends StatementBase {
  readonly kind: 'Explain'
  readonly verb: 'EXPLAIN' | 'DESCRIBE' | 'DESC'
  readonly analyze: boolean
  /** Upper case: TRADITIONAL, JSON, TREE, VITESS … */
  readonly format?: string
  readonly into?: UserVariable
  readonly options: readonly Piece[]
  readonly statement: Statement
}

/** EXPLAIN … FOR CONNECTION n. */
export interface ExplainConnection extends StatementBase {
  readonly kind: 'ExplainConnection'
  readonly verb: 'EXPLAIN' | 'DESCRIBE' | 'DESC'
  readonly options: readonly Piece[]
  readonly connection: Expr
}

/** DESCRIBE table [column or pattern]. */
export interface DescribeTable extends StatementBase {
  readonly kind: 'DescribeTable'
  readonly verb: 'EXPLAIN' | 'DESCRIBE' | 'DESC'
  readonly table: TableName
  readonly column?: string
  readonly pattern?: Literal
}

export interface VExplain extends StatementBase {
  readonly kind: 'VExplain'
  readonly mode?: 'PLAN' | 'QUERIES' | 'ALL' | 'TRACE' | 'KEYS' | 'MYSQLPLAN' | 'RULES'
  readonly statement: Statement
}

export interface Prepare extends StatementBase {
  readonly kind: 'Prepare'
  readonly name: string
  /** A string or a user variable; in MariaDB any expression. */
  readonly from: Expr
}

export interface Execute extends StatementBase {
  readonly kind: 'Execute'
  readonly name: string
  readonly using: readonly Expr[]
}

export interface Deallocate extends StatementBase {
  readonly kind: 'Deallocate'
  readonly verb: 'DEALLOCATE' | 'DROP'
  readonly name: string
}

export interface TableLock {
  readonly kind: 'TableLock'
  readonly table: TableName
  readonly alias?: Alias
  readonly lock: 'READ' | 'READ LOCAL' | 'WRITE' | 'LOW_PRIORITY WRITE' | 'WRITE CONCURRENT'
  readonly span: Span
}

/** GET DIAGNOSTICS, outside of stored programs: into user variables. */
export interface GetDiagnostics extends StatementBase {
  readonly kind: 'GetDiagnostics'
  readonly area?: 'CURRENT' | 'STACKED'
  /** The number of the condition that is asked for; absent: about the statement as a whole. */
  readonly condition?: Expr
  readonly items: readonly DiagnosticsItem[]
}

export interface DiagnosticsItem {
  readonly kind: 'DiagnosticsItem'
  /** A name is that of a variable of a stored program. */
  readonly target: UserVariable | string
  /** `NUMBER`, `MESSAGE_TEXT` …, in upper case. */
  readonly name: string
  readonly span: Span
}

export interface LockTables extends StatementBase {
  readonly kind: 'LockTables'
  readonly keyword: 'TABLES' | 'TABLE'
  readonly tables: readonly TableLock[]
  /** MariaDB: how many seconds to wait, 'NOWAIT' for none. */
  readonly wait?: Literal | 'NOWAIT'
}

export interface UnlockTables extends StatementBase {
  readonly kind: 'UnlockTables'
  readonly keyword: 'TABLES' | 'TABLE'
}

/** Verbatim source text between nodes that a rewrite may want to change. */
export type Piece = string | TableName | Query | Literal | Expr

export type DdlVerb = 'create' | 'alter' | 'drop' | 'rename' | 'truncate'

/** Lower case: 'table', 'view', 'index', 'database', 'procedure', 'function', 'trigger', 'event', 'user', … */
export type DdlObject = string

/**
 * A DDL statement: its leading part understood, the rest word for word in `pieces`, in which
 * the names (and the query of CREATE TABLE … SELECT, CREATE VIEW … AS) stand as nodes.
 */
export interface Ddl extends StatementBase {
  readonly kind: 'Ddl'
  readonly verb: DdlVerb
  readonly object: DdlObject
  readonly temporary: boolean
  readonly ifExists: boolean
  readonly ifNotExists: boolean
  readonly orReplace: boolean
  /** The tables or views concerned: of an index or trigger the table it belongs to; of RENAME old, new, old, new … */
  readonly names: readonly TableName[]
  /** Name of the object itself where it is not a table or view: index, trigger, database, procedure, user … */
  readonly objectName?: TableName
  /** CREATE TABLE … LIKE source. */
  readonly like?: TableName
  /** CREATE TABLE … SELECT, CREATE VIEW … AS SELECT. */
  readonly query?: Query
  /** Foreign keys' REFERENCES, in the order of the text. */
  readonly references: readonly TableName[]
  /** ALTER VSCHEMA: what is changed. */
  readonly vschema?: VschemaChange
  readonly pieces: readonly Piece[]
}

/** A parameter of a vindex; a name's text, or a literal. */
export interface VindexParam {
  readonly name: string
  readonly value: Literal | string
}

/** `USING type [WITH name = value, …]`; `owner` is one of the parameters. */
export interface VindexType {
  readonly type: string
  readonly params: readonly VindexParam[]
}

/** What vtgate's ALTER VSCHEMA changes. */
export type VschemaChange =
  | { readonly kind: 'CreateVindex'; readonly vindex: TableName; readonly using: VindexType }
  | { readonly kind: 'DropVindex'; readonly vindex: TableName }
  | {
      readonly kind: 'AddTable' | 'DropTable' | 'AddSequence' | 'DropSequence'
      readonly table: TableName
    }
  | {
      readonly kind: 'AddColumnVindex'
      readonly table: TableName
      readonly vindex: TableName
      readonly columns: readonly string[]
      readonly using?: VindexType
    }
  | { readonly kind: 'DropColumnVindex'; readonly table: TableName; readonly vindex: TableName }
  | {
      readonly kind: 'AddAutoIncrement'
      readonly table: TableName
      readonly column: string
      readonly sequence: TableName
    }
  | { readonly kind: 'DropAutoIncrement'; readonly table: TableName }

/** ANALYZE, CHECK, CHECKSUM, OPTIMIZE, REPAIR TABLE and CACHE INDEX, LOAD INDEX: statements on a list of tables. */
export interface TableAdmin extends StatementBase {
  readonly kind: 'TableAdmin'
  readonly verb: 'ANALYZE' | 'CHECK' | 'CHECKSUM' | 'OPTIMIZE' | 'REPAIR'
  readonly tables: readonly TableName[]
  readonly pieces: readonly Piece[]
}

/** LOAD DATA and LOAD XML. `pieces` are all of it; what `reading` has stands there, too. */
export interface Load extends StatementBase {
  readonly kind: 'Load'
  readonly format: 'DATA' | 'XML'
  readonly local: boolean
  readonly file: Literal
  readonly table: TableName
  readonly reading?: FileReading
  readonly pieces: readonly Piece[]
}

/** How LOAD DATA LOCAL reads its file. */
export interface FileReading {
  readonly duplicates?: 'REPLACE' | 'IGNORE'
  /** By its name, in lower case. */
  readonly charset?: string
  readonly fields: {
    readonly terminated?: Literal
    readonly enclosed?: Literal
    readonly escaped?: Literal
  }
  readonly lines: { readonly starting?: Literal; readonly terminated?: Literal }
  /** The statement up to here. */
  readonly head: readonly Piece[]
  /** IGNORE n LINES. */
  readonly skippedLines?: Literal
  readonly columns?: readonly LoadedColumn[]
  readonly set: readonly { readonly column: ColumnName; readonly value: Expr }[]
}

/** What a field of the file goes to. */
export type LoadedColumn = ColumnName | UserVariable

/** FLUSH …: `local` is NO_WRITE_TO_BINLOG or LOCAL. */
export interface Flush extends StatementBase {
  readonly kind: 'Flush'
  readonly local: boolean
  /** Upper case words: TABLES, STATUS, … */
  readonly options: readonly string[]
  readonly tables: readonly TableName[]
  readonly pieces: readonly Piece[]
}

/** A distributed transaction's id: `gtrid [, bqual [, formatID]]`. */
export interface Xid {
  readonly gtrid: Literal
  readonly bqual?: Literal
  readonly formatId?: Literal
}

/** `option`: the words behind the id. RECOVER has no id. */
export interface Xa {
  readonly kind: 'Xa'
  readonly action: 'START' | 'END' | 'PREPARE' | 'COMMIT' | 'ROLLBACK' | 'RECOVER'
  readonly xid?: Xid
  readonly option?: 'JOIN' | 'RESUME' | 'SUSPEND' | 'SUSPEND FOR MIGRATE' | 'ONE PHASE' | 'CONVERT XID'
}

/** HANDLER: `table` is an alias once the handler is open. READ's index, key, WHERE and LIMIT are pieces only. */
export interface Handler {
  readonly kind: 'Handler'
  readonly action: 'OPEN' | 'READ' | 'CLOSE'
  readonly table: TableName
  readonly alias?: string
}

/**
 * A statement whose content is not the proxy's business, classified by its leading word (upper case). Of XA and HANDLER,
 * which hold something on their connection, `detail` tells what they do.
 */
export interface Other extends StatementBase {
  readonly kind: 'Other'
  readonly verb: string
  readonly detail?: Xa | Handler
  readonly pieces: readonly Piece[]
}

/** A text of blanks and comments only; `comment`: there was a comment (MySQL answers OK, not error 1065). */
export interface Empty extends StatementBase {
  readonly kind: 'Empty'
  readonly comment: boolean
}

export type Statement =
  | Query
  | Insert
  | Update
  | Delete
  | Call
  | Do
  | SetStatement
  | SetTransaction
  | Show
  | Use
  | Begin
  | EndTransaction
  | Savepoint
  | Kill
  | ConcludeTransaction
  | Explain
  | ExplainConnection
  | DescribeTable
  | VExplain
  | Prepare
  | Execute
  | Deallocate
  | GetDiagnostics
  | LockTables
  | UnlockTables
  | Ddl
  | TableAdmin
  | Load
  | Flush
  | Other
  | Empty
