import { expect, test } from 'vitest'
import { containsGtids } from '../../../src/tablet/gtid.ts'

const A = '3e11fa47-71ca-11e1-9e33-c80aa9429562'
const B = '11111111-2222-3333-4444-555555555555'

test.each([
  { whole: `${A}:1-10`, part: `${A}:1-10`, has: true },
  { whole: `${A}:1-10`, part: `${A}:3-7`, has: true },
  { whole: `${A}:1-10`, part: `${A}:1-11`, has: false },
  { whole: `${A}:1-4:6-10`, part: `${A}:1-10`, has: false },
  { whole: `${A}:1-4:6-10`, part: `${A}:2:7-8`, has: true },
  { whole: `${A}:1-10,\n${B}:1-2`, part: `${B}:2`, has: true },
  { whole: `${A}:1-10`, part: `${B}:1`, has: false },
  { whole: `${A.toUpperCase()}:1-3`, part: `${A}:1-3`, has: true },
  // Tagged GTIDs (MySQL 8.3).
  { whole: `${A}:1-3:blue:1-5`, part: `${A}:blue:4`, has: true },
  { whole: `${A}:1-3:blue:1-5`, part: `${A}:4`, has: false },
  { whole: '0-1-100', part: '0-2-99', has: true },
  { whole: '0-1-100', part: '0-2-101', has: false },
  { whole: '0-1-100,1-1-5', part: '1-2-5', has: true },
  { whole: '0-1-100', part: '1-1-1', has: false },
  // Beyond 2^53.
  { whole: `${A}:1-9007199254740993`, part: `${A}:9007199254740993`, has: true },
])('$whole has $part: $has', ({ whole, part, has }) => {
  expect(containsGtids(whole, part)).toBe(has)
})

test.each([
  ['', ''],
  [`${A}:1`, ''],
  ['', '0-1-1'],
  [`${A}:1`, '0-1-1'],
  ['nonsense;', '0-1-1'],
])('of %j and %j nothing can be said', (whole, part) => {
  expect(containsGtids(whole, part)).toBeUndefined()
})
