import { expect, test } from 'vitest'
import { mergeConditions } from '../../../src/engine/merge-conditions.ts'
import type { Condition } from '../../../src/errors/condition.ts'

const warning = (code: number, message: string): Condition => ({ level: 'Warning', code, message })
const deprecated = warning(1287, `'VALUES function' is deprecated`)
const constant = warning(1292, `Truncated incorrect DOUBLE value: 'high'`)
const ofRow = warning(1292, `Truncated incorrect DOUBLE value: 'seven'`)

const shards = [
  [deprecated, deprecated, constant, ofRow],
  [constant, deprecated, ofRow, ofRow],
]

const saysNullsOnce = true
const isInCondition = (text: string) => text === 'high'

test('of a query: what is about its text is said once, what is about rows each time', () => {
  expect(mergeConditions(shards, { isQuery: true, isInCondition, saysNullsOnce })).toEqual([
    deprecated,
    constant,
    ofRow,
    ofRow,
    ofRow,
  ])
})

test('of a write, which goes to shards as it is: as often as one of them says it', () => {
  expect(mergeConditions(shards, { isQuery: false, isInCondition, saysNullsOnce })).toEqual([
    deprecated,
    deprecated,
    constant,
    ofRow,
    ofRow,
    ofRow,
  ])
})

test('in the order that is given', () => {
  const ordered = [ofRow, ofRow, ofRow, constant, constant, deprecated, deprecated, deprecated]
  expect(mergeConditions(shards, { isQuery: false, isInCondition, saysNullsOnce }, ordered)).toEqual([
    ofRow,
    ofRow,
    ofRow,
    constant,
    deprecated,
    deprecated,
  ])
})

test('of a date in a condition once, however it is told', () => {
  const isIn = (text: string) => text === '2006.1.1'
  for (const said of [
    warning(1292, "Incorrect date value: '2006.1.1' for column 'd' at row 1"),
    warning(
      4095,
      "Delimiter '.' in position 4 in datetime value '2006.1.1' at row 1 is deprecated. Prefer '-'.",
    ),
  ])
    expect(mergeConditions([[said], [said]], { isQuery: true, isInCondition: isIn, saysNullsOnce })).toEqual([
      said,
    ])
})
