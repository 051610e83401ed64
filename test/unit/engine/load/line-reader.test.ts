import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fieldValue } from '../../../../src/engine/load/field-value.ts'
import type { LineFormat } from '../../../../src/engine/load/line-format.ts'
import { type Line, LineReader } from '../../../../src/engine/load/line-reader.ts'

interface Terms {
  readonly fieldEnd?: string
  readonly lineStart?: string
  readonly lineEnd?: string
  readonly enclosed?: string
  readonly escaped?: string
}

function formatOf({ fieldEnd = ',', lineStart = '', lineEnd = '\n', enclosed = '', escaped = '\\' }: Terms) {
  return {
    fieldEnd: Buffer.from(fieldEnd),
    lineStart: Buffer.from(lineStart),
    lineEnd: Buffer.from(lineEnd),
    enclosed: enclosed === '' ? -1 : enclosed.charCodeAt(0),
    escaped: escaped === '' ? -1 : escaped.charCodeAt(0),
  } satisfies LineFormat
}

function read(
  file: string,
  terms: Terms & { readonly count?: number; readonly skipped?: number; readonly cuts?: readonly number[] },
) {
  const format = formatOf(terms)
  const { count = 2, skipped = 0, cuts = [] } = terms
  const reader = new LineReader(format, count, skipped)
  const lines: Line[] = []
  const take = () => {
    for (let line = reader.next(); line !== undefined; line = reader.next()) lines.push(line)
  }
  let at = 0
  for (const size of [...cuts, file.length]) {
    reader.push(Buffer.from(file.slice(at, at + size)))
    at += size
    take()
  }
  reader.finish()
  take()
  const values = lines.map((line) =>
    Array.from({ length: line.fields.length / 2 }, (_, i) => fieldValue(line, i, format)?.toString() ?? null),
  )
  return { values, texts: lines.map(({ bytes }) => bytes.toString()) }
}

describe('lines and fields, as MySQL 9.7 and MariaDB 10.11 read them', () => {
  const cases: readonly [
    string,
    string,
    Parameters<typeof read>[1],
    readonly (readonly (string | null)[])[],
  ][] = [
    [
      'the last line needs no end',
      'a,b\nc,d',
      {},
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['an empty line has one empty field', '\na,b\n', {}, [[''], ['a', 'b']]],
    [
      'what is too much is passed over',
      'a,b,"\nc,d\n',
      { enclosed: '"' },
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'escapes',
      'a\\,b,\\n\\0\\Z\\x\nN,\\N\n',
      {},
      [
        ['a,b', '\n\0\x1ax'],
        ['N', null],
      ],
    ],
    ['no escapes', 'a\\,\\N\n', { escaped: '' }, [['a\\', '\\N']]],
    [
      'quotes',
      '"a,b","c""d"\n"e\nf",g"h"\n',
      { enclosed: '"' },
      [
        ['a,b', 'c"d'],
        ['e\nf', 'g"h"'],
      ],
    ],
    ['a quote that ends nothing', '"a"b",c\n', { enclosed: '"' }, [['a"b', 'c']]],
    ['NULL is a word where fields may be quoted', 'NULL,"NULL"\n', { enclosed: '"' }, [[null, 'NULL']]],
    ['NULL is a text where they may not', 'NULL,x\n', {}, [['NULL', 'x']]],
    ['an escape that is the quote doubles', '"a""b",c\n', { enclosed: '"', escaped: '"' }, [['a"b', 'c']]],
    [
      'long ends',
      'a||b|c--\nd||--e--\n',
      { fieldEnd: '||', lineEnd: '--\n' },
      [
        ['a', 'b|c'],
        ['d', '--e'],
      ],
    ],
    [
      'lines that begin',
      'x>>a,b\nskipped\n>>c,d>>e\n',
      { lineStart: '>>' },
      [
        ['a', 'b'],
        ['c', 'd>>e'],
      ],
    ],
    ['no ends of lines', 'a,b,c,d,e', { lineEnd: '' }, [['a', 'b'], ['c', 'd'], ['e']]],
    ['lines to skip, quotes or not', '"h\nx"\na,b\n', { enclosed: '"', skipped: 2 }, [['a', 'b']]],
    ['an escaped end is none', 'a\\\nb,c\nd,e\n', { skipped: 1 }, [['d', 'e']]],
    ['more lines to skip than there are', 'a,b\n', { skipped: 9 }, []],
    ['an escape at the end', 'a,b\\', {}, [['a', 'b\\']]],
    ['a quote that nothing closes', 'a,"b\n', { enclosed: '"' }, [['a', '"b\n']]],
  ]
  test.each(cases)('%s', (_, file, terms, expected) => {
    expect(read(file, terms).values).toEqual(expected)
  })
})

test('however the file comes, its lines are the same, and each is the same by itself', () => {
  const letters = fc.constantFrom('a', ',', '\n', '"', '\\', 'N', '|', '>')
  const terms = fc.record({
    fieldEnd: fc.constantFrom(',', '|,', ','),
    lineEnd: fc.constantFrom('\n', '|\n', ''),
    lineStart: fc.constantFrom('', '>>', '>'),
    enclosed: fc.constantFrom('', '"'),
    escaped: fc.constantFrom('', '\\', '"'),
    count: fc.integer({ min: 1, max: 4 }),
    skipped: fc.nat(2),
  })
  const file = fc.array(letters, { maxLength: 60 }).map((all) => all.join(''))
  fc.assert(
    fc.property(file, terms, fc.array(fc.nat(7)), (text, how, cuts) => {
      const whole = read(text, how)
      expect(read(text, { ...how, cuts })).toEqual(whole)
      const others = whole.texts.slice(0, -1)
      for (const [i, line] of others.entries())
        expect(read(line, { ...how, skipped: 0 }).values).toEqual([whole.values[i]])
    }),
    { numRuns: 2000 },
  )
})
