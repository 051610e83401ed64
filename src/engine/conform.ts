import { LastMade } from '../base/last-made.ts'
import { notSupported } from '../errors/sql-error.ts'
import { formatDecimal } from '../values/decimal.ts'
import { classOf, columnFlags, fieldTypes } from '../values/types.ts'
import { type BatchMap, MapStream } from './map-stream.ts'
import { readExact, writeExact } from './number-cell.ts'
import { type NewCell, RowLayout, rebuildRow } from './row-format.ts'
import type { Row, RowBatch, RowFormat, RowStream, StreamColumn } from './row-stream.ts'
import { toldAs } from './told-as.ts'

/**
 * The rows in other columns: those that MySQL derives for a whole statement, of which the input is a part. Throws
 * ER_NOT_SUPPORTED_YET naming the first column whose values cannot be had in its new type as MySQL would have them.
 */
export function conformRows(input: RowStream, columns: readonly StreamColumn[]): RowStream {
  const ways = conformable(input.columns, columns)
  if (ways.every((way) => way === 'same')) return toldAs(input, columns)
  return new MapStream(input, new Conform(input, columns, ways), columns)
}

/**
 * The rows as they are, defined as the whole statement's columns are where those have the very same type. Others keep their
 * own: of a `?` the type shows when it is executed, not when it is prepared.
 */
export function describedAs(input: RowStream, columns: readonly StreamColumn[]): RowStream {
  return toldAs(input, toldColumns.get(input.columns, columns))
}

const toldColumns = new LastMade((own: readonly StreamColumn[], columns: readonly StreamColumn[]) =>
  own.map((column, i) => {
    const whole = columns[i]
    return whole !== undefined && isSameType(column, whole) ? whole : column
  }),
)

/** Digits tell nothing of a text; what a server makes of them depends on its temporary tables. */
function isSameType(a: StreamColumn, b: StreamColumn): boolean {
  const kind = classOf(a)
  if (a.type !== b.type || a.length !== b.length || kind !== classOf(b)) return false
  return kind === 'text' || kind === 'bytes' || a.decimals === b.decimals
}

/** `same`: the bytes are the same in both types; `number`, `text`: an exact number becomes one of another type, or digits. */
type Way = 'same' | 'number' | 'text'

/** How the values of columns become those of others. Throws as `conformRows`. */
export function conformable(from: readonly StreamColumn[], to: readonly StreamColumn[]): readonly Way[] {
  return to.map((column, i) => {
    const way = from.length === to.length ? wayOf(from[i]!, column) : undefined
    if (way !== undefined) return way
    throw notSupported(`UNION of different column types over several shards (column '${column.name}')`)
  })
}

function wayOf(from: StreamColumn, to: StreamColumn): Way | undefined {
  const [a, b] = [classOf(from), classOf(to)]
  // No value ever; in a binary row it has no bytes, whatever the type.
  if (a === 'null') return from.type === to.type ? 'same' : 'number'
  if (a === b && isSameForm(from, to)) return 'same'
  const isExact = a === 'signed' || a === 'unsigned' || a === 'decimal'
  if (!isExact || showsZeros(to)) return undefined
  if (b === 'text' || b === 'bytes') return showsZeros(from) ? undefined : 'text'
  if (b === 'decimal') return from.decimals <= to.decimals ? 'number' : undefined
  if (b === 'double') return 'number'
  return (b === 'signed' || b === 'unsigned') && a !== 'decimal' ? 'number' : undefined
}

function isSameForm(from: StreamColumn, to: StreamColumn): boolean {
  switch (classOf(from)) {
    case 'text':
      return from.collation === to.collation
    case 'bytes':
      return true
    case 'opaque':
      return from.type === to.type
    case 'bit':
      return from.length === to.length
    case 'signed':
    case 'unsigned': {
      const isSamePadding = !(showsZeros(from) || showsZeros(to)) || from.length === to.length
      return from.type === to.type && showsZeros(from) === showsZeros(to) && isSamePadding
    }
    default:
      return from.type === to.type && from.decimals === to.decimals
  }
}

/** ZEROFILL, and YEAR, whose zero is 0000. */
function showsZeros({ type, flags }: StreamColumn): boolean {
  return type === fieldTypes.year || (flags & columnFlags.zerofill) !== 0
}

class Conform implements BatchMap {
  readonly #from: readonly StreamColumn[]
  readonly #to: readonly StreamColumn[]
  readonly #ways: readonly Way[]
  readonly #layout: RowLayout
  readonly #newLayout: RowLayout
  readonly #cells: Int32Array

  constructor({ columns, format }: RowStream, to: readonly StreamColumn[], ways: readonly Way[]) {
    this.#from = columns
    this.#to = to
    this.#ways = ways
    this.#layout = new RowLayout(format, columns)
    this.#newLayout = new RowLayout(format, to)
    this.#cells = new Int32Array(2 * columns.length)
  }

  map(batch: RowBatch): RowBatch {
    return batch.map((row) => this.#row(row))
  }

  #row(row: Row): Row {
    this.#layout.locate(row, this.#from.length, this.#cells)
    const changes = this.#ways.map((way, c): NewCell => {
      const start = this.#cells[2 * c]!
      if (way === 'same' || start < 0) return undefined
      return cellOf(
        way,
        row,
        { start, end: this.#cells[2 * c + 1]! },
        this.#from[c]!,
        this.#to[c]!,
        this.#layout.format,
      )
    })
    return rebuildRow(this.#newLayout, row, this.#cells, changes)
  }
}

function cellOf(
  way: 'number' | 'text',
  row: Row,
  { start, end }: { readonly start: number; readonly end: number },
  from: StreamColumn,
  to: StreamColumn,
  format: RowFormat,
): NewCell {
  const value = readExact(from, format, row, start, end)
  return way === 'number' ? writeExact(to, format, value) : Buffer.from(formatDecimal(value), 'latin1')
}
