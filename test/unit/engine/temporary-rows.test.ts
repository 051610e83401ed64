import { expect, test } from 'vitest'
import { inTemporary } from '../../../src/engine/temporary-rows.ts'
import { portOf } from './port.ts'
import { type Cell, column, readAll, streamOf } from './rows.ts'

const columns = [column('long'), column('date', { name: 'born' })]
const certain = { port: portOf({}) }
const through = (rows: Cell[][], context = certain) => {
  const input = streamOf(columns, 'text', rows)
  return { input, made: inTemporary(input, context, (each) => each) }
}

test('rows without such dates are as they are', async () => {
  const rows = [
    ['1', '2024-02-29'],
    ['2', null],
    ['3', '0000-00-00'],
  ]
  expect(await readAll(await through(rows).made)).toEqual(rows)
})

test('a date without a day is found before anything is answered', async () => {
  const { input, made } = through([['1', '2024-01-00']])
  await expect(made).rejects.toMatchObject({ code: 'ER_NOT_SUPPORTED_YET', message: /born/ })
  expect(input.closed).toBe(1)
})

test('so is a shard that has lost one', async () => {
  const { input, made } = through([['1', '0000-00-00']], { port: portOf({ lostDates: async () => true }) })
  await expect(made).rejects.toMatchObject({ code: 'ER_NOT_SUPPORTED_YET' })
  expect(input.closed).toBe(1)
})

test('where shards would not say so, 0000-00-00 is one that may be lost', async () => {
  const { made } = through([['1', '0000-00-00']], { port: portOf({ hidesLostDates: true }) })
  await expect(made).rejects.toMatchObject({ code: 'ER_NOT_SUPPORTED_YET' })
})

test('behind what is held such a date makes the statement fail', async () => {
  const many = Array.from({ length: 30_000 }, (_, i) => [`${i}`, '2024-01-01'])
  const rows = await through([...many, ['0', '2024-01-00']]).made
  await expect(readAll(rows)).rejects.toMatchObject({ code: 'ER_NOT_SUPPORTED_YET' })
  await rows.close()
})

test('rows without dates are not held', async () => {
  const input = streamOf([column('long')], 'text', [['1']])
  expect(await inTemporary(input, certain, (each) => each)).toBe(input)
})
