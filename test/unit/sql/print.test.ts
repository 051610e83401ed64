import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Expr } from '../../../src/sql/ast.ts'
import { scan } from '../../../src/sql/fingerprint.ts'
import { parseExpression, parseStatement } from '../../../src/sql/parse.ts'
import { print, printPieces, quoteIdentifier } from '../../../src/sql/print.ts'
import { PIPES_AS_CONCAT } from '../../../src/sql/sql-mode.ts'
import { mysqlStatements, vtgateStatements } from './statements.ts'
import { binary, mariadb, mysql, parse, parseNormalized, withoutSpans } from './support.ts'

describe('print', () => {
  it.each([...mysqlStatements, ...vtgateStatements])('parses back to the same tree: %s', (text) => {
    const tree = parse(text)
    expect(withoutSpans(parseStatement(print(tree), mysql))).toEqual(withoutSpans(tree))
  })

  it.each([...mysqlStatements, ...vtgateStatements])(
    'of the template with its literals put back is the same statement: %s',
    (text) => {
      const sql = binary(text)
      const found = scan(sql, 0, 90700)
      const template = printPieces(parseNormalized(sql, found, mysql))
      const filled = template.map((piece) => {
        if (typeof piece === 'string') return piece
        return 'param' in piece ? '?' : sql.slice(found.slots[piece.slot].start, found.slots[piece.slot].end)
      })
      expect(withoutSpans(parseStatement(filled.join(''), mysql))).toEqual(withoutSpans(parse(text)))
    },
  )

  it.each([
    'SELECT sum (a) OVER ()',
    'SELECT `sum`(a) OVER ()',
    'SELECT `my sum`(a) OVER ()',
    'SELECT säm(a) OVER ()',
  ])('keeps what says in MariaDB that a function over a window is a stored one: %s', (sql) => {
    expect(print(parse(sql, mariadb))).toBe(binary(sql))
  })

  it('makes no comment of operators at the end, whose own comment is left out', () => {
    expect(print(parse('RESET PERSIST---- x'))).toBe('RESET PERSIST- -')
  })

  it('keeps literals byte for byte', () => {
    const text = "SELECT 'a\\'b' 'c', 1.50, 0xFf, 'äö', 1e+05"
    expect(print(parse(text))).toBe(binary(text))
  })

  it('merges text around slots and parameters', () => {
    const sql = 'select a from t where b = 5 and c in (1,2) and d = ?'
    expect(printPieces(parseNormalized(sql, scan(sql, 0, 90700), mysql))).toEqual([
      'SELECT a FROM t WHERE b = ',
      { slot: 0 },
      ' AND c IN (',
      { slot: 1 },
      ') AND d = ',
      { param: 0 },
    ])
  })

  it('puts parentheses where a rewritten tree needs them', () => {
    const one = parseExpression('a OR b', mysql)
    const two = parseExpression('c', mysql)
    const span = { start: 0, end: 0 }
    expect(print({ kind: 'And', operator: 'AND', operands: [one, two], span })).toBe('(a OR b) AND c')
    expect(print({ kind: 'Not', operator: 'NOT', operand: one, span })).toBe('NOT (a OR b)')
    const assign = parseExpression('x = @a := 1', mysql)
    expect(print({ kind: 'And', operator: 'AND', operands: [assign, two], span })).toBe('(x = @a := 1) AND c')
  })

  it('gives back any tree of operators that it printed, with parentheses where they were needed', () => {
    fc.assert(
      fc.property(expressions, (expr) => {
        const text = print(expr, PIPES_AS_CONCAT)
        const again = parseExpression(text, { mode: PIPES_AS_CONCAT, serverVersion: 90700 })
        expect(flat(withoutSpans(again, 'parens'))).toEqual(flat(withoutSpans(expr, 'parens')))
      }),
      { numRuns: 500 },
    )
  })
})

describe('quoteIdentifier', () => {
  it('quotes keywords, odd characters and nothing else', () => {
    expect(quoteIdentifier('abc_1')).toBe('abc_1')
    expect(quoteIdentifier('select')).toBe('`select`')
    expect(quoteIdentifier('a`b')).toBe('`a``b`')
    expect(quoteIdentifier('1a')).toBe('`1a`')
    expect(quoteIdentifier('a-b')).toBe('`a-b`')
    expect(quoteIdentifier('ä')).toBe(binary('`ä`'))
    expect(quoteIdentifier('')).toBe('``')
  })
})

const span = { start: 0, end: 0 }

/** A chain inside a chain of the same operator is one chain when it is read. */
function flat(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(flat)
  if (typeof tree !== 'object' || tree === null) return tree
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, flat(value)]))
}

const leaf: fc.Arbitrary<Expr> = fc.oneof(
  fc.constantFrom('a', 'status', 'select', 'x y', 'ä').map(
    (name): Expr => ({
      kind: 'Column',
      qualifiers: [],
      name,
      span,
    }),
  ),
  fc.nat(999).map((n): Expr => ({ kind: 'Literal', type: 'Int', text: String(n), span })),
  fc.nat(999).map((n): Expr => ({ kind: 'Literal', type: 'Int', text: `-${n}`, span })),
  fc.constant<Expr>({ kind: 'Literal', type: 'String', text: "'it''s'", span }),
)

const { expressions } = fc.letrec<{ expressions: Expr }>((tie) => {
  const sub = tie('expressions')
  const not = fc.constantFrom(true, false)
  return {
    expressions: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc
        .record({
          op: fc.constantFrom('+', '-', '*', '/', '%', 'DIV', 'MOD', '|', '&', '^', '<<', '>>', '||'),
          left: sub,
          right: sub,
        })
        .map(({ op, left, right }) => ({ kind: 'Binary', op, left, right, span }) as Expr),
      fc
        .record({ op: fc.constantFrom('=', '<=>', '<', '<=', '>', '>=', '<>'), left: sub, right: sub })
        .map(({ op, left, right }) => ({ kind: 'Comparison', op, left, right, span }) as Expr),
      fc
        .record({ left: sub, right: sub })
        .map(({ left, right }): Expr => ({ kind: 'Xor', left, right, span })),
      fc
        .record({ op: fc.constantFrom('-', '+', '~', 'BINARY'), operand: sub })
        .map(({ op, operand }) => ({ kind: 'Unary', op, operand, span }) as Expr),
      fc
        .record({ operator: fc.constantFrom('NOT', '!'), operand: sub })
        .map(({ operator, operand }) => ({ kind: 'Not', operator, operand, span }) as Expr),
      fc
        .record({ operand: sub, test: fc.constantFrom('NULL', 'TRUE', 'UNKNOWN'), negated: not })
        .map((fields) => ({ kind: 'Is', ...fields, span }) as Expr),
      fc
        .record({ operand: sub, low: sub, high: sub, negated: not })
        .map((fields): Expr => ({ kind: 'Between', ...fields, span })),
      fc
        .record({ operand: sub, pattern: sub, escape: sub, negated: not })
        .map((fields): Expr => ({ kind: 'Like', ...fields, span })),
      fc
        .record({ operand: sub, pattern: sub, negated: not })
        .map((fields): Expr => ({ kind: 'Regexp', ...fields, span })),
      fc.record({ left: sub, items: fc.array(sub, { minLength: 1, maxLength: 3 }), negated: not }).map(
        ({ left, items, negated }): Expr => ({
          kind: 'In',
          left,
          right: { kind: 'List', items, span },
          negated,
          span,
        }),
      ),
      fc
        .record({ operand: sub })
        .map(({ operand }): Expr => ({ kind: 'Collate', operand, collation: 'utf8mb4_bin', span })),
      fc.record({ value: sub }).map(
        ({ value }): Expr => ({
          kind: 'Assign',
          target: { kind: 'UserVariable', name: 'v', span },
          value,
          span,
        }),
      ),
      fc.record({ left: sub, right: leaf }).map(
        ({ left, right }): Expr => ({
          kind: 'Binary',
          op: '+',
          left,
          right: { kind: 'Interval', value: right, unit: 'DAY', span },
          span,
        }),
      ),
      fc
        .array(sub, { minLength: 2, maxLength: 3 })
        .map((items): Expr => ({ kind: 'Row', keyword: false, items, span })),
    ),
  }
})
