import { fieldTypes } from './types.ts'
import { type Value, type ValueType, value } from './value.ts'

/**
 * A value of the binary protocol, of a row or a param, as the text value that vindexes take. `bytes` are without their
 * length. Source: MySQL client/server protocol, "Binary Protocol Value".
 */
export function binaryValue(type: number, isUnsigned: boolean, bytes: Buffer): Value {
  switch (type) {
    case fieldTypes.tiny:
      return integer(isUnsigned, BigInt(isUnsigned ? bytes.readUInt8() : bytes.readInt8()))
    case fieldTypes.short:
    case fieldTypes.year:
      return integer(isUnsigned, BigInt(isUnsigned ? bytes.readUInt16LE() : bytes.readInt16LE()))
    case fieldTypes.long:
    case fieldTypes.int24:
      return integer(isUnsigned, BigInt(isUnsigned ? bytes.readUInt32LE() : bytes.readInt32LE()))
    case fieldTypes.longLong:
      return integer(isUnsigned, isUnsigned ? bytes.readBigUInt64LE() : bytes.readBigInt64LE())
    case fieldTypes.float:
      return value('FLOAT64', String(bytes.readFloatLE()))
    case fieldTypes.double:
      return value('FLOAT64', String(bytes.readDoubleLE()))
    case fieldTypes.decimal:
    case fieldTypes.newDecimal:
      return value('DECIMAL', bytes)
    case fieldTypes.date:
    case fieldTypes.dateTime:
    case fieldTypes.timestamp:
      return value(type === fieldTypes.date ? 'DATE' : 'DATETIME', dateText(bytes, type))
    case fieldTypes.time:
      return value('TIME', timeText(bytes))
    case fieldTypes.tinyBlob:
    case fieldTypes.mediumBlob:
    case fieldTypes.longBlob:
    case fieldTypes.blob:
      return value('VARBINARY', bytes)
    case fieldTypes.bit:
      return value('BIT', bytes)
    default:
      return value('VARCHAR', bytes)
  }
}

function integer(isUnsigned: boolean, n: bigint): Value {
  const type: ValueType = isUnsigned ? 'UINT64' : 'INT64'
  return value(type, n.toString())
}

/** Source: MySQL client/server protocol, "Binary Protocol Value", MYSQL_TYPE_DATETIME: 0, 4, 7 or 11 bytes. */
function dateText(bytes: Buffer, type: number): string {
  const year = bytes.length >= 4 ? bytes.readUInt16LE(0) : 0
  const month = bytes.length >= 4 ? bytes[2]! : 0
  const day = bytes.length >= 4 ? bytes[3]! : 0
  const date = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`
  if (type === fieldTypes.date) return date
  const time = bytes.length >= 7 ? clock(bytes[4]!, bytes[5]!, bytes[6]!) : clock(0, 0, 0)
  return `${date} ${time}${micros(bytes, 7)}`
}

/** MYSQL_TYPE_TIME: 0, 8 or 12 bytes: sign, days, hours, minutes, seconds, microseconds. */
function timeText(bytes: Buffer): string {
  if (bytes.length < 8) return '00:00:00'
  const hours = bytes.readUInt32LE(1) * 24 + bytes[5]!
  return `${bytes[0] === 1 ? '-' : ''}${clock(hours, bytes[6]!, bytes[7]!)}${micros(bytes, 8)}`
}

function clock(hours: number, minutes: number, seconds: number): string {
  return `${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}`
}

function micros(bytes: Buffer, at: number): string {
  return bytes.length >= at + 4 ? `.${pad(bytes.readUInt32LE(at), 6)}` : ''
}

function pad(n: number, digits: number): string {
  return String(n).padStart(digits, '0')
}
