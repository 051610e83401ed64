/** Binary strings (one character a byte) to Unicode and back. ASCII, nearly everything, is both at once. */

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false
  return true
}

/** Bytes of UTF-8, as a binary string, to a Unicode string. */
export function decodeBinary(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'latin1').toString('utf8')
}

/** A Unicode string to its UTF-8 bytes, as a binary string. */
export function encodeBinary(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

/** Name in a quoted identifier or string (source with its quotes): doubled quotes undone, escapes left alone. */
export function unquote(source: string): string {
  const quote = source[0]
  const inner = source.slice(1, -1)
  return decodeBinary(inner.includes(quote) ? inner.replaceAll(quote + quote, quote) : inner)
}

/** The same string, which no longer keeps alive the statement that it was cut from. */
export function ownText(text: string): string {
  const isBinary = !/[^\0-\xff]/.test(text)
  const encoding = isBinary ? 'latin1' : 'utf16le'
  return Buffer.from(text, encoding).toString(encoding)
}
