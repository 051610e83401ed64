import type { LineFormat } from './line-format.ts'
import type { Line } from './line-reader.ts'

const NULL_WORD = Buffer.from('NULL')
const LETTER_N = 0x4e

/** What an escaped byte stands for; others for themselves. Source: `READ_INFO::unescape()` in MySQL's sql_load.cc. */
const ESCAPED: ReadonlyMap<number, number> = new Map(
  [
    ['n', '\n'],
    ['t', '\t'],
    ['r', '\r'],
    ['b', '\b'],
    ['0', '\0'],
    ['Z', '\x1a'],
  ].map(([letter, meant]) => [letter!.charCodeAt(0), meant!.charCodeAt(0)]),
)

/** The bytes of a line's field number `i`; null for NULL, undefined where the line has no such field. */
export function fieldValue(
  { bytes, fields }: Line,
  i: number,
  format: LineFormat,
): Buffer | null | undefined {
  if (2 * i >= fields.length) return undefined
  const raw = bytes.subarray(fields[2 * i], fields[2 * i + 1])
  const { enclosed, escaped } = format
  const begins = enclosed >= 0 && raw[0] === enclosed
  const out = Buffer.allocUnsafe(raw.length)
  let length = 0
  let isNull = false
  let isClosed = false
  for (let pos = begins ? 1 : 0; pos < raw.length; pos++) {
    const byte = raw[pos]!
    const next = raw[pos + 1]
    if (byte === escaped && next !== undefined && (escaped !== enclosed || next === escaped)) {
      isNull ||= next === LETTER_N
      out[length++] = ESCAPED.get(next) ?? next
      pos++
    } else if (begins && byte === enclosed && next === enclosed) {
      out[length++] = byte
      pos++
    } else if (begins && byte === enclosed && next === undefined) isClosed = true
    else out[length++] = byte
  }
  const value = out.subarray(0, length)
  if (isNull && length === 1) return null
  if (isClosed) return value
  if (begins) return Buffer.concat([raw.subarray(0, 1), value])
  return enclosed >= 0 && value.equals(NULL_WORD) ? null : value
}
