import { expect, test } from 'vitest'
import { parseCost } from '../../../src/sql/parse-cost.ts'
import { ownText } from '../../../src/sql/text.ts'

test('what is in quotes costs nothing, however long', () => {
  const picture = 'a,b;(c) '.repeat(1_000)
  expect(parseCost(`SELECT '${picture}'`)).toBe(parseCost("SELECT ''"))
  expect(parseCost(`SELECT '${picture}`)).toBe(parseCost("SELECT '"))
})

test('every token costs the same', () => {
  const rows = (count: number) => parseCost(`INSERT INTO t VALUES ${'(1,1),'.repeat(count)}`)
  expect(rows(2_000) - rows(1_000)).toBe(rows(3_000) - rows(2_000))
  expect(rows(1_000)).toBeGreaterThan(300_000)
})

test.each(['plain', 'bytes \xe2\x82\xac', 'a euro €', ''])(
  'a text of its own is the same text: %j',
  (text) => {
    expect(ownText(text)).toBe(text)
  },
)
