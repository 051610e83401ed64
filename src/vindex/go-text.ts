const named: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

/** Bytes in double quotes as Go's `%q` writes them: readable where they are readable UTF-8, escaped elsewhere. */
export function quoteBytes(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const size = characterSize(bytes, at)
    text += size === 0 ? escapeByte(bytes[at]) : escapeCharacter(decode(bytes, at, size))
    at += Math.max(1, size)
  }
  return `"${text}"`
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })

/** Bytes of the character at `at`; 0 if none begins there. */
function characterSize(bytes: Uint8Array, at: number): number {
  for (let size = 1; size <= 4 && at + size <= bytes.length; size++) {
    if (isCharacter(bytes, at, size)) return size
  }
  return 0
}

function isCharacter(bytes: Uint8Array, at: number, size: number): boolean {
  try {
    return [...decode(bytes, at, size)].length === 1
  } catch {
    return false // not valid UTF-8
  }
}

function decode(bytes: Uint8Array, at: number, size: number): string {
  return decoder.decode(bytes.subarray(at, at + size))
}

function escapeCharacter(character: string): string {
  const name = named[character]
  if (name !== undefined) return name
  if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character)) return character
  const code = character.codePointAt(0) ?? 0
  if (code < 0x80) return escapeByte(code)
  const hex = code.toString(16)
  return code > 0xffff ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`
}

function escapeByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}
