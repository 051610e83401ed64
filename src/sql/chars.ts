/**
 * Byte-level reading shared by the lexer and the fingerprint pass. All positions are offsets in a binary string;
 * reading past its end gives NaN, which belongs to no class.
 * Source: MySQL 9.7 manual, "Language Structure", and the server's observed behaviour where the manual is silent.
 */

const BLANK = 1
const DIGIT = 2
/** May stand in an unquoted identifier: letters, digits, `_`, `$` and every byte of a multi-byte character. */
const IDENT = 4
const HEX_DIGIT = 8
/** `<`, `>`, `=`, `!`: read as one operator as far as they go. */
const COMPARE = 16

const classes = new Uint8Array(256)
for (let c = 0; c < 256; c++) {
  const isDigit = c >= 48 && c <= 57
  const isLetter = (c >= 65 && c <= 90) || (c >= 97 && c <= 122)
  let flags = 0
  if (c === 32 || (c >= 9 && c <= 13)) flags |= BLANK
  if (isDigit) flags |= DIGIT
  if (isDigit || isLetter || c === 95 || c === 36 || c >= 128) flags |= IDENT
  if (isDigit || (c >= 65 && c <= 70) || (c >= 97 && c <= 102)) flags |= HEX_DIGIT
  if (c === 60 || c === 61 || c === 62 || c === 33) flags |= COMPARE
  classes[c] = flags
}

// Masked, so that reading past the text's end (NaN) is an ordinary look-up of class 0, and fast.
export const isBlank = (c: number): boolean => (classes[c & 255] & BLANK) !== 0
export const isDigit = (c: number): boolean => (classes[c & 255] & DIGIT) !== 0
export const isIdentChar = (c: number): boolean => (classes[c & 255] & IDENT) !== 0
const isHexDigit = (c: number): boolean => (classes[c & 255] & HEX_DIGIT) !== 0
export const isCompareChar = (c: number): boolean => (classes[c & 255] & COMPARE) !== 0

const BACKSLASH = 92

/**
 * End of a string or quoted identifier whose opening quote is at `start`: offset behind the closing quote, or -1
 * when it is never closed. A doubled quote stands for itself; a backslash escapes only when `escapes`.
 */
export function quotedEnd(sql: string, start: number, escapes: boolean): number {
  const quote = sql.charCodeAt(start)
  const { length } = sql
  let pos = start + 1
  while (pos < length) {
    const c = sql.charCodeAt(pos)
    if (c === quote) {
      if (sql.charCodeAt(pos + 1) !== quote) return pos + 1
      pos += 2
    } else if (c === BACKSLASH && escapes) pos += 2
    else pos++
  }
  return -1
}

const UINT64_MAX = '18446744073709551615'

/** Type of the whole number from its first digit, at `start`, to `end`: of more than 64 bits it counts as a decimal. */
export function wholeNumberType(sql: string, start: number, end: number): 'Int' | 'Decimal' {
  if (end - start < UINT64_MAX.length) return 'Int'
  const digits = sql.slice(start, end).replace(/^0+/, '')
  if (digits.length !== UINT64_MAX.length) return digits.length < UINT64_MAX.length ? 'Int' : 'Decimal'
  return digits <= UINT64_MAX ? 'Int' : 'Decimal'
}

/** First MySQL version that reads `$tag$ … $tag$` as a string, the body of a stored program in another language. */
const DOLLAR_QUOTES_SINCE = 80034

/** End of the dollar-quoted text at `start`; -1 when it is never closed, 0 when `$` begins an identifier instead. */
export function dollarQuotedEnd(sql: string, start: number, serverVersion: number): number {
  if (serverVersion < DOLLAR_QUOTES_SINCE || serverVersion >= 100000) return 0
  let pos = start + 1
  while (sql.charCodeAt(pos) !== 36 && isIdentChar(sql.charCodeAt(pos))) pos++
  if (sql.charCodeAt(pos) !== 36) return 0
  const tag = sql.slice(start, pos + 1)
  const close = sql.indexOf(tag, pos + 1)
  return close < 0 ? -1 : close + tag.length
}

/** End of the identifier characters from `pos` on. */
export function identEnd(sql: string, pos: number): number {
  const { length } = sql
  while (pos < length && isIdentChar(sql.charCodeAt(pos))) pos++
  return pos
}

function digitsEnd(sql: string, pos: number): number {
  const { length } = sql
  while (pos < length && isDigit(sql.charCodeAt(pos))) pos++
  return pos
}

export type NumberForm = 'Int' | 'Decimal' | 'Float' | 'Hex' | 'Bit' | 'Ident'

/** What `readNumber` found last: one place instead of an object for each number of a long INSERT. */
export const number = { form: 'Int' as NumberForm, end: 0 }

/**
 * Reads what begins with a digit, or with a point and a digit, into `number`. Digits followed by identifier characters
 * are an identifier (`1e`, `2nd`), unless they make `0x1f`, `0b01`, or an exponent.
 */
export function readNumber(sql: string, start: number): void {
  if (sql.charCodeAt(start) === 48 && readRadix(sql, start)) return
  const pos = digitsEnd(sql, start)
  const c = sql.charCodeAt(pos)
  if (c === 46) readFraction(sql, pos + 1)
  else if (!isIdentChar(c)) found('Int', pos)
  else if (!readExponent(sql, pos)) found('Ident', identEnd(sql, pos))
}

/** Exponent of a number without a point, which ends the number: `1e5x` is one before a name. */
function readExponent(sql: string, pos: number): boolean {
  const end = exponentEnd(sql, pos)
  if (end < 0) return false
  found('Float', end)
  return true
}

function readRadix(sql: string, start: number): boolean {
  const second = sql.charCodeAt(start + 1)
  if (second === 120) return readPrefixed(sql, start, 'Hex')
  return second === 98 && readPrefixed(sql, start, 'Bit')
}

function readPrefixed(sql: string, start: number, form: 'Hex' | 'Bit'): boolean {
  let pos = start + 2
  if (form === 'Hex') while (isHexDigit(sql.charCodeAt(pos))) pos++
  else while (sql.charCodeAt(pos) === 48 || sql.charCodeAt(pos) === 49) pos++
  if (pos === start + 2 || isIdentChar(sql.charCodeAt(pos))) return false
  found(form, pos)
  return true
}

function readFraction(sql: string, start: number): void {
  const pos = digitsEnd(sql, start)
  const end = exponentEnd(sql, pos)
  if (end > 0) found('Float', end)
  else found('Decimal', pos)
}

/** End of the exponent at `pos`, or -1 when there is none (no `e`, no digit behind it). */
function exponentEnd(sql: string, pos: number): number {
  if ((sql.charCodeAt(pos) | 32) !== 101) return -1
  const sign = sql.charCodeAt(pos + 1)
  const digits = sign === 43 || sign === 45 ? pos + 2 : pos + 1
  return isDigit(sql.charCodeAt(digits)) ? digitsEnd(sql, digits) : -1
}

function found(form: NumberForm, end: number): void {
  number.form = form
  number.end = end
}

/** `x'1f'`, `b'01'` with `start` at the letter: offset behind it, or -1 when it is none (odd count, wrong digit). */
export function radixStringEnd(sql: string, start: number): number {
  const isHex = (sql.charCodeAt(start) | 32) === 120
  let pos = start + 2
  for (;;) {
    const c = sql.charCodeAt(pos)
    if (c === 39) break
    if (isHex ? !isHexDigit(c) : c !== 48 && c !== 49) return -1
    pos++
  }
  return isHex && (pos - start) % 2 !== 0 ? -1 : pos + 1
}

/** `--` opens a comment only before a blank, a control character or the end. */
export function isDashComment(sql: string, pos: number): boolean {
  if (sql.charCodeAt(pos) !== 45 || sql.charCodeAt(pos + 1) !== 45) return false
  const c = sql.charCodeAt(pos + 2)
  return pos + 2 >= sql.length || c <= 32 || c === 127
}

export function lineEnd(sql: string, pos: number): number {
  const end = sql.indexOf('\n', pos)
  return end < 0 ? sql.length : end + 1
}

/**
 * Offset behind the comment opened at `pos`, or -1 when it is never closed. Comments nest one level deep in a versioned
 * comment that is left out (`versioned`).
 */
export function blockCommentEnd(sql: string, pos: number, versioned: boolean): number {
  let from = pos + 2
  for (;;) {
    const end = sql.indexOf('*/', from)
    if (end < 0) return -1
    const inner = versioned ? sql.indexOf('/*', from) : -1
    if (inner < 0 || inner > end) return end + 2
    const innerEnd = sql.indexOf('*/', inner + 2)
    if (innerEnd < 0) return -1
    from = innerEnd + 2
  }
}

/**
 * Where the text of the versioned comment at `pos` begins; 0 when this server does not execute it. MySQL takes a sixth
 * digit for the version's only where a blank follows it.
 */
export function versionedBody(sql: string, pos: number, serverVersion: number): number {
  const isMaria = serverVersion >= 100000
  const onlyMaria = sql.charCodeAt(pos + 2) === 77
  const at = onlyMaria ? pos + 4 : pos + 3
  if (onlyMaria && !isMaria) return 0
  let digits = 0
  let version = 0
  while (digits < 6 && isDigit(sql.charCodeAt(at + digits))) {
    version = version * 10 + sql.charCodeAt(at + digits) - 48
    digits++
  }
  if (digits < 5) return at
  if (digits === 6 && !isMaria && !isBlank(sql.charCodeAt(at + 6))) {
    digits = 5
    version = Math.trunc(version / 10)
  }
  // MariaDB leaves out what is meant for MySQL 5.7 and later only.
  const foreign = isMaria && !onlyMaria && version >= 50700 && version <= 99999
  return version <= serverVersion && !foreign ? at + digits : 0
}

/** The comment at `pos` (`/*`) is a versioned one: `/*!`, and in MariaDB `/*M!`. */
export function isVersioned(sql: string, pos: number, serverVersion: number): boolean {
  const c = sql.charCodeAt(pos + 2)
  return c === 33 || (c === 77 && sql.charCodeAt(pos + 3) === 33 && serverVersion >= 100000)
}
