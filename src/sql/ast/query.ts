import type { Expr, Interval, Param, Row, Star } from './expr.ts'
import type { Alias, Literal, Span, Subquery, TableName } from './node.ts'
import type { Piece } from './statement.ts'

/** Clauses that may follow any query expression, and what stands before it. */
export interface QueryBase {
  readonly span: Span
  /** Parentheses round the whole query, WITH and LIMIT included. */
  readonly parens?: number
  readonly with?: With
  readonly orderBy?: readonly OrderItem[]
  readonly limit?: LimitClause
  /** MariaDB: LIMIT … ROWS EXAMINED, which ends a query that has read so many rows. */
  readonly rowsExamined?: Expr
  readonly locks?: readonly Lock[]
  readonly into?: Into
}

export type SelectModifier =
  | 'ALL'
  | 'DISTINCT'
  | 'STRAIGHT_JOIN'
  | 'HIGH_PRIORITY'
  | 'SQL_SMALL_RESULT'
  | 'SQL_BIG_RESULT'
  | 'SQL_BUFFER_RESULT'
  | 'SQL_CALC_FOUND_ROWS'
  | 'SQL_NO_CACHE'
  | 'SQL_CACHE'

export interface Select extends QueryBase {
  readonly kind: 'Select'
  /** Text of each optimizer hint comment, with its delimiters. */
  readonly hints?: readonly string[]
  /** In the order of the text; DISTINCTROW is DISTINCT. */
  readonly modifiers: readonly SelectModifier[]
  readonly items: readonly SelectItem[]
  /** Comma-separated; empty without FROM. FROM DUAL is one `Dual`. */
  readonly from: readonly TableExpr[]
  readonly where?: Expr
  readonly groupBy?: GroupBy
  readonly having?: Expr
  readonly windows?: readonly NamedWindow[]
  readonly qualify?: Expr
  /** MariaDB: PROCEDURE name(args). */
  readonly procedure?: Expr
}

/**
 * Two or more operands joined by one operator, evaluated from left to right. A chain of one operator and
 * one quantifier is one node; where it changes, the chain so far is the first operand of the next node.
 */
export interface SetOperation extends QueryBase {
  readonly kind: 'SetOperation'
  readonly op: 'UNION' | 'INTERSECT' | 'EXCEPT'
  /** Absent: DISTINCT by default. */
  readonly quantifier?: 'ALL' | 'DISTINCT'
  readonly operands: readonly Query[]
}

/** `VALUES ROW(1,2), ROW(3,4)`. */
export interface ValuesQuery extends QueryBase {
  readonly kind: 'ValuesQuery'
  readonly rows: readonly Row[]
}

/** `TABLE t`. */
export interface TableQuery extends QueryBase {
  readonly kind: 'TableQuery'
  readonly name: TableName
}

/** A parenthesised query with clauses of its own behind or before it: `(SELECT …) ORDER BY a LIMIT 1`. */
export interface NestedQuery extends QueryBase {
  readonly kind: 'NestedQuery'
  readonly query: Query
}

export type Query = Select | SetOperation | ValuesQuery | TableQuery | NestedQuery

export interface SelectExpr {
  readonly kind: 'SelectExpr'
  readonly expr: Expr
  readonly alias?: Alias
  readonly span: Span
}

/** vtgate's `NEXT [n] VALUE[S]` from a sequence table, in a select list. */
export interface NextValues {
  readonly kind: 'NextValues'
  readonly count?: Literal | Param
  readonly span: Span
}

export type SelectItem = SelectExpr | Star | NextValues

export interface OrderItem {
  readonly kind: 'OrderItem'
  readonly expr: Expr
  readonly direction?: 'ASC' | 'DESC'
  readonly span: Span
}

export interface GroupBy {
  readonly kind: 'GroupBy'
  readonly items: readonly OrderItem[]
  /**
   * 'WITH': GROUP BY a WITH ROLLUP; 'FUNCTION': GROUP BY ROLLUP (a); 'CUBE': GROUP BY CUBE (a); 'SETS': GROUP BY
   * GROUPING SETS ((a, b), (a)), each item a row of what one set groups by (or one parenthesised expression).
   */
  readonly rollup?: 'WITH' | 'FUNCTION' | 'CUBE' | 'SETS'
  readonly span: Span
}

/** `LIMIT count`, `LIMIT count OFFSET offset`, or `LIMIT offset, count` (`comma`). */
export interface LimitClause {
  readonly kind: 'Limit'
  readonly count: Expr
  readonly offset?: Expr
  readonly comma?: true
  /** MariaDB: WITH TIES, so that rows equal to the last one in ORDER BY come as well. */
  readonly ties?: true
  readonly span: Span
}

export interface Lock {
  readonly kind: 'Lock'
  /** 'SHARE MODE' is LOCK IN SHARE MODE. */
  readonly mode: 'UPDATE' | 'SHARE' | 'SHARE MODE'
  readonly of?: readonly TableName[]
  readonly wait?: 'NOWAIT' | 'SKIP LOCKED'
  /** MariaDB: WAIT n seconds. */
  readonly waitSeconds?: Literal
  readonly span: Span
}

export interface Into {
  readonly kind: 'Into'
  /** Where it stood: before FROM, before the locking clause, or at the end. */
  readonly place: 'items' | 'lock' | 'end'
  readonly target: IntoTarget
  readonly span: Span
}

export type IntoTarget =
  | { readonly kind: 'IntoVariables'; readonly variables: readonly Expr[] }
  | { readonly kind: 'IntoDumpfile'; readonly file: Literal }
  /** `options`: character set, FIELDS, LINES, word for word. */
  | { readonly kind: 'IntoOutfile'; readonly file: Literal; readonly options: readonly Piece[] }

export interface With {
  readonly kind: 'With'
  readonly recursive: boolean
  readonly tables: readonly Cte[]
  readonly span: Span
}

export interface Cte {
  readonly kind: 'Cte'
  readonly name: string
  /** The name is a keyword without quotes. */
  readonly bareKeyword?: true
  readonly columns?: readonly string[]
  readonly query: Subquery
  /** MariaDB: CYCLE columns RESTRICT. */
  readonly cycle?: readonly string[]
  readonly span: Span
}

export interface NamedWindow {
  readonly kind: 'NamedWindow'
  readonly name: string
  readonly spec: WindowSpec
  readonly span: Span
}

/** `OVER name` (`reference`), or `OVER ([base] [PARTITION BY] [ORDER BY] [frame])`. */
export interface WindowSpec {
  readonly kind: 'WindowSpec'
  readonly reference?: string
  readonly base?: string
  readonly partitionBy?: readonly OrderItem[]
  readonly orderBy?: readonly OrderItem[]
  readonly frame?: WindowFrame
  readonly span: Span
}

export interface WindowFrame {
  readonly kind: 'WindowFrame'
  readonly unit: 'ROWS' | 'RANGE' | 'GROUPS'
  readonly start: FrameBound
  /** Present with BETWEEN start AND end. */
  readonly end?: FrameBound
  readonly exclude?: 'CURRENT ROW' | 'GROUP' | 'TIES' | 'NO OTHERS'
  readonly span: Span
}

export interface FrameBound {
  readonly kind: 'FrameBound'
  readonly at: 'CURRENT ROW' | 'UNBOUNDED PRECEDING' | 'UNBOUNDED FOLLOWING' | 'PRECEDING' | 'FOLLOWING'
  readonly value?: Expr | Interval
  readonly span: Span
}

export interface IndexHint {
  readonly kind: 'IndexHint'
  readonly action: 'USE' | 'FORCE' | 'IGNORE'
  /** VINDEX is for the proxy: no server is sent it. */
  readonly keyword: 'INDEX' | 'KEY' | 'VINDEX'
  readonly scope?: 'JOIN' | 'ORDER BY' | 'GROUP BY'
  readonly indexes: readonly string[]
  readonly span: Span
}

export interface TableRef {
  readonly kind: 'Table'
  readonly name: TableName
  readonly partitions?: readonly string[]
  /** MariaDB: FOR SYSTEM_TIME …, word for word, its moments as nodes. */
  readonly systemTime?: readonly Piece[]
  readonly alias?: Alias
  readonly sample?: TableSample
  readonly indexHints?: readonly IndexHint[]
  readonly span: Span
}

/** `TABLESAMPLE SYSTEM|BERNOULLI (percent)`. */
export interface TableSample {
  readonly kind: 'TableSample'
  readonly method: 'SYSTEM' | 'BERNOULLI'
  readonly percent: Expr
  readonly span: Span
}

export interface Dual {
  readonly kind: 'Dual'
  readonly span: Span
}

export interface Derived {
  readonly kind: 'Derived'
  readonly lateral: boolean
  readonly query: Subquery
  readonly alias?: Alias
  readonly columns?: readonly string[]
  readonly span: Span
}

/** `JSON_TABLE(doc, path COLUMNS (…)) [AS] alias`. */
export interface JsonTable {
  readonly kind: 'JsonTable'
  readonly doc: Expr
  readonly path: Expr
  readonly columns: readonly JsonColumn[]
  readonly alias?: Alias
  readonly span: Span
}

/**
 * A column of JSON_TABLE: `name FOR ORDINALITY`; `name type [EXISTS] PATH path …` (`type` word for word); or `NESTED [PATH] path COLUMNS (…)`.
 */
export type JsonColumn =
  | {
      readonly kind: 'JsonOrdinality'
      readonly name: string
      readonly bareKeyword?: true
      readonly span: Span
    }
  | {
      readonly kind: 'JsonPathColumn'
      readonly name: string
      readonly bareKeyword?: true
      readonly type: readonly Piece[]
      readonly exists: boolean
      readonly path: Expr
      readonly reactions: readonly JsonColumnReaction[]
      readonly span: Span
    }
  | {
      readonly kind: 'JsonNested'
      readonly pathKeyword: boolean
      readonly path: Expr
      readonly columns: readonly JsonColumn[]
      readonly span: Span
    }

export interface JsonColumnReaction {
  readonly on: 'EMPTY' | 'ERROR'
  readonly action: 'ERROR' | 'NULL' | 'DEFAULT'
  readonly value?: Expr
}

/**
 * `left join right`. `type` is what it means, `words` how it was written (`LEFT OUTER JOIN`);
 * JOIN, INNER JOIN and CROSS JOIN are all 'INNER' in MySQL. `natural` and `using` exclude `on`.
 */
export interface Join {
  readonly kind: 'Join'
  readonly type: 'INNER' | 'LEFT' | 'RIGHT' | 'STRAIGHT'
  readonly natural: boolean
  readonly words: string
  readonly left: TableExpr
  readonly right: TableExpr
  readonly on?: Expr
  readonly using?: readonly string[]
  readonly span: Span
}

/** `(a, b JOIN c)`: one or more table expressions in parentheses. */
export interface TableParens {
  readonly kind: 'TableParens'
  readonly tables: readonly TableExpr[]
  readonly span: Span
}

/** `{oj a LEFT JOIN b ON …}`. */
export interface OdbcJoin {
  readonly kind: 'OdbcJoin'
  readonly name: string
  readonly table: TableExpr
  readonly span: Span
}

export type TableExpr = TableRef | Dual | Derived | JsonTable | Join | TableParens | OdbcJoin
