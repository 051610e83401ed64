import { expect, test } from 'vitest'
import { countLacking, joinPositions, lackingIn } from '../../../src/reparent/history.ts'

const A = '3e11fa47-71ca-11e1-9e33-c80aa9429562'
const B = '4e11fa47-71ca-11e1-9e33-c80aa9429562'

test.each([
  [`${A}:1-10`, `${A}:1-10`, '', 0n],
  [`${A}:1-10`, `${A}:1-12`, `${A}:11-12`, 2n],
  [`${A}:1-5:8-10`, `${A}:1-10`, `${A}:6-7`, 2n],
  [`${A}:1-5:7-10`, `${A}:1-10`, `${A}:6`, 1n],
  [`${A}:1-10`, `${A}:1-9,${B}:1`, `${B}:1`, 1n],
  [`${A}:1-10,${B}:1-4`, `${A}:3`, '', 0n],
  [`${A}:1-10:tag:1-3`, `${A}:1-10:tag:1-4`, `${A}:tag:4`, 1n],
  ['', `${A}:1-2`, `${A}:1-2`, 2n],
  [`${A}:1-2`, '', '', 0n],
  // MariaDB: an old primary's last transaction does not hide behind its successor's.
  ['0-1-100,0-2-105', '0-1-100', '', 0n],
  ['0-1-100,0-2-105', '0-1-101', '0-1-101', 1n],
  ['0-1-100', '1-1-3,0-1-100', '1-1-3', 4n],
])('%s lacks of %s: %s', (whole, part, lacks, count) => {
  expect(lackingIn(whole, part)).toBe(lacks)
  expect(countLacking(whole, part)).toBe(count)
})

test('what a server of MariaDB has logged and what it has replicated are one history', () => {
  expect(joinPositions('0-1-100,0-2-7', '0-1-90,1-5-3', '')).toBe('0-1-100,0-2-7,1-5-3')
})
