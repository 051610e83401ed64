import { describe, expect, test } from 'vitest'
import { alikeStreams } from '../../../src/engine/alike-streams.ts'
import { conformRows, describedAs } from '../../../src/engine/conform.ts'
import type { RowFormat, StreamColumn } from '../../../src/engine/row-stream.ts'
import { columnFlags } from '../../../src/values/types.ts'
import { binaryText, type Cell, column, readAll, streamOf } from './rows.ts'

const formats: readonly RowFormat[] = ['text', 'binary']
const text = column('varString')
const decimal = (decimals: number) => column('newDecimal', { decimals })
const zerofill: StreamColumn = { ...column('long'), flags: columnFlags.zerofill | columnFlags.unsigned }

async function converted(format: RowFormat, from: StreamColumn, to: StreamColumn, cells: readonly Cell[]) {
  // Beside a column that stays.
  const rows = cells.map((cell) => ['kept', cell])
  const stream = conformRows(streamOf([text, from], format, rows), [text, to])
  expect(stream.columns).toEqual([text, to])
  return await readAll(stream)
}

describe.each(formats)('%s rows in other columns', (format) => {
  test.each([
    { what: 'wider integers', from: column('tiny'), to: column('longLong'), cells: ['-128', '7'] },
    { what: 'narrower integers', from: column('longLong'), to: column('long'), cells: ['-128', '7'] },
    {
      what: 'signed ones',
      from: column('long', { unsigned: true }),
      to: column('longLong'),
      cells: ['4294967295'],
    },
    { what: 'doubles', from: column('longLong'), to: column('double', { decimals: 31 }), cells: ['-3'] },
    { what: 'text', from: column('longLong'), to: text, cells: ['-9223372036854775808', '0'] },
    { what: 'text of decimals', from: decimal(2), to: text, cells: ['-0.50'] },
  ])('become $what', async ({ from, to, cells }) => {
    expect(await converted(format, from, to, [...cells, null])).toEqual(
      [...cells, null].map((cell) => ['kept', cell]),
    )
  })

  test('become decimals with as many digits as the column has', async () => {
    expect(await converted(format, column('long'), decimal(2), ['5', null])).toEqual([
      ['kept', '5.00'],
      ['kept', null],
    ])
    expect(await converted(format, decimal(1), decimal(3), ['-0.5'])).toEqual([['kept', '-0.500']])
  })

  test('have no values where all of them are NULL', async () => {
    expect(await converted(format, column('null'), column('dateTime'), [null])).toEqual([['kept', null]])
  })

  test.each([
    { why: 'digits would be lost', from: decimal(3), to: decimal(2) },
    {
      why: 'FLOAT has other digits as DOUBLE',
      from: column('float', { decimals: 31 }),
      to: column('double', { decimals: 31 }),
    },
    { why: 'the time is not written', from: column('date'), to: column('dateTime') },
    { why: 'text has a character set', from: text, to: binaryText() },
    { why: 'zeros are part of the text', from: zerofill, to: text },
    { why: 'a bigger number than the column has', from: column('double'), to: column('longLong') },
  ])('are refused where $why', ({ from, to }) => {
    expect(() => conformRows(streamOf([from], format, []), [to])).toThrow(/UNION of different column types/)
  })

  test('keep their own types where a statement is told to have others', async () => {
    const [count, sum] = [column('longLong', { name: 'c' }), decimal(2)]
    const told = [{ ...count, flags: columnFlags.notNull }, column('double', { decimals: 31 })]
    const stream = describedAs(streamOf([count, sum], format, [['1', '2.50']]), told)
    expect(stream.columns).toEqual([told[0], sum])
    expect(await readAll(stream)).toEqual([['1', '2.50']])
  })

  test('of several shards are read as the widest integers that one of them sends', async () => {
    const narrow = [column('long', { name: 'n' }), text]
    const wide = [column('longLong', { name: 'n' }), column('blob', { name: 'varString', collation: 255 })]
    const streams = alikeStreams(
      [streamOf(narrow, format, [['1', 'a']]), streamOf(wide, format, [['2', 'b']])],
      'main',
    )
    expect(streams.map(({ columns }) => columns[0])).toEqual([wide[0], wide[0]])
    expect(await Promise.all(streams.map(readAll))).toEqual([[['1', 'a']], [['2', 'b']]])
  })

  test('of shards with other schemas are not misread', () => {
    for (const other of [
      [column('longLong', { unsigned: true })],
      [decimal(2)],
      [text],
      [column('long'), text],
    ]) {
      const streams = [streamOf([column('long')], format, []), streamOf(other, format, [])]
      expect(() => alikeStreams(streams, 'main')).toThrow(/their schemas differ/)
    }
  })
})
