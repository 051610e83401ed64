import { assert } from '../base/assert.ts'
import { binaryValue } from '../values/binary-value.ts'
import { collationById } from '../values/charsets.ts'
import { textLiteral, valueLiteral } from '../values/sql-literal.ts'
import { toUtf8 } from '../values/to-utf8.ts'
import { classOf, columnFlags } from '../values/types.ts'
import { isText, nullValue, type Value, type ValueType, value } from '../values/value.ts'
import type { Bindings, OuterRows } from './bindings.ts'
import { columnAt } from './columns.ts'
import { RowLayout } from './row-format.ts'
import type { RowBatch, RowFormat, StreamColumn } from './row-stream.ts'

export function outerRowsOf(bindings: Bindings): OuterRows {
  assert(bindings.outerRows !== undefined, 'the plan runs beneath a primitive that gives rows')
  return bindings.outerRows
}

/** The same values of the statement, and these of outer rows. */
export function beneath(bindings: Bindings, outerRows: OuterRows): Bindings {
  return {
    isMariadb: bindings.isMariadb,
    statementBytes: bindings.statementBytes,
    slotValue: (slot) => bindings.slotValue(slot),
    slotText: (slot) => bindings.slotText(slot),
    listValues: (slot) => bindings.listValues(slot),
    rows: (slot) => bindings.rows(slot),
    paramValue: (param) => bindings.paramValue(param),
    paramText: (param) => bindings.paramText(param),
    computedValue: (text) => bindings.computedValue(text),
    lookedUp: (routing) => bindings.lookedUp(routing),
    textWith: (texts) => bindings.textWith(texts),
    withSlotTexts: (texts) => beneath(bindings.withSlotTexts(texts), outerRows),
    sessionText: (name) => bindings.sessionText(name),
    outerRows,
  }
}

const NO_CHARSETS: ReadonlyMap<number, string> = new Map()

/** Rows of a stream as values and SQL text: what a join binds below it. FLOAT comes with the digits that its text shows. */
export class StreamRows implements OuterRows {
  readonly #columns: readonly StreamColumn[]
  readonly #format: RowFormat
  readonly #rows: RowBatch
  readonly #charsets: ReadonlyMap<number, string>
  /** Cell offsets of each row. */
  readonly #cells: readonly Int32Array[]

  /** `charsets`: of columns whose bytes are text in one. */
  constructor(
    rows: RowBatch,
    columns: readonly StreamColumn[],
    format: RowFormat,
    charsets: ReadonlyMap<number, string> = NO_CHARSETS,
  ) {
    const layout = new RowLayout(format, columns)
    this.#columns = columns
    this.#format = format
    this.#rows = rows
    this.#charsets = charsets
    this.#cells = rows.map((row) => {
      const cells = new Int32Array(2 * columns.length)
      layout.locate(row, columns.length, cells)
      return cells
    })
  }

  value(column: number): Value {
    return this.cell(0, columnAt(this.#columns, column))
  }

  values(column: number): readonly Value[] {
    const at = columnAt(this.#columns, column)
    return this.#rows.map((_, row) => this.cell(row, at))
  }

  text(columns: readonly number[]): string {
    const offsets = columns.map((column) => columnAt(this.#columns, column))
    const rows = this.#rows.map((_, row) => offsets.map((at) => this.literal(row, at)).join(', '))
    // Nothing is equal to NULL.
    if (rows.length === 0) rows.push(columns.map(() => 'NULL').join(', '))
    return columns.length === 1 ? rows.join(', ') : rows.map((row) => `(${row})`).join(', ')
  }

  only(_column: number, numbers: readonly number[]): StreamRows {
    return new StreamRows(
      numbers.flatMap((number) => this.#rows[number] ?? []),
      this.#columns,
      this.#format,
      this.#charsets,
    )
  }

  /** Text as the bytes that it is, in its own character set. */
  literal(row: number, at: number): string {
    const charset = this.#charsets.get(at)
    const start = this.#cells[row][2 * at]
    if (charset === undefined || start < 0) return valueLiteral(this.cell(row, at), 'utf8mb4')
    return textLiteral(this.#rows[row].subarray(start, this.#cells[row][2 * at + 1]), charset)
  }

  /** Number `at` of a row's cells. */
  cell(row: number, at: number): Value {
    const start = this.#cells[row][2 * at]
    if (start < 0) return nullValue
    const bytes = this.#rows[row].subarray(start, this.#cells[row][2 * at + 1])
    const charset = this.#charsets.get(at)
    if (charset !== undefined) return value('VARCHAR', toUtf8(bytes, charset))
    const column = this.#columns[at]
    const isUnsigned = (column.flags & columnFlags.unsigned) !== 0
    const type = typeOf(column)
    // Strings lie in both formats alike; their class, not their field type, tells text from bytes.
    if (this.#format === 'text' || isText(type) || type === 'VARBINARY') return textValue(type, bytes, column)
    return binaryValue(column.type, isUnsigned, bytes)
  }
}

/** The text of vindexes and of literals is UTF-8. */
function textValue(type: ValueType, bytes: Buffer, column: StreamColumn): Value {
  if (!isText(type)) return value(type, bytes)
  return value(type, toUtf8(bytes, collationById(column.collation)?.charset.name ?? 'utf8mb4'))
}

function typeOf(column: StreamColumn): ValueType {
  switch (classOf(column)) {
    case 'signed':
      return 'INT64'
    case 'unsigned':
      return 'UINT64'
    case 'decimal':
      return 'DECIMAL'
    case 'float':
    case 'double':
      return 'FLOAT64'
    case 'datetime':
      return 'DATETIME'
    case 'time':
      return 'TIME'
    case 'bit':
      return 'BIT'
    case 'bytes':
      return 'VARBINARY'
    default:
      return 'VARCHAR'
  }
}
