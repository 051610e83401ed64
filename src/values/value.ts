/**
 * SQL values as text bytes, the way a shard's text protocol and Vitess's `sqltypes.Value` carry them.
 *
 * An INT64 holds `-12`, a FLOAT64 `1.5e+30`, a VARBINARY its raw bytes, a HEXVAL the literal `x'0A'`, a HEXNUM
 * `0x0a`, a BITNUM `0b101`, a BIT column its raw bytes. NULL has no bytes.
 */

// Numbers of Vitess's query.Type: bits 8 to 13 are the properties below, so a type test is one mask.
const valueTypes = {
  NULL: 0,
  INT8: 257,
  UINT8: 770,
  INT16: 259,
  UINT16: 772,
  INT24: 261,
  UINT24: 774,
  INT32: 263,
  UINT32: 776,
  INT64: 265,
  UINT64: 778,
  FLOAT32: 1035,
  FLOAT64: 1036,
  TIMESTAMP: 2061,
  DATE: 2062,
  TIME: 2063,
  DATETIME: 2064,
  YEAR: 785,
  DECIMAL: 18,
  TEXT: 6163,
  BLOB: 10260,
  VARCHAR: 6165,
  VARBINARY: 10262,
  CHAR: 6167,
  BINARY: 10264,
  BIT: 2073,
  ENUM: 2074,
  SET: 2075,
  TUPLE: 28,
  GEOMETRY: 2077,
  JSON: 2078,
  EXPRESSION: 31,
  HEXNUM: 4128,
  HEXVAL: 4129,
  BITNUM: 4130,
  VECTOR: 2083,
  RAW: 2084,
  ROW_TUPLE: 2085,
} as const

const integral = 0x100
const unsigned = 0x200
const float = 0x400
const quoted = 0x800
const text = 0x1000
const binary = 0x2000

export type ValueType = keyof typeof valueTypes

/** A typed value; `bytes` belong to whoever made the value and are never changed. */
export interface Value {
  readonly type: ValueType
  readonly bytes: Uint8Array
  /**
   * A hexadecimal or bit literal: where a number is wanted, its bytes are one, big-endian. `either`: `x'0b'`, which MariaDB reads
   * as a string there, too.
   */
  readonly radix?: 'number' | 'either'
}

const noBytes = new Uint8Array(0)

export const nullValue: Value = { type: 'NULL', bytes: noBytes }

const encoder = new TextEncoder()

/** A value from its type and text; every NULL is `nullValue`. */
export function value(type: ValueType, content: string | Uint8Array): Value {
  if (type === 'NULL') return nullValue
  return { type, bytes: typeof content === 'string' ? encoder.encode(content) : content }
}

/** An INT64, or a UINT64 above its range. */
export function integerValue(n: number | bigint): Value {
  return value(BigInt(n) > 0x7fff_ffff_ffff_ffffn ? 'UINT64' : 'INT64', n.toString())
}

export function varcharValue(s: string): Value {
  return value('VARCHAR', s)
}

/** Reads the name of a type as VSchema files and Vitess write it; `NULL_TYPE` is Vitess's name for NULL. */
export function parseValueType(name: string): ValueType | undefined {
  if (name === 'NULL_TYPE') return 'NULL'
  return Object.hasOwn(valueTypes, name) ? (name as ValueType) : undefined
}

/** The type with Vitess's number (`query.Type`), as protobuf JSON may spell an enum. */
export function valueTypeOfNumber(number: number): ValueType | undefined {
  return (Object.keys(valueTypes) as ValueType[]).find((name) => valueTypes[name] === number)
}

export function isNull(v: Value): boolean {
  return v.type === 'NULL'
}

/** INT8 to INT64 and UINT8 to UINT64, and YEAR. */
export function isIntegral(type: ValueType): boolean {
  return (valueTypes[type] & integral) !== 0
}

/** INT8 to INT64. */
export function isSigned(type: ValueType): boolean {
  return (valueTypes[type] & (integral | unsigned)) === integral
}

/** UINT8 to UINT64, and YEAR. */
export function isUnsigned(type: ValueType): boolean {
  return (valueTypes[type] & (integral | unsigned)) === (integral | unsigned)
}

export function isFloat(type: ValueType): boolean {
  return (valueTypes[type] & float) !== 0
}

/** Any type with numeric comparison: integers, floats and DECIMAL. */
export function isNumber(type: ValueType): boolean {
  return type === 'DECIMAL' || isIntegral(type) || isFloat(type)
}

/** Types whose SQL literal is quoted: strings, temporal types, ENUM, SET, JSON, GEOMETRY; not BIT. */
export function isQuoted(type: ValueType): boolean {
  return (valueTypes[type] & quoted) !== 0 && type !== 'BIT'
}

/** CHAR, VARCHAR, TEXT and the literals HEXNUM, HEXVAL, BITNUM. */
export function isText(type: ValueType): boolean {
  return (valueTypes[type] & text) !== 0
}

/** BINARY, VARBINARY and BLOB. */
export function isBinary(type: ValueType): boolean {
  return (valueTypes[type] & binary) !== 0
}
