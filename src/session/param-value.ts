import { FieldType } from '../mysql/codec/constants.ts'
import { type BoundParam, isUnsigned } from '../mysql/codec/stmt-execute.ts'
import { nullValue, type Value, type ValueType, value } from '../values/value.ts'

/** A param of COM_STMT_EXECUTE as the text value that vindexes take. */
export function paramValue(param: BoundParam): Value {
  const { bytes } = param
  if (bytes === null) return nullValue
  switch (param.type) {
    case FieldType.TINY:
      return integer(param, BigInt(isUnsigned(param) ? bytes.readUInt8() : bytes.readInt8()))
    case FieldType.SHORT:
    case FieldType.YEAR:
      return integer(param, BigInt(isUnsigned(param) ? bytes.readUInt16LE() : bytes.readInt16LE()))
    case FieldType.LONG:
    case FieldType.INT24:
      return integer(param, BigInt(isUnsigned(param) ? bytes.readUInt32LE() : bytes.readInt32LE()))
    case FieldType.LONGLONG:
      return integer(param, isUnsigned(param) ? bytes.readBigUInt64LE() : bytes.readBigInt64LE())
    case FieldType.FLOAT:
      return value('FLOAT64', String(bytes.readFloatLE()))
    case FieldType.DOUBLE:
      return value('FLOAT64', String(bytes.readDoubleLE()))
    case FieldType.DECIMAL:
    case FieldType.NEWDECIMAL:
      return value('DECIMAL', bytes)
    case FieldType.DATE:
    case FieldType.DATETIME:
    case FieldType.TIMESTAMP:
      return value(param.type === FieldType.DATE ? 'DATE' : 'DATETIME', dateText(bytes, param.type))
    case FieldType.TIME:
      return value('TIME', timeText(bytes))
    case FieldType.TINY_BLOB:
    case FieldType.MEDIUM_BLOB:
    case FieldType.LONG_BLOB:
    case FieldType.BLOB:
      return value('VARBINARY', bytes)
    case FieldType.BIT:
      return value('BIT', bytes)
    default:
      return value('VARCHAR', bytes)
  }
}

function integer(param: BoundParam, n: bigint): Value {
  const type: ValueType = isUnsigned(param) ? 'UINT64' : 'INT64'
  return value(type, n.toString())
}

/** Source: MySQL client/server protocol, "Binary Protocol Value", MYSQL_TYPE_DATETIME: 0, 4, 7 or 11 bytes. */
function dateText(bytes: Buffer, type: number): string {
  const year = bytes.length >= 4 ? bytes.readUInt16LE(0) : 0
  const month = bytes.length >= 4 ? bytes[2]! : 0
  const day = bytes.length >= 4 ? bytes[3]! : 0
  const date = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`
  if (type === FieldType.DATE) return date
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
