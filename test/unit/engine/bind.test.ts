import { describe, expect, test } from 'vitest'
import { bindQuery, bindTemplate } from '../../../src/engine/bind.ts'
import { bindRowCount, bindValue, rowCountNumber } from '../../../src/engine/plan-value.ts'
import { value } from '../../../src/values/value.ts'
import { bindingsOf, constant, type Literal } from './bindings.ts'

const none = bindingsOf({})

describe('templates', () => {
  test('literals keep their source text, params their number', () => {
    const template = [
      'select ',
      { param: 1 },
      ' where a in (',
      { slot: 1 },
      ') and b = ',
      { slot: 0 },
      ' and c = ',
      { param: 0 },
    ]
    const bindings = bindingsOf({ slots: ["it''s", [1, 2, null]] })
    expect(bindTemplate(template, bindings)).toEqual({
      kind: 'Text',
      sql: "select ? where a in (1, 2, NULL) and b = 'it''s' and c = ?",
      params: [1, 0],
    })
  })

  test('the same param twice', () => {
    expect(bindTemplate([{ param: 0 }, ',', { param: 0 }], none)).toEqual({
      kind: 'Text',
      sql: '?,?',
      params: [0, 0],
    })
  })

  test('what the session answers itself', () => {
    expect(bindTemplate(['select ', { session: 'database' }], none).sql).toBe('select <database>')
  })

  describe('a column is named after the text of its item', () => {
    const named = (name: string) => bindTemplate([{ item: ['1'], name: [name] }], none).sql
    for (const [name, text] of [
      ['count( distinct x )', '1 AS `count( distinct x )`'],
      ['`a` + 1', '1 AS ```a`` + 1`'],
      [latin1("concat('ü😀\0')"), latin1("1 AS `concat('ü??')`")],
      ['x'.repeat(300), `1 AS \`${'x'.repeat(255)}\``],
      [latin1(`${'x'.repeat(254)}ü`), `1 AS \`${'x'.repeat(254)}\``],
    ] as const) {
      test(name.slice(0, 40), () => expect(named(name)).toBe(text))
    }

    test('literals in it are those of the statement', () => {
      const template = [{ item: ['f(', { slot: 0 }, ')'], name: ['f( ', { slot: 0 }, ' )'] }]
      expect(bindTemplate(template, bindingsOf({ slots: ["it''s"] })).sql).toBe(
        "f('it''s') AS `f( 'it''s' )`",
      )
    })
  })

  test('a verbatim query is passed on', () =>
    expect(bindQuery({ kind: 'Verbatim' }, none)).toEqual({ kind: 'Verbatim' }))

  const sums: [Literal, Literal, string][] = [
    [10, 5, '15'],
    ['10', '5 rows', '15'],
    [value('UINT64', '18446744073709551615'), 5, '18446744073709551615'],
  ]
  for (const [offset, count, sum] of sums) {
    test(`a shard sends offset + count rows: ${sum}`, () => {
      const piece = { limitSum: [constant(offset), constant(count)] } as const
      expect(bindTemplate(['limit ', piece], none).sql).toBe(`limit ${sum}`)
    })
  }
})

describe('row counts, as servers take a param in LIMIT', () => {
  const max = 2n ** 64n - 1n
  const cases: [Literal, bigint | number, bigint | number][] = [
    [-1, 1690, max],
    ['x', 0n, 0n],
    ['', 0n, 0n],
    ['-1', max, max],
    ['2.7', 2n, 2n],
    [null, 0n, 0n],
    [value('FLOAT64', '1.5'), 1210, 2n],
    [value('FLOAT64', '2.5'), 1210, 2n],
    [value('FLOAT64', '-2'), 1210, max],
    [value('DECIMAL', '18446744073709551616'), 1210, 1210],
  ]
  for (const [given, mysql, mariadb] of cases) {
    test(JSON.stringify(given), () => {
      for (const [expected, isMariadb] of [
        [mysql, false],
        [mariadb, true],
      ] as const) {
        const bind = () => bindRowCount(constant(given), { ...none, isMariadb })
        if (typeof expected === 'bigint') expect(bind()).toBe(expected)
        else expect(bind).toThrow(expect.objectContaining({ errno: expected }))
      }
    })
  }
  test('beyond what any answer reaches is infinite', () => {
    expect(rowCountNumber(2n ** 64n - 1n)).toBe(Number.POSITIVE_INFINITY)
    expect(rowCountNumber(10n)).toBe(10)
  })
})

describe('negated values', () => {
  const cases: [Literal, string, string][] = [
    [5, 'INT64', '-5'],
    [-5, 'INT64', '5'],
    [0, 'INT64', '0'],
    [value('UINT64', '9223372036854775808'), 'INT64', '-9223372036854775808'],
    [value('UINT64', '9223372036854775809'), 'DECIMAL', '-9223372036854775809'],
    [value('DECIMAL', '1.5'), 'DECIMAL', '-1.5'],
    ['7', 'INT64', '-7'],
    ['abc', 'EXPRESSION', '-abc'],
  ]
  for (const [literal, type, text] of cases) {
    test(`-(${typeof literal === 'object' ? text.slice(1) : literal}) is ${type} ${text}`, () => {
      expect(bindValue({ kind: 'Negated', value: constant(literal) }, none)).toEqual({
        type,
        bytes: Buffer.from(text),
      })
    })
  }
  test('-NULL is NULL', () => {
    expect(bindValue({ kind: 'Negated', value: constant(null) }, none).type).toBe('NULL')
  })
})

/** UTF-8 as a binary string. */
function latin1(text: string): string {
  return Buffer.from(text).latin1Slice()
}
