import { expect, test } from 'vitest'
import { quoteBytes } from '../../../src/vindex/go-text.ts'

// Each as `fmt.Sprintf("%q", …)` of Go prints it.
const cases: readonly [bytes: number[], quoted: string][] = [
  [[], '""'],
  [[0x61, 0xc3, 0xa9], '"aé"'],
  [[0x22, 0x5c], '"\\"\\\\"'],
  [[0x00, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x7f], '"\\x00\\a\\b\\t\\n\\v\\f\\r\\x7f"'],
  [[0xff, 0xc3, 0x28, 0xe2, 0x82], '"\\xff\\xc3(\\xe2\\x82"'],
  [[0xed, 0xa0, 0x80], '"\\xed\\xa0\\x80"'],
  [[0xc2, 0xa0, 0xe2, 0x80, 0x8b], '"\\u00a0\\u200b"'],
  [[0xf3, 0xa0, 0x80, 0x81, 0xf0, 0x9f, 0x98, 0x80], '"\\U000e0001😀"'],
]

for (const [bytes, quoted] of cases) {
  test(`quotes ${bytes.length} bytes as ${quoted}`, () => {
    expect(quoteBytes(Uint8Array.from(bytes))).toBe(quoted)
  })
}
