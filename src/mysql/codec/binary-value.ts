import { binaryWidth, fieldTypes } from '../../values/types.ts'

import { malformedPacket, type PacketReader } from './packet-reader.ts'
import type { PacketWriter } from './packet-writer.ts'

/** Bytes of a fixed-size binary value, 'temporal' for one with a length byte, 'lenenc' for the rest. */
type Layout = number | 'temporal' | 'lenenc'

/**
 * How a value of a field type lies in the binary protocol (rows and parameters alike).
 * Source: MySQL client/server protocol, "Binary Protocol Value". An unknown type is malformed: its length cannot be
 * known.
 */
export function binaryLayout(type: number): Layout {
  const width = binaryWidth(type)
  if (width !== undefined) return width
  switch (type) {
    case fieldTypes.date:
    case fieldTypes.newDate:
    case fieldTypes.dateTime:
    case fieldTypes.timestamp:
    case fieldTypes.time:
      return 'temporal'
    case fieldTypes.decimal:
    case fieldTypes.newDecimal:
    case fieldTypes.varChar:
    case fieldTypes.bit:
    case fieldTypes.vector:
    case fieldTypes.json:
    case fieldTypes.enum:
    case fieldTypes.set:
    case fieldTypes.tinyBlob:
    case fieldTypes.mediumBlob:
    case fieldTypes.longBlob:
    case fieldTypes.blob:
    case fieldTypes.varString:
    case fieldTypes.string:
    case fieldTypes.geometry:
      return 'lenenc'
    default:
      throw malformedPacket()
  }
}

/** Longest temporal value: TIME with microseconds. */
const TEMPORAL_BYTES_MAX = 12

/** Reads one value and returns its bytes without a length prefix. */
export function readBinaryValue(reader: PacketReader, type: number): Buffer {
  const layout = binaryLayout(type)
  if (layout === 'lenenc') return reader.lenencBytes()
  if (layout !== 'temporal') return reader.bytes(layout)
  const length = reader.uint1()
  if (length > TEMPORAL_BYTES_MAX) throw malformedPacket()
  return reader.bytes(length)
}

/** Writes one value, the inverse of `readBinaryValue`. */
export function writeBinaryValue(writer: PacketWriter, type: number, bytes: Uint8Array): void {
  const layout = binaryLayout(type)
  if (layout === 'lenenc') writer.lenencBytes(bytes)
  else if (layout === 'temporal') writer.uint1(bytes.length).bytes(bytes)
  else writer.bytes(bytes)
}
