import { expect, test } from 'vitest'
import { withoutIncompleteDates } from '../../../src/engine/incomplete-dates.ts'
import { column, readAll, streamOf } from './rows.ts'

const columns = [column('long'), column('date', { name: 'born' }), column('long')]

/** int<2> year 2024, month, day. */
const packed = (month: number, day: number) => Buffer.from([0xe8, 0x07, month, day]).toString('latin1')

const cases = [
  ['text', '2024-10-20', true],
  ['text', '2024-00-10', false],
  ['text', '2024-10-00', false],
  ['text', '2024-01-01 00:00:00', true],
  ['text', '0000-00-00 00:00:00', false],
  ['binary', packed(10, 20), true],
  ['binary', packed(0, 10), false],
  ['binary', packed(10, 0), false],
  ['binary', '', false],
  ['text', '2024-02-29', true],
  ['text', '2023-02-29', false],
  ['text', '2024-02-31 01:02:03.000000', false],
  ['text', '2024-06-31', false],
  ['binary', packed(2, 29), true],
  ['binary', packed(2, 30), false],
  ['binary', packed(12, 31), true],
] as const

test.each(cases)('%s date %j: %j', async (format, date, isWhole) => {
  const rows = [
    ['1', null, '2'],
    ['3', date, '4'],
  ]
  const read = readAll(withoutIncompleteDates(streamOf(columns, format, rows), { zero: true }))
  if (isWhole) expect(await read).toEqual(rows)
  else await expect(read).rejects.toMatchObject({ code: 'ER_NOT_SUPPORTED_YET', message: /born/ })
})

test('0000-00-00 passes where nothing can have become it', async () => {
  const rows = [['1', '0000-00-00', '2']]
  expect(await readAll(withoutIncompleteDates(streamOf(columns, 'text', rows), { zero: false }))).toEqual(
    rows,
  )
  const moments = [column('timestamp')]
  const zero = [['0000-00-00 00:00:00']]
  const passed = (limits: { zero: boolean }) =>
    readAll(withoutIncompleteDates(streamOf(moments, 'text', zero), limits))
  expect(await passed({ zero: false })).toEqual(zero)
  await expect(passed({ zero: true })).rejects.toMatchObject({ code: 'ER_NOT_SUPPORTED_YET' })
})
