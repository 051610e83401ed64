import { fieldTypes } from '../../values/types.ts'
import { binaryLayout, readBinaryValue } from './binary-value.ts'
import type { ColumnDef } from './column-def.ts'

import { malformedPacket, PacketReader } from './packet-reader.ts'
import { PacketWriter } from './packet-writer.ts'
import { parseTemporal } from './temporal.ts'
import type { TextCell } from './text-row.ts'

/** The first two bits of a row's null bitmap are not used. */
const NULL_BITMAP_OFFSET = 2

type ColumnType = Pick<ColumnDef, 'type'>

/**
 * One row of the binary protocol, from cells in text form. Raises RangeError or SyntaxError for a cell that is no
 * value of its column's type. Source: "Binary Protocol Resultset Row".
 */
export function encodeBinaryRow(
  columns: readonly ColumnType[],
  cells: readonly TextCell[],
  sequenceId: number,
): Buffer {
  const nulls = Buffer.alloc((columns.length + NULL_BITMAP_OFFSET + 7) >> 3)
  cells.forEach((cell, i) => {
    const bit = i + NULL_BITMAP_OFFSET
    if (cell === null) nulls[bit >> 3]! |= 1 << (bit & 7)
  })
  const writer = new PacketWriter().uint1(0).bytes(nulls)
  columns.forEach(({ type }, i) => {
    const cell = cells[i]!
    if (cell !== null) writeCell(writer, type, cell)
  })
  return writer.finish(sequenceId)
}

/** The values of a binary row in binary form, without length prefixes; views of the payload. */
export function decodeBinaryRow(payload: Buffer, columns: readonly ColumnType[]): (Buffer | null)[] {
  const reader = new PacketReader(payload, 1)
  const nulls = reader.bytes((columns.length + NULL_BITMAP_OFFSET + 7) >> 3)
  const values = columns.map(({ type }, i) => {
    const bit = i + NULL_BITMAP_OFFSET
    return (nulls[bit >> 3]! & (1 << (bit & 7))) !== 0 ? null : readBinaryValue(reader, type)
  })
  if (reader.remaining > 0) throw malformedPacket()
  return values
}

function writeCell(writer: PacketWriter, type: number, cell: Uint8Array | string): void {
  const layout = binaryLayout(type)
  if (layout === 'lenenc') {
    writer.lenencInt(cell.length)
    if (typeof cell === 'string') writer.binary(cell)
    else writer.bytes(cell)
    return
  }
  const text = typeof cell === 'string' ? cell : Buffer.from(cell).latin1Slice()
  if (layout === 'temporal') {
    const bytes = parseTemporal(type, text)
    writer.uint1(bytes.length).bytes(bytes)
  } else if (type === fieldTypes.float || type === fieldTypes.double) {
    writer.bytes(floatBytes(Number(text), layout))
  } else {
    writer.bytes(integerBytes(BigInt(text), layout))
  }
}

function floatBytes(value: number, bytes: number): Buffer {
  if (Number.isNaN(value)) throw new RangeError('not a floating-point number')
  const out = Buffer.alloc(bytes)
  if (bytes === 4) out.writeFloatLE(value)
  else out.writeDoubleLE(value)
  return out
}

/** Two's complement; whether it is signed is for the column's flags to say. */
function integerBytes(value: bigint, bytes: number): Buffer {
  const bits = bytes * 8
  if (value < -(1n << BigInt(bits - 1)) || value >= 1n << BigInt(bits))
    throw new RangeError('integer too large')
  const out = Buffer.alloc(8)
  out.writeBigUInt64LE(BigInt.asUintN(64, value))
  return out.subarray(0, bytes)
}
