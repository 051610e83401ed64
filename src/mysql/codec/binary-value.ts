import { FieldType } from './constants.ts'
import { malformedPacket, type PacketReader } from './packet-reader.ts'
import type { PacketWriter } from './packet-writer.ts'

/** Bytes of a fixed-size binary value, 'temporal' for one with a length byte, 'lenenc' for the rest. */
type Layout = 0 | 1 | 2 | 4 | 8 | 'temporal' | 'lenenc'

/**
 * How a value of a field type lies in the binary protocol (rows and parameters alike).
 * Source: MySQL client/server protocol, "Binary Protocol Value". An unknown type is malformed: its length cannot be
 * known.
 */
export function binaryLayout(type: number): Layout {
  switch (type) {
    case FieldType.NULL:
      return 0
    case FieldType.TINY:
      return 1
    case FieldType.SHORT:
    case FieldType.YEAR:
      return 2
    case FieldType.LONG:
    case FieldType.INT24:
    case FieldType.FLOAT:
      return 4
    case FieldType.LONGLONG:
    case FieldType.DOUBLE:
      return 8
    case FieldType.DATE:
    case FieldType.NEWDATE:
    case FieldType.DATETIME:
    case FieldType.TIMESTAMP:
    case FieldType.TIME:
      return 'temporal'
    case FieldType.DECIMAL:
    case FieldType.NEWDECIMAL:
    case FieldType.VARCHAR:
    case FieldType.BIT:
    case FieldType.VECTOR:
    case FieldType.JSON:
    case FieldType.ENUM:
    case FieldType.SET:
    case FieldType.TINY_BLOB:
    case FieldType.MEDIUM_BLOB:
    case FieldType.LONG_BLOB:
    case FieldType.BLOB:
    case FieldType.VAR_STRING:
    case FieldType.STRING:
    case FieldType.GEOMETRY:
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
