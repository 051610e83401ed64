import type { Literal, Span, Subquery } from './node.ts'
import type { OrderItem, WindowSpec } from './query.ts'

/** What every expression carries: `parens` counts the redundant or needed parentheses written around it. */
export interface ExprBase {
  readonly span: Span
  readonly parens?: number
}

/** `?`, counted from 0 in the order of the text. */
export interface Param extends ExprBase {
  readonly kind: 'Param'
  readonly index: number
}

/**
 * `:name`, or `::name` for a list, as vtgate's normalised statements have them. Only parsed where ParseOptions allow it;
 * no server knows them.
 */
export interface BindVariable extends ExprBase {
  readonly kind: 'BindVariable'
  readonly name: string
  readonly list?: true
}

/** `[[schema.]table.]name`; `qualifiers` from left to right, empty when unqualified. */
export interface ColumnName extends ExprBase {
  readonly kind: 'Column'
  readonly qualifiers: readonly string[]
  readonly name: string
  /** The first name is a keyword that is not reserved, and was written without quotes. */
  readonly bareKeyword?: true
}

/** `*`, `t.*`, `s.t.*`: in a select list, or the argument of COUNT. */
export interface Star extends ExprBase {
  readonly kind: 'Star'
  readonly qualifiers: readonly string[]
}

/** `@name`; names compare case-insensitively. `quoted` is the name's source with its quotes, if it has them. */
export interface UserVariable extends ExprBase {
  readonly kind: 'UserVariable'
  readonly name: string
  readonly quoted?: string
}

export type VariableScope = 'GLOBAL' | 'SESSION' | 'LOCAL' | 'PERSIST' | 'PERSIST_ONLY'

/** `@@[scope.][component.]name`; `name` as written, with its component (`a.b`) where it has one. */
export interface SystemVariable extends ExprBase {
  readonly kind: 'SystemVariable'
  readonly scope?: VariableScope
  readonly name: string
}

/** `_utf8mb4'x'`, `_binary 0xff`: charset in lower case, without its underscore. */
export interface Introduced extends ExprBase {
  readonly kind: 'Introduced'
  readonly charset: string
  readonly value: Literal
}

/** `DATE '2024-01-31'`; also ODBC's `{d '2024-01-31'}` (`odbc`, DATE for d, TIME for t, TIMESTAMP for ts). */
export interface TemporalLiteral extends ExprBase {
  readonly kind: 'TemporalLiteral'
  readonly type: 'DATE' | 'TIME' | 'TIMESTAMP'
  readonly value: Literal
}

/** `{name expr}`: `{d '…'}` and any other ODBC escape, whose name MySQL ignores. */
export interface OdbcEscape extends ExprBase {
  readonly kind: 'OdbcEscape'
  readonly name: string
  readonly value: Expr
}

/** Operands in the order of the text; a chain of one spelling is one node: `a AND b AND c`. */
export interface And extends ExprBase {
  readonly kind: 'And'
  readonly operator: 'AND' | '&&'
  readonly operands: readonly Expr[]
}

/** As And. `||` stands here only when sql_mode lacks PIPES_AS_CONCAT. */
export interface Or extends ExprBase {
  readonly kind: 'Or'
  readonly operator: 'OR' | '||'
  readonly operands: readonly Expr[]
}

export interface Xor extends ExprBase {
  readonly kind: 'Xor'
  readonly left: Expr
  readonly right: Expr
}

/** `NOT x`, or `! x`, which binds tighter (NOT does too under HIGH_NOT_PRECEDENCE). */
export interface Not extends ExprBase {
  readonly kind: 'Not'
  readonly operator: 'NOT' | '!'
  readonly operand: Expr
}

export type ComparisonOperator = '=' | '<=>' | '<' | '<=' | '>' | '>=' | '<>'

/** `left op right`; `<=>` is the null-safe equality, `!=` is read as `<>`. */
export interface Comparison extends ExprBase {
  readonly kind: 'Comparison'
  readonly op: ComparisonOperator
  readonly left: Expr
  readonly right: Expr
}

/** `left op ANY|SOME|ALL (subquery)`. */
export interface Quantified extends ExprBase {
  readonly kind: 'Quantified'
  readonly op: ComparisonOperator
  readonly quantifier: 'ANY' | 'SOME' | 'ALL'
  readonly left: Expr
  readonly query: Subquery
}

/** `-x`, `+x`, `~x`, `BINARY x`. A minus written directly before a number is part of its Literal instead. */
export interface Unary extends ExprBase {
  readonly kind: 'Unary'
  readonly op: '-' | '+' | '~' | 'BINARY'
  readonly operand: Expr
}

export type BinaryOperator =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | 'MOD'
  | 'DIV'
  | '|'
  | '&'
  | '^'
  | '<<'
  | '>>'
  | '||'
  | '->'
  | '->>'

/** Arithmetic, bit operations, `||` as concatenation (PIPES_AS_CONCAT) and JSON's `->`, `->>`. */
export interface Binary extends ExprBase {
  readonly kind: 'Binary'
  readonly op: BinaryOperator
  readonly left: Expr
  readonly right: Expr
}

export interface Is extends ExprBase {
  readonly kind: 'Is'
  readonly operand: Expr
  readonly test: 'NULL' | 'TRUE' | 'FALSE' | 'UNKNOWN'
  readonly negated: boolean
}

/**
 * The parenthesised right side of IN. With `slot`, `items` is empty: the items are
 * `scan.slots[slot]`, of kind 'list', or of kind 'rows' for a list of tuples.
 */
export interface List {
  readonly kind: 'List'
  readonly items: readonly Expr[]
  readonly slot?: number
  readonly span: Span
}

export interface In extends ExprBase {
  readonly kind: 'In'
  readonly left: Expr
  readonly right: List | Subquery | BindVariable
  readonly negated: boolean
}

export interface Between extends ExprBase {
  readonly kind: 'Between'
  readonly operand: Expr
  readonly low: Expr
  readonly high: Expr
  readonly negated: boolean
}

export interface Like extends ExprBase {
  readonly kind: 'Like'
  readonly operand: Expr
  readonly pattern: Expr
  readonly escape?: Expr
  readonly negated: boolean
}

/** `REGEXP`, also spelled RLIKE. */
export interface Regexp extends ExprBase {
  readonly kind: 'Regexp'
  readonly operand: Expr
  readonly pattern: Expr
  readonly negated: boolean
}

export interface SoundsLike extends ExprBase {
  readonly kind: 'SoundsLike'
  readonly left: Expr
  readonly right: Expr
}

/** `left MEMBER [OF] (right)`. */
export interface MemberOf extends ExprBase {
  readonly kind: 'MemberOf'
  readonly left: Expr
  readonly right: Expr
  readonly of: boolean
}

export interface When {
  readonly kind: 'When'
  readonly condition: Expr
  readonly result: Expr
  readonly span: Span
}

export interface Case extends ExprBase {
  readonly kind: 'Case'
  readonly operand?: Expr
  readonly whens: readonly When[]
  readonly otherwise?: Expr
}

/** The type of CAST, CONVERT, JSON_VALUE … RETURNING: `text` as it is printed, e.g. `DECIMAL(10,2)`. */
export interface CastType {
  readonly kind: 'CastType'
  /** First word, upper case: CHAR, BINARY, SIGNED, UNSIGNED, DECIMAL, DATE, DATETIME, JSON …; in MariaDB any. */
  readonly name: string
  /** The rest word for word: length, character set, ARRAY. */
  readonly text: string
  readonly span: Span
}

/** `CAST(x [AT TIME ZONE z] AS type)` or `CONVERT(x, type)`. */
export interface Cast extends ExprBase {
  readonly kind: 'Cast'
  readonly syntax: 'CAST' | 'CONVERT'
  readonly operand: Expr
  /** AT TIME ZONE [INTERVAL] '…' */
  readonly timeZone?: { readonly interval: boolean; readonly value: Literal }
  readonly type: CastType
}

/** `CONVERT(x USING charset)`. */
export interface ConvertUsing extends ExprBase {
  readonly kind: 'ConvertUsing'
  readonly operand: Expr
  readonly charset: string
}

export interface Collate extends ExprBase {
  readonly kind: 'Collate'
  readonly operand: Expr
  readonly collation: string
}

/** `INTERVAL value unit`: operand of `+`, `-`, argument of DATE_ADD and its kin, bound of a window frame. */
export interface Interval extends ExprBase {
  readonly kind: 'Interval'
  readonly value: Expr
  /** Upper case: DAY, HOUR_MINUTE, SQL_TSI_DAY … */
  readonly unit: string
}

/** A bare word as argument: a unit in TIMESTAMPADD(DAY, …), BOTH in TRIM, DATE in GET_FORMAT; upper case. */
export interface KeywordArg extends ExprBase {
  readonly kind: 'KeywordArg'
  readonly word: string
}

/** What stands between two arguments; a comma where `separators` is absent, '' for nothing. */
export type ArgSeparator = ',' | '' | ':' | 'FROM' | 'FOR' | 'IN' | 'USING' | 'AS' | 'AT'

/**
 * A function call that is neither aggregate nor window function. `TRIM(BOTH 'x' FROM y)` has arguments
 * BOTH, 'x', y and separators '', FROM; CURRENT_TIMESTAMP without parentheses has `bare`.
 */
export interface FunctionCall extends ExprBase {
  readonly kind: 'Function'
  readonly qualifier?: string
  /** Lower case; compare with this. */
  readonly name: string
  /** As the text had it. */
  readonly written: string
  readonly args: readonly Expr[]
  readonly separators?: readonly ArgSeparator[]
  readonly bare?: true
  /** The (unqualified) name was quoted, so that it is never one of MySQL's own functions. */
  readonly quoted?: true
  /** As `quoted`, by a comment before the parenthesis, or without IGNORE_SPACE by a blank: `count (a)`. */
  readonly spaced?: true
}

/** `alias` of a function argument as loadable functions take it: `f(a AS x)`; `as`: with the word AS. */
export interface NamedArg extends ExprBase {
  readonly kind: 'NamedArg'
  readonly value: Expr
  readonly alias: string
  readonly as: boolean
}

export interface JsonValueReaction {
  readonly on: 'EMPTY' | 'ERROR'
  readonly action: 'ERROR' | 'NULL' | 'DEFAULT'
  readonly value?: Expr
}

/** `JSON_VALUE(doc, path [RETURNING type] [… ON EMPTY] [… ON ERROR])`. */
export interface JsonValue extends ExprBase {
  readonly kind: 'JsonValue'
  readonly doc: Expr
  readonly path: Expr
  readonly returning?: CastType
  readonly reactions: readonly JsonValueReaction[]
}

/** An aggregate call; with `over` it is one over a window. `COUNT(*)` has a Star as its argument. */
export interface AggregateCall extends ExprBase {
  readonly kind: 'Aggregate'
  /** Lower case: count, sum, group_concat … */
  readonly name: string
  readonly written: string
  readonly quantifier?: 'DISTINCT' | 'ALL'
  readonly args: readonly Expr[]
  /** GROUP_CONCAT only. */
  readonly orderBy?: readonly OrderItem[]
  readonly separator?: Literal
  /** GROUP_CONCAT of MariaDB: LIMIT [offset,] count. */
  readonly limit?: { readonly count: Expr; readonly offset?: Expr }
  readonly over?: WindowSpec
}

/** ROW_NUMBER, RANK, LAG, NTH_VALUE …: functions that exist only over a window. */
export interface WindowFunction extends ExprBase {
  readonly kind: 'WindowFunction'
  readonly name: string
  readonly written: string
  /** MariaDB: a stored aggregate function, whatever its name, as in FunctionCall. */
  readonly quoted?: true
  readonly spaced?: true
  readonly args: readonly Expr[]
  readonly from?: 'FIRST' | 'LAST'
  readonly nulls?: 'RESPECT' | 'IGNORE'
  /** MariaDB: WITHIN GROUP (ORDER BY …). */
  readonly withinGroup?: readonly OrderItem[]
  readonly over: WindowSpec
}

/** `MATCH (columns) AGAINST (against [modifier])`; without parentheses round the columns `bare`. */
export interface Match extends ExprBase {
  readonly kind: 'Match'
  readonly columns: readonly Expr[]
  readonly bare?: true
  readonly against: Expr
  /** e.g. IN BOOLEAN MODE */
  readonly modifier?: string
}

/** `(a, b)` or `ROW(a, b)`. */
export interface Row extends ExprBase {
  readonly kind: 'Row'
  readonly keyword: boolean
  readonly items: readonly Expr[]
}

export interface Exists extends ExprBase {
  readonly kind: 'Exists'
  readonly query: Subquery
}

/** `@a := value`. */
export interface Assign extends ExprBase {
  readonly kind: 'Assign'
  readonly target: UserVariable
  readonly value: Expr
}

/** `DEFAULT` as a value, or `DEFAULT(column)`. */
export interface Default extends ExprBase {
  readonly kind: 'Default'
  readonly column?: ColumnName
}

/** `VALUES(column)` of ON DUPLICATE KEY UPDATE (MariaDB: also VALUE). */
export interface ValuesFunction extends ExprBase {
  readonly kind: 'ValuesFunction'
  readonly keyword: 'VALUES' | 'VALUE'
  readonly column: ColumnName
}

export type Expr =
  | Literal
  | Param
  | BindVariable
  | ColumnName
  | Star
  | UserVariable
  | SystemVariable
  | Introduced
  | TemporalLiteral
  | OdbcEscape
  | And
  | Or
  | Xor
  | Not
  | Comparison
  | Quantified
  | Unary
  | Binary
  | Is
  | In
  | Between
  | Like
  | Regexp
  | SoundsLike
  | MemberOf
  | Case
  | Cast
  | ConvertUsing
  | Collate
  | Interval
  | KeywordArg
  | FunctionCall
  | NamedArg
  | JsonValue
  | AggregateCall
  | WindowFunction
  | Match
  | Row
  | Exists
  | Subquery
  | Assign
  | Default
  | ValuesFunction
