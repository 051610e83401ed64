import type { Query } from './query.ts'

/** Byte range in the statement's text (a binary string); `end` is exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

export type LiteralType = 'Int' | 'Decimal' | 'Float' | 'String' | 'Hex' | 'Bit' | 'Null' | 'True' | 'False'

/**
 * One literal. `text` is its source, byte for byte (a binary string): with quotes and escapes, all parts of
 * adjacent strings, and the sign when a number has one. `slot` is the place of its value in `scan.slots`.
 */
export interface Literal {
  readonly kind: 'Literal'
  readonly type: LiteralType
  readonly text: string
  readonly slot?: number
  readonly parens?: number
  readonly span: Span
}

/** `(query)` where a value, a row or a table is expected. */
export interface Subquery {
  readonly kind: 'Subquery'
  readonly query: Query
  readonly parens?: number
  readonly span: Span
}

/**
 * Name of a table as written: `qualifier` is the schema or keyspace, and may carry a target (`ks[-80]`,
 * `ks:-80@replica`). Names are Unicode strings, without their quotes.
 */
export interface TableName {
  readonly kind: 'TableName'
  readonly qualifier?: string
  readonly name: string
  /** The first name is a keyword that is not reserved, and was written without quotes. */
  readonly bareKeyword?: true
  readonly span: Span
}

/** Alias of a select item or table; `as`: written with AS; `string`: written as a string literal (its source). */
export interface Alias {
  readonly kind: 'Alias'
  readonly name: string
  readonly as: boolean
  readonly string?: string
  /** The first name is a keyword that is not reserved, and was written without quotes. */
  readonly bareKeyword?: true
  readonly span: Span
}
