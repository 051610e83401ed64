import type { KeyspaceId } from '../key/keyspace-id.ts'
import type { LookupRouting } from '../plan/routing.ts'
import type { QueryTemplate } from '../plan/text.ts'
import type { Value } from '../values/value.ts'

/**
 * The literals and params of one execution, as the slots and params of its plan ask for them. SQL text is binary
 * strings: one char code a byte. The bytes of text values are UTF-8, whatever the connection's character set, for
 * vindexes hash those.
 */
export interface Bindings {
  /** The servers are MariaDB's: they take params in LIMIT in another way. */
  readonly isMariadb: boolean
  /** Value of a `literal` slot. */
  slotValue(slot: number): Value
  /** Source text of a slot: a literal, an IN list without its parentheses, or VALUES rows. */
  slotText(slot: number): string
  /** Values of a `list` slot, at least one. */
  listValues(slot: number): readonly Value[]
  /** A `rows` slot. */
  rows(slot: number): BoundRows
  /** Value of the statement's `?` number `param`, from 0. */
  paramValue(param: number): Value
  /** The same as SQL text (a binary string). */
  paramText(param: number): string
  /** Bytes of the client's text with all of its params. */
  readonly statementBytes: number
  /** What MySQL has made of an expression; an EXPRESSION, which may be any value, where it could not be told. */
  computedValue(text: QueryTemplate): Value
  /** Ids of the rows with the routing's values; undefined where they may be anywhere. */
  lookedUp(routing: LookupRouting): readonly KeyspaceId[] | undefined
  /** The statement's text with other text in place of some of its slots. */
  textWith(texts: ReadonlyMap<number, string>): string
  /** The same literals, some slots with other text. */
  withSlotTexts(texts: ReadonlyMap<number, string>): Bindings
  /** What the session answers for a function or variable that the plan takes out of the statement, as SQL text. */
  sessionText(name: string): string
  /** Rows that another primitive has given, for a plan that runs beneath one. */
  readonly outerRows?: OuterRows
}

/** At least one row. */
export interface OuterRows {
  /** Of the first row: a plan that asks for single values is run once a row. */
  value(column: number): Value
  values(column: number): readonly Value[]
  /** `(1, 'a'), (2, 'b')`: these columns of all rows; `1, 2` of one column. */
  text(columns: readonly number[]): string
  /** The same, of the column no values but those with these numbers, at least one. */
  only(column: number, numbers: readonly number[]): OuterRows
}

/** Literal-only rows of VALUES. Cells are read on demand: a row of a megabyte costs nothing that is not asked for. */
export interface BoundRows {
  readonly rowCount: number
  /** Cells in each row. */
  readonly width: number
  /** Source text of row `row` from its opening to its closing parenthesis. */
  rowText(row: number): string
  cellText(row: number, column: number): string
  cellValue(row: number, column: number): Value
}

/** A statement ready for a shard. */
export type BoundQuery =
  /** The client's own bytes, with its own params in their order. */
  { readonly kind: 'Verbatim' } | BoundText

export interface BoundText {
  readonly kind: 'Text'
  /** Binary string. */
  readonly sql: string
  /** For each `?` of `sql`, in order, the number of the client's param it stands for. */
  readonly params: readonly number[]
}
