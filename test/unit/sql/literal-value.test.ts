import { describe, expect, it } from 'vitest'
import { literalValue } from '../../../src/sql/literal-value.ts'
import type { SlotItem } from '../../../src/sql/scan.ts'
import { NO_BACKSLASH_ESCAPES } from '../../../src/sql/sql-mode.ts'
import { binary, scanText } from './support.ts'

/** Type and bytes of the first literal of a list, so that NULL and introducers may be among them. */
function shown(literal: string, mode = 0): string {
  const text = `SELECT 1 FROM t WHERE a IN (${literal})`
  const list = scanText(text, mode).slots[1]
  const item: SlotItem | undefined = list?.kind === 'list' ? list.items[0] : undefined
  if (item === undefined) throw new Error(`no list in ${text}`)
  const { type, bytes } = literalValue(binary(text), item, mode)
  return `${type} ${Buffer.from(bytes).toString(type === 'VARBINARY' ? 'hex' : 'utf8')}`
}

describe('literalValue', () => {
  it('types whole numbers by their size', () => {
    expect(shown('9223372036854775807')).toBe('INT64 9223372036854775807')
    expect(shown('9223372036854775808')).toBe('UINT64 9223372036854775808')
    expect(shown('18446744073709551616')).toBe('DECIMAL 18446744073709551616')
    expect(shown('-9223372036854775808')).toBe('INT64 -9223372036854775808')
    expect(shown('-9223372036854775809')).toBe('DECIMAL -9223372036854775809')
    expect(shown('+007')).toBe('INT64 7')
  })

  it('keeps decimals and floats digit for digit', () => {
    expect(shown('1.50')).toBe('DECIMAL 1.50')
    expect(shown('-1.5e+3')).toBe('FLOAT64 -1.5e+3')
  })

  it('resolves escapes and doubled quotes, and joins adjacent strings', () => {
    expect(shown("'a''b\\n\\%\\x' /* c */ \"\\\"d\"")).toBe('VARCHAR a\'b\n\\%x"d')
    expect(shown("'a\\'", NO_BACKSLASH_ESCAPES)).toBe('VARCHAR a\\')
    expect(shown("N'ä'")).toBe('VARCHAR ä')
    expect(shown("_utf8mb4 'ä'")).toBe('VARCHAR ä')
    expect(shown("_latin1 'a'")).toBe('VARCHAR a')
  })

  it('does not know text in the character set of an introducer', () => {
    expect(shown("_latin1 'ä'")).toMatch(/^EXPRESSION/)
    expect(shown("_latin1 x'e9'")).toMatch(/^EXPRESSION/)
    expect(shown("_utf16 x'0061'")).toMatch(/^EXPRESSION/)
  })

  it('gives bytes for hexadecimal and bit literals and for _binary', () => {
    expect(shown("x'0aFF'")).toBe('VARBINARY 0aff')
    expect(shown('0xabc')).toBe('VARBINARY 0abc')
    expect(shown("b'100000001'")).toBe('VARBINARY 0101')
    expect(shown("_binary 'ab'")).toBe('VARBINARY 6162')
  })

  it('knows NULL, TRUE and FALSE', () => {
    expect(shown('NULL')).toBe('NULL ')
    expect(shown('true')).toBe('INT64 1')
    expect(shown('false')).toBe('INT64 0')
  })
})
