import { fieldTypes } from '../../values/types.ts'

import { malformedPacket } from './packet-reader.ts'

/**
 * Temporal values between their binary form and their text.
 *
 * DATE, DATETIME, TIMESTAMP: year (2 bytes), month, day; hour, minute, second; microseconds (4). TIME: sign, days (4),
 * hour, minute, second; microseconds (4). Trailing parts that are zero are left out, so that 0, 4, 7 or 11 and
 * 0, 8 or 12 bytes are sent. Source: MySQL client/server protocol, "Binary Protocol Value".
 */

const DATE = /^(\d{4})-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?$/
const TIME = /^(-?)(\d{1,3}):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/
const HOURS_PER_DAY = 24

/** Raises SyntaxError for text that MySQL would not have written. */
export function parseTemporal(type: number, text: string): Buffer {
  return type === fieldTypes.time ? parseTime(text) : parseDatetime(text)
}

/** `decimals` are the column's: that many digits of a second are written, none for DATE. */
export function printTemporal(type: number, bytes: Buffer, decimals: number): string {
  if (type === fieldTypes.time) return printTime(bytes, decimals)
  if (bytes.length !== 0 && bytes.length !== 4 && bytes.length !== 7 && bytes.length !== 11)
    throw malformedPacket()
  const full = pad(bytes, 11)
  const date = `${digits(full.readUInt16LE(0), 4)}-${digits(full[2]!, 2)}-${digits(full[3]!, 2)}`
  if (type === fieldTypes.date || type === fieldTypes.newDate) return date
  return `${date} ${clock(full[4]!, full, 5)}${fraction(full.readUInt32LE(7), decimals)}`
}

function parseDatetime(text: string): Buffer {
  const match = DATE.exec(text)
  if (match === null) throw new SyntaxError('not a date')
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0))
  const bytes = Buffer.alloc(11)
  bytes.writeUInt16LE(year!)
  bytes.set([month!, day!, hour!, minute!, second!], 2)
  bytes.writeUInt32LE(microseconds(match[7]), 7)
  return trim(bytes, [11, 7, 4, 0])
}

function parseTime(text: string): Buffer {
  const match = TIME.exec(text)
  if (match === null) throw new SyntaxError('not a time')
  const hours = Number(match[2])
  const bytes = Buffer.alloc(12)
  bytes.writeUInt32LE(Math.floor(hours / HOURS_PER_DAY), 1)
  bytes.set([hours % HOURS_PER_DAY, Number(match[3]), Number(match[4])], 5)
  bytes.writeUInt32LE(microseconds(match[5]), 8)
  const trimmed = trim(bytes, [12, 8, 0])
  if (match[1] === '-' && trimmed.length > 0) trimmed[0] = 1
  return trimmed
}

function printTime(bytes: Buffer, decimals: number): string {
  if (bytes.length !== 0 && bytes.length !== 8 && bytes.length !== 12) throw malformedPacket()
  const full = pad(bytes, 12)
  const hours = full.readUInt32LE(1) * HOURS_PER_DAY + full[5]!
  return `${full[0] === 0 ? '' : '-'}${clock(hours, full, 6)}${fraction(full.readUInt32LE(8), decimals)}`
}

function clock(hours: number, bytes: Buffer, minuteAt: number): string {
  return `${digits(hours, 2)}:${digits(bytes[minuteAt]!, 2)}:${digits(bytes[minuteAt + 1]!, 2)}`
}

/** MySQL sends 31 for "as many as there are". */
function fraction(micros: number, decimals: number): string {
  if (decimals === 0) return ''
  const all = digits(micros, 6)
  if (decimals <= 6) return `.${all.slice(0, decimals)}`
  return micros === 0 ? '' : `.${all}`
}

function microseconds(fractionText: string | undefined): number {
  return Number((fractionText ?? '').padEnd(6, '0'))
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, '0')
}

function pad(bytes: Buffer, length: number): Buffer {
  const full = Buffer.alloc(length)
  bytes.copy(full)
  return full
}

/** The shortest of `lengths` (longest first) that leaves out nothing but zeros. */
function trim(bytes: Buffer, lengths: readonly number[]): Buffer {
  let keep = lengths[0]!
  for (const length of lengths) {
    if (bytes.subarray(length).some((byte) => byte !== 0)) break
    keep = length
  }
  return bytes.subarray(0, keep)
}
