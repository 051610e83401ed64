import type { JoinedColumn } from '../plan/primitives.ts'
import type { ColumnType } from '../values/types.ts'
import { bitmapBytes, isNullBit, RowLayout } from './row-format.ts'
import type { Row, RowFormat } from './row-stream.ts'

/** A cell of a text row. */
const TEXT_NULL = 0xfb

/** A row, and where its cells lie. */
export interface LocatedRow {
  readonly row: Row
  /** As `RowLayout.locate` has it. */
  readonly cells: Int32Array
  /** Cell c with what stands before its bytes is `[edges[c], edges[c + 1])`; of NULL in a binary row there is nothing. */
  readonly edges: Int32Array
}

export class RowLocator {
  readonly layout: RowLayout

  constructor(format: RowFormat, columns: readonly ColumnType[]) {
    this.layout = new RowLayout(format, columns)
  }

  /** A row that is NULL in all columns. */
  nulls(): LocatedRow {
    const { format, columns } = this.layout
    const { length } = columns
    if (format === 'text') return this.locate(Buffer.alloc(length, TEXT_NULL))
    return this.locate(Buffer.alloc(1 + bitmapBytes(length), 0xff).fill(0, 0, 1))
  }

  locate(row: Row): LocatedRow {
    const { format, columns } = this.layout
    const cells = new Int32Array(2 * columns.length)
    const edges = new Int32Array(columns.length + 1)
    this.layout.locate(row, columns.length, cells)
    let at = format === 'text' ? 0 : 1 + bitmapBytes(columns.length)
    edges[0] = at
    for (let c = 0; c < columns.length; c++) {
      const isNull = cells[2 * c]! < 0
      at = isNull ? at + (format === 'text' ? 1 : 0) : cells[2 * c + 1]!
      edges[c + 1] = at
    }
    return { row, cells, edges }
  }
}

/** Cells that follow each other in a row of one side, and in the rows that are made. */
interface Run {
  readonly side: JoinedColumn['side']
  readonly from: number
  to: number
}

/** Makes rows of the cells of two others. */
export class RowJoiner {
  readonly #isBinary: boolean
  readonly #columns: readonly JoinedColumn[]
  readonly #runs: readonly Run[]

  constructor(format: RowFormat, columns: readonly JoinedColumn[]) {
    this.#isBinary = format === 'binary'
    this.#columns = columns
    this.#runs = runsOf(columns)
  }

  join(left: LocatedRow, right: LocatedRow): Row {
    const head = this.#isBinary ? 1 + bitmapBytes(this.#columns.length) : 0
    let bytes = head
    for (const { side, from, to } of this.#runs) {
      const { edges } = side === 'left' ? left : right
      bytes += edges[to]! - edges[from]!
    }
    const out = Buffer.allocUnsafe(bytes)
    if (this.#isBinary) this.#writeHead(out.fill(0, 0, head), left.row, right.row)
    let at = head
    for (const { side, from, to } of this.#runs) {
      const { row, edges } = side === 'left' ? left : right
      at += row.copy(out, at, edges[from], edges[to])
    }
    return out
  }

  #writeHead(out: Buffer, left: Row, right: Row): void {
    this.#columns.forEach(({ side, column }, c) => {
      if (isNullBit(side === 'left' ? left : right, column)) out[1 + ((c + 2) >> 3)]! |= 1 << ((c + 2) & 7)
    })
  }
}

function runsOf(columns: readonly JoinedColumn[]): readonly Run[] {
  const runs: Run[] = []
  for (const { side, column } of columns) {
    const last = runs.at(-1)
    if (last?.side === side && last.to === column) last.to++
    else runs.push({ side, from: column, to: column + 1 })
  }
  return runs
}
