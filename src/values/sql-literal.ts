import { isBinary, isNumber, type Value } from './value.ts'

/**
 * SQL text (a binary string) of a text in character set `charset`: quoted where it reads the same under every sql_mode and
 * client character set, else in hexadecimal behind an introducer.
 */
export function textLiteral(bytes: Buffer, charset: string): string {
  const isPlain = bytes.every((byte) => byte >= 0x20 && byte < 0x7f && byte !== 0x5c)
  return isPlain ? `'${bytes.latin1Slice().replaceAll("'", "''")}'` : `_${charset} 0x${bytes.toString('hex')}`
}

/** With an introducer, for `x'33'` alone is a number, 51, where MySQL wants one, and the string is 3. */
export function binaryLiteral(bytes: Buffer): string {
  return bytes.length === 0 ? "''" : `_binary x'${bytes.toString('hex')}'`
}

/** Doubles keep an exponent: without one MySQL would read a DECIMAL. */
export function doubleLiteral(text: string): string {
  return /e/i.test(text) ? text : `${text}e0`
}

/** SQL text that gives the value again; `charset` is that of text. */
export function valueLiteral({ type, bytes }: Value, charset: string): string {
  const buffer = Buffer.from(bytes)
  if (type === 'NULL') return 'NULL'
  if (type === 'FLOAT64') return doubleLiteral(buffer.latin1Slice())
  if (isNumber(type)) return buffer.latin1Slice()
  if (isBinary(type) || type === 'BIT') return binaryLiteral(buffer)
  return textLiteral(buffer, charset)
}

/** `(a = 1 AND b <=> NULL)`: the columns, which are SQL text, are these values, with text in UTF-8. NULL is NULL. */
export function areEqual(columns: readonly string[], values: readonly Value[]): string {
  const parts = columns.map((column, i) => {
    const literal = valueLiteral(values[i]!, 'utf8mb4')
    return `${column} ${literal === 'NULL' ? '<=>' : '='} ${literal}`
  })
  return `(${parts.join(' AND ')})`
}

/** A string literal that reads the same under every sql_mode: quotes doubled, backslashes in hexadecimal. */
export function quoteString(text: string): string {
  return textLiteral(Buffer.from(text), 'utf8mb4')
}

/** An identifier in SQL text (a binary string), always in backticks. */
export function quoteName(name: string): string {
  return `\`${Buffer.from(name).latin1Slice().replaceAll('`', '``')}\``
}
