/**
 * Types of result columns as the wire describes them.
 * Source: MySQL client/server protocol, "Protocol::ColumnDefinition41" and `enum_field_types`.
 */

/** What a column definition packet says of a column's values. */
export interface ColumnType {
  /** `enum_field_types`, one of `fieldTypes` for the types known here. */
  readonly type: number
  /** Bit set of `columnFlags` (and others that matter to clients only). */
  readonly flags: number
  /** Digits behind the point; 31 (0x1f) and more: not fixed. For temporal types the fractional digits. */
  readonly decimals: number
  /** Collation id of text on the wire; 63 is `binary`. */
  readonly collation: number
  /** Longest value in bytes. */
  readonly length: number
}

export const fieldTypes = {
  decimal: 0x00,
  tiny: 0x01,
  short: 0x02,
  long: 0x03,
  float: 0x04,
  double: 0x05,
  null: 0x06,
  timestamp: 0x07,
  longLong: 0x08,
  int24: 0x09,
  date: 0x0a,
  time: 0x0b,
  dateTime: 0x0c,
  year: 0x0d,
  newDate: 0x0e,
  varChar: 0x0f,
  bit: 0x10,
  vector: 0xf2,
  json: 0xf5,
  newDecimal: 0xf6,
  enum: 0xf7,
  set: 0xf8,
  tinyBlob: 0xf9,
  mediumBlob: 0xfa,
  longBlob: 0xfb,
  blob: 0xfc,
  varString: 0xfd,
  string: 0xfe,
  geometry: 0xff,
} as const

/** Flags of a column definition, 16 bits. */
export const columnFlags = {
  notNull: 0x0001,
  primaryKey: 0x0002,
  uniqueKey: 0x0004,
  multipleKey: 0x0008,
  blob: 0x0010,
  unsigned: 0x0020,
  zerofill: 0x0040,
  binary: 0x0080,
  enum: 0x0100,
  autoIncrement: 0x0200,
  timestamp: 0x0400,
  set: 0x0800,
  noDefaultValue: 0x1000,
  onUpdateNow: 0x2000,
  partKey: 0x4000,
  num: 0x8000,
} as const

/** Collation id of bytes without a character set. */
export const binaryCollation = 63

/** `decimals` from here on: as many digits as the value needs. */
export const notFixedDecimals = 31

/** How the values of a column compare and add up. */
export type TypeClass =
  /** 64-bit integers, by sign; YEAR is an unsigned one. */
  | 'signed'
  | 'unsigned'
  | 'decimal'
  | 'float'
  | 'double'
  /** DATE, DATETIME and TIMESTAMP. */
  | 'datetime'
  | 'time'
  /** Bytes that compare as they are: BINARY, VARBINARY, BLOB, BIT. */
  | 'bytes'
  | 'bit'
  /** Only MySQL's collation can order it; ENUM and SET order by number. */
  | 'text'
  /** The type of a bare NULL: no value ever. */
  | 'null'
  /** JSON, GEOMETRY, VECTOR: no order that can be computed from what is sent. */
  | 'opaque'

export function classOf(column: ColumnType): TypeClass {
  switch (column.type) {
    case fieldTypes.tiny:
    case fieldTypes.short:
    case fieldTypes.int24:
    case fieldTypes.long:
    case fieldTypes.longLong:
      return (column.flags & columnFlags.unsigned) !== 0 ? 'unsigned' : 'signed'
    case fieldTypes.year:
      return 'unsigned'
    case fieldTypes.decimal:
    case fieldTypes.newDecimal:
      return 'decimal'
    case fieldTypes.float:
      return 'float'
    case fieldTypes.double:
      return 'double'
    case fieldTypes.date:
    case fieldTypes.newDate:
    case fieldTypes.dateTime:
    case fieldTypes.timestamp:
      return 'datetime'
    case fieldTypes.time:
      return 'time'
    case fieldTypes.bit:
      return 'bit'
    case fieldTypes.null:
      return 'null'
    case fieldTypes.json:
    case fieldTypes.geometry:
    case fieldTypes.vector:
      return 'opaque'
    default:
      return isBytes(column) ? 'bytes' : 'text'
  }
}

function isBytes(column: ColumnType): boolean {
  const isEnumOrSet = (column.flags & (columnFlags.enum | columnFlags.set)) !== 0
  return column.collation === binaryCollation && !isEnumOrSet
}

/**
 * Bytes of a value in the binary protocol, rows and parameters alike; undefined where a length stands before it.
 * Source: MySQL client/server protocol, "Binary Protocol Value".
 */
export function binaryWidth(type: number): number | undefined {
  switch (type) {
    case fieldTypes.null:
      return 0
    case fieldTypes.tiny:
      return 1
    case fieldTypes.short:
    case fieldTypes.year:
      return 2
    case fieldTypes.long:
    case fieldTypes.int24:
    case fieldTypes.float:
      return 4
    case fieldTypes.longLong:
    case fieldTypes.double:
      return 8
    default:
      return undefined
  }
}
