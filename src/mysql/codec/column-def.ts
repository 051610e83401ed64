import { PacketReader } from './packet-reader.ts'
import { PacketWriter } from './packet-writer.ts'

/**
 * One column of a result set. Names are binary strings (one character a byte) in the connection's character set, so
 * that a definition which is decoded, changed and encoded again keeps every byte.
 * Source: MySQL client/server protocol, "Column Definition" of protocol 4.1.
 */
export interface ColumnDef {
  readonly catalog: string // always 'def'
  readonly schema: string
  readonly table: string
  readonly orgTable: string
  readonly name: string
  readonly orgName: string
  /** Collation of the values as they are sent; 63 (binary) for everything that is not text. */
  readonly collationId: number
  /** Longest value in bytes. */
  readonly columnLength: number
  /** `fieldTypes`. */
  readonly type: number
  /** `columnFlags`. */
  readonly flags: number
  /** Digits after the point; 31 (0x1f) for floating point without a fixed number. */
  readonly decimals: number
}

const FIXED_BYTES = 12

/** `defaultValue` is only for the answer of COM_FIELD_LIST: the default as text, null for NULL; undefined leaves it out. */
export function encodeColumnDef(
  column: ColumnDef,
  sequenceId: number,
  defaultValue?: Uint8Array | null,
): Buffer {
  const writer = new PacketWriter()
    .lenencBinary(column.catalog)
    .lenencBinary(column.schema)
    .lenencBinary(column.table)
    .lenencBinary(column.orgTable)
    .lenencBinary(column.name)
    .lenencBinary(column.orgName)
    .lenencInt(FIXED_BYTES)
    .uint2(column.collationId)
    .uint4(column.columnLength)
    .uint1(column.type)
    .uint2(column.flags)
    .uint1(column.decimals)
    .zeros(2)
  if (defaultValue === null) writer.uint1(0xfb)
  else if (defaultValue !== undefined) writer.lenencBytes(defaultValue)
  return writer.finish(sequenceId)
}

export function decodeColumnDef(payload: Buffer): ColumnDef {
  const reader = new PacketReader(payload)
  const names = {
    catalog: reader.lenencBinary(),
    schema: reader.lenencBinary(),
    table: reader.lenencBinary(),
    orgTable: reader.lenencBinary(),
    name: reader.lenencBinary(),
    orgName: reader.lenencBinary(),
  }
  const fixed = new PacketReader(reader.lenencBytes())
  return {
    ...names,
    collationId: fixed.uint2(),
    columnLength: fixed.uint4(),
    type: fixed.uint1(),
    flags: fixed.uint2(),
    decimals: fixed.uint1(),
  }
}
