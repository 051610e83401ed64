import { expect, it } from 'vitest'
import { parseExpression } from '../../../src/sql/parse.ts'
import { positionOf } from '../../../src/sql/position.ts'
import { mysql } from './support.ts'

it.each([
  ['2', 2],
  ['(2)', 2],
  ['+2', 2],
  ['((+(2)))', 2],
  ['-2', undefined],
  ['2.0', undefined],
  ['0x02', undefined],
  ["'2'", undefined],
  ['2 + 0', undefined],
])('ORDER BY %s is position %s, as in MySQL', (text, position) => {
  expect(positionOf(parseExpression(text, mysql))).toBe(position)
})
