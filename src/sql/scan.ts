/** Shape of one fingerprint pass; see fingerprint.ts for how it is made. Offsets are byte offsets, `end` exclusive. */

/** Type of a literal as its first byte and form tell it; a temporal literal is its keyword and a String. */
export type SlotItemType = 'Int' | 'Decimal' | 'Float' | 'String' | 'Hex' | 'Bit' | 'Null' | 'True' | 'False'

/** One literal in the text: `start`–`end` is its source, sign, quotes and introducer included. */
export interface SlotItem {
  readonly type: SlotItemType
  readonly start: number
  readonly end: number
}

/** A single literal. NULL, TRUE and FALSE stay in the key instead, for they decide plans. */
export interface LiteralSlot extends SlotItem {
  readonly kind: 'literal'
}

/** `IN (1, 2, 3)`: `start`–`end` is the text between the parentheses. Lists of any length share a key. */
export interface ListSlot {
  readonly kind: 'list'
  readonly start: number
  readonly end: number
  readonly items: readonly SlotItem[]
}

/**
 * Literal-only rows of one width: INSERT … VALUES (1,'a'),(2,'b'), from the first row's parenthesis to the last
 * one's; also a tuple list, IN ((1,2),(3,4)), from the first inner parenthesis. Any number of rows shares a key.
 */
export interface RowsSlot {
  readonly kind: 'rows'
  readonly start: number
  readonly end: number
  /** Values in one row, at least 1. */
  readonly width: number
  /** Row after row: row r has items[r * width] … items[r * width + width - 1]. */
  readonly items: readonly SlotItem[]
  /** For each row the offsets of its parentheses: rowSpans[2r] of '(', rowSpans[2r + 1] just behind ')'. */
  readonly rowSpans: readonly number[]
}

export type Slot = LiteralSlot | ListSlot | RowsSlot

export interface Scan {
  /**
   * The text with literals replaced, blanks and comments normalised, keywords in upper case where that shows
   * nowhere. Two texts with one key have one AST but for the values in `slots`. Holds no literal's value,
   * but for the few that decide a plan (ORDER BY 1).
   */
  readonly key: string
  readonly slots: readonly Slot[]
  /** Number of `?`. */
  readonly params: number
  /** Text inside each vtgate directive comment, in the order of the text: ` SCATTER_ERRORS_AS_WARNINGS `. */
  readonly directives: readonly string[]
  /** A versioned comment was left out that is for another server than the one by whose version the text is read. */
  readonly hasForeign: boolean
  /** Leading keyword, upper case (`SELECT` also behind parentheses); '' for a text without any token. */
  readonly kind: string
  /** Where the pass began: blanks and comments before the statement included. */
  readonly from: number
  /** Start of the statement's first token. */
  readonly start: number
  /** Offset just behind this statement's `;`, or the text's length: also where only its comment is closed there. */
  readonly end: number
  /** Something other than blanks and comments follows `end`. */
  readonly hasMore: boolean
}
