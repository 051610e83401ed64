import { SqlError } from '../errors/sql-error.ts'

/** Labels of the Encoding standard for MySQL's character sets that clients may have and that are not UTF-8 already. */
const ENCODINGS: ReadonlyMap<string, string> = new Map([
  ['latin1', 'windows-1252'],
  ['latin2', 'iso-8859-2'],
  ['latin5', 'iso-8859-9'],
  ['latin7', 'iso-8859-13'],
  ['greek', 'iso-8859-7'],
  ['hebrew', 'iso-8859-8'],
  ['cp1250', 'windows-1250'],
  ['cp1251', 'windows-1251'],
  ['cp1256', 'windows-1256'],
  ['cp1257', 'windows-1257'],
  ['cp866', 'ibm866'],
  ['koi8r', 'koi8-r'],
  ['koi8u', 'koi8-u'],
  ['tis620', 'windows-874'],
  ['macroman', 'macintosh'],
  ['euckr', 'euc-kr'],
  ['ujis', 'euc-jp'],
  ['eucjpms', 'euc-jp'],
  ['gb2312', 'gbk'],
])

const UTF8: ReadonlySet<string> = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'ascii', 'binary'])

/**
 * Text of a client as UTF-8, the form that vindexes hash. Throws 1235 for text beyond ASCII in a character set that
 * cannot be converted here.
 */
export function toUtf8(bytes: Uint8Array, charset: string): Uint8Array {
  if (UTF8.has(charset) || bytes.every((byte) => byte < 0x80)) return bytes
  const encoding = ENCODINGS.get(charset)
  if (encoding === undefined) {
    throw new SqlError(
      'ER_NOT_SUPPORTED_YET',
      `This version of Shardgate doesn't yet support 'routing by text in character set ${charset}': use utf8mb4`,
    )
  }
  return new TextEncoder().encode(new TextDecoder(encoding).decode(bytes))
}
