import type { Row, RowBatch, RowFormat, RowStream, StreamColumn } from '../../../src/engine/row-stream.ts'
import { fieldTypes } from '../../../src/values/types.ts'

/** Rows written by hand, independent of the code under test: a cell is NULL or the text MySQL prints. */
export type Cell = string | null

export function column(
  type: keyof typeof fieldTypes,
  options: { name?: string; unsigned?: boolean; decimals?: number; collation?: number } = {},
): StreamColumn {
  const { name = type, unsigned = false, decimals = 0, collation } = options
  return {
    name,
    type: fieldTypes[type],
    flags: unsigned ? 0x20 : 0,
    decimals,
    collation: collation ?? (type === 'varString' ? 255 : 63),
    length: 0,
    // The name, and room for what a definition ends with.
    definition: Buffer.concat([Buffer.from(name), Buffer.alloc(5)]),
  }
}

export const binaryText = (name = 'weight') => column('varString', { name, collation: 63 })

export function textRow(cells: readonly Cell[]): Row {
  return Buffer.concat(
    cells.map((cell) => (cell === null ? Buffer.of(0xfb) : lenenc(Buffer.from(cell, 'latin1')))),
  )
}

export function binaryRow(columns: readonly StreamColumn[], cells: readonly Cell[]): Row {
  const bitmap = Buffer.alloc(Math.floor((columns.length + 7 + 2) / 8))
  const values: Buffer[] = []
  cells.forEach((cell, i) => {
    if (cell === null) bitmap[Math.floor((i + 2) / 8)] |= 1 << ((i + 2) % 8)
    else values.push(binaryCell(columns[i], cell))
  })
  return Buffer.concat([Buffer.of(0), bitmap, ...values])
}

export function encodeRow(format: RowFormat, columns: readonly StreamColumn[], cells: readonly Cell[]): Row {
  return format === 'text' ? textRow(cells) : binaryRow(columns, cells)
}

/** The cells of a row as text again. */
export function decodeRow(format: RowFormat, columns: readonly StreamColumn[], row: Row): Cell[] {
  let at = format === 'text' ? 0 : 1 + Math.floor((columns.length + 9) / 8)
  const take = (bytes: number) => {
    at += bytes
    return row.subarray(at - bytes, at)
  }
  const takeLenenc = () => {
    const first = take(1)[0]
    if (first < 0xfb) return take(first)
    return take(first === 0xfc ? take(2).readUInt16LE() : take(3).readUIntLE(0, 3))
  }
  const cells = columns.map((c, i): Cell => {
    if (format === 'text') {
      if (row[at] !== 0xfb) return takeLenenc().latin1Slice()
      at++
      return null
    }
    if ((row[1 + Math.floor((i + 2) / 8)] & (1 << ((i + 2) % 8))) !== 0) return null
    switch (c.type) {
      case fieldTypes.tiny:
        return String(c.flags & 0x20 ? take(1).readUInt8() : take(1).readInt8())
      case fieldTypes.long:
        return String(c.flags & 0x20 ? take(4).readUInt32LE() : take(4).readInt32LE())
      case fieldTypes.longLong:
        return String(c.flags & 0x20 ? take(8).readBigUInt64LE() : take(8).readBigInt64LE())
      case fieldTypes.double:
        return String(take(8).readDoubleLE())
      default:
        return takeLenenc().latin1Slice()
    }
  })
  if (at !== row.length) throw new Error(`${row.length - at} bytes behind the last cell`)
  return cells
}

/** Notes what was asked of it. */
export class ArrayStream implements RowStream {
  readonly columns: readonly StreamColumn[]
  readonly format: RowFormat
  readonly #batches: RowBatch[]
  asked = 0
  closed = 0

  constructor(columns: readonly StreamColumn[], format: RowFormat, rows: readonly Row[], batchRows = 3) {
    this.columns = columns
    this.format = format
    this.#batches = []
    for (let i = 0; i < rows.length; i += batchRows) this.#batches.push(rows.slice(i, i + batchRows))
  }

  async next(): Promise<RowBatch | undefined> {
    this.asked++
    if (this.closed > 0) return undefined
    return this.#batches.shift()
  }

  async close(): Promise<void> {
    this.closed++
  }
}

export function streamOf(
  columns: readonly StreamColumn[],
  format: RowFormat,
  rows: readonly (readonly Cell[])[],
  batchRows = 3,
): ArrayStream {
  return new ArrayStream(
    columns,
    format,
    rows.map((cells) => encodeRow(format, columns, cells)),
    batchRows,
  )
}

export async function readAll(stream: RowStream): Promise<Cell[][]> {
  const rows: Cell[][] = []
  for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
    if (batch.length === 0) throw new Error('empty batch')
    for (const row of batch) rows.push(decodeRow(stream.format, stream.columns, row))
  }
  await stream.close()
  return rows
}

function binaryCell(c: StreamColumn, cell: string): Buffer {
  switch (c.type) {
    case fieldTypes.tiny:
      return Buffer.of(Number(cell) & 0xff)
    case fieldTypes.long: {
      const out = Buffer.alloc(4)
      out.writeUInt32LE(Number(cell) >>> 0)
      return out
    }
    case fieldTypes.longLong: {
      const out = Buffer.alloc(8)
      out.writeBigUInt64LE(BigInt.asUintN(64, BigInt(cell)))
      return out
    }
    case fieldTypes.double: {
      const out = Buffer.alloc(8)
      out.writeDoubleLE(Number(cell))
      return out
    }
    default:
      return lenenc(Buffer.from(cell, 'latin1'))
  }
}

function lenenc(bytes: Buffer): Buffer {
  if (bytes.length < 251) return Buffer.concat([Buffer.of(bytes.length), bytes])
  if (bytes.length < 65_536) {
    return Buffer.concat([Buffer.of(0xfc, bytes.length & 0xff, bytes.length >> 8), bytes])
  }
  const head = Buffer.of(0xfd, bytes.length & 0xff, (bytes.length >> 8) & 0xff, bytes.length >> 16)
  return Buffer.concat([head, bytes])
}
