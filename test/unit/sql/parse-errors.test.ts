import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SqlError } from '../../../src/errors/sql-error.ts'
import { scan } from '../../../src/sql/fingerprint.ts'
import { CHAIN_MAX, NESTING_MAX, parseNormalized, parseStatement } from '../../../src/sql/parse.ts'
import { print } from '../../../src/sql/print.ts'
import { visit } from '../../../src/sql/visit.ts'
import { mysqlStatements, rejectedStatements } from './statements.ts'
import { mysql, nearOf, parse } from './support.ts'

describe('a syntax error', () => {
  it('is 1064 with the text from the wrong token on', () => {
    expect(() => parse('SELECT a FROM')).toThrowError(
      "You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for the right syntax to use near '' at line 1",
    )
    expect(nearOf('SELECT a FROM t\nWHERE a = = 1')).toBe("near '= 1' at line 2")
    expect(nearOf('SELEC a')).toBe("near 'SELEC a' at line 1")
    expect(nearOf("SELECT 'abc")).toBe("near ''abc' at line 1")
    expect(nearOf('SELECT a FROM t; SELECT 2')).toBe("near 'SELECT 2' at line 1")
    expect(nearOf(`SELECT ${'x'.repeat(100)} ${'y'.repeat(100)} z`)).toBe(`near 'z' at line 1`)
    expect(nearOf(`SELECT FROM ${'x'.repeat(100)}`)).toBe(`near 'FROM ${'x'.repeat(75)}' at line 1`)
  })

  it.each([
    ['SELECT a, * FROM t', "near '* FROM t' at line 1"],
    ['SELECT 1=!0', "near '=!0' at line 1"],
    ["SELECT @'abc", "near ''abc' at line 1"],
    ["SELECT 1 @'abc", "near '@'abc' at line 1"],
    ['SELECT a FROM t LIMIT a + 1', "near '+ 1' at line 1"],
    ['SELECT a FROM t LEFT JOIN u', "near '' at line 1"],
    ['SELECT a IN ()', "near ')' at line 1"],
    ['INSERT INTO t VALUES', "near '' at line 1"],
    ['SELECT select FROM t', "near 'select FROM t' at line 1"],
    ['SELECT count (a, b)', 'no error'],
    ['SELECT count(a, b)', "near ', b)' at line 1"],
    ['SELECT RANK() FROM t', "near 'FROM t' at line 1"],
    ['UPDATE t, u SET a = 1 x', "near 'x' at line 1"],
    ['DELETE FROM t x USING t', "near 'USING t' at line 1"],
    ['SELECT 1 UNION SELECT 2 ORDER BY 1 UNION SELECT 3', "near 'UNION SELECT 3' at line 1"],
    ['SELECT /* open', "near '/* open' at line 1"],
    ['SELECT convert FROM t', "near 'FROM t' at line 1"],
    ['SELECT status() FROM t', "near '() FROM t' at line 1"],
    ['SELECT IF(a, b) FROM t', "near ') FROM t' at line 1"],
    ["SELECT 'a' COLLATE _utf8mb4'b'", "near '_utf8mb4'b'' at line 1"],
    ['SELECT a FROM $t$', "near '$t$' at line 1"],
    ['SET global.x = 1', "near 'global.x = 1' at line 1"],
    ['SET @@global x = 1', "near 'x = 1' at line 1"],
    ['SELECT a FROM t WHERE b IN (SELECT c FROM u LIMIT 1 INTO @x)', "near 'INTO @x)' at line 1"],
    ['SELECT SUM(a) OVER (ROWS b PRECEDING) FROM t', "near 'b PRECEDING) FROM t' at line 1"],
    ['CREATE TABLE t (a INT', "near '' at line 1"],
    ['DROP TABLE a b', "near 'b' at line 1"],
  ])('%s: %s', (text, near) => {
    expect(nearOf(text)).toBe(near)
  })

  it('refuses parameters where they are not allowed', () => {
    expect(() => parseStatement('SELECT ?', { ...mysql, allowParams: false })).toThrow(SqlError)
  })
})

describe('nesting', () => {
  const depth = NESTING_MAX * 3
  it.each([
    ['parentheses', `SELECT ${'('.repeat(depth)}1${')'.repeat(depth)}`],
    ['subqueries', `${'SELECT ('.repeat(depth)}1${')'.repeat(depth)}`],
    ['functions', `SELECT ${'f('.repeat(depth)}1${')'.repeat(depth)}`],
    ['signs', `SELECT ${'- '.repeat(depth)}1`],
    ['NOT', `SELECT ${'NOT '.repeat(depth)}1`],
    ['sums', `SELECT 1${' + 1'.repeat(depth)}`],
    ['CASE', `SELECT ${'CASE WHEN 1 THEN '.repeat(depth)}1${' END'.repeat(depth)}`],
    ['joins', `SELECT 1 FROM t${' JOIN t'.repeat(depth)}`],
    ['table parentheses', `SELECT 1 FROM ${'('.repeat(depth)}t${')'.repeat(depth)}`],
    ['derived tables', `SELECT 1 FROM ${'(SELECT 1 FROM '.repeat(depth)}t${') x'.repeat(depth)}`],
    ['alternating unions', `SELECT 1${' UNION SELECT 1 UNION ALL SELECT 1'.repeat(depth)}`],
  ])('of %s has a bound that is an error, not a crash', (_, text) => {
    expect(() => parseStatement(text, mysql)).toThrowError(/nested deeper/)
  })

  it.each([
    ['parentheses', `SELECT ${'('.repeat(150)}1${')'.repeat(150)}`],
    ['AND', `SELECT 1 FROM t WHERE a = 1${' AND a = 1'.repeat(20_000)}`],
    ['OR', `SELECT 1 FROM t WHERE a = 1${' OR a = 1'.repeat(20_000)}`],
    ['UNION ALL', `SELECT 1${' UNION ALL SELECT 1'.repeat(5000)}`],
    ['IN', `SELECT 1 FROM t WHERE a IN (1${', 1'.repeat(50_000)})`],
  ])('does not bound long chains of %s', (_, text) => {
    expect(parseStatement(print(parseStatement(text, mysql)), mysql).kind).toMatch(/Select|SetOperation/)
  })
})

describe('no text', () => {
  const words = [...new Set(mysqlStatements.flatMap((text) => text.match(/\w+|\s+|[^\w\s]/g) ?? []))]

  function isHandled(text: string): void {
    let parsed: string
    try {
      parsed = print(parseStatement(text, mysql))
    } catch (error) {
      expect(error).toBeInstanceOf(SqlError)
      return
    }
    expect(() => parseStatement(parsed, mysql)).not.toThrow()
    const found = scan(text, 0, 90700)
    if (!found.hasMore) parseNormalized(text, found, mysql)
  }

  it('of random bytes raises anything but SqlError', () => {
    const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array).latin1Slice())
    fc.assert(fc.property(bytes, isHandled), { numRuns: 1000 })
  })

  it('of random words raises anything but SqlError', () => {
    const soup = fc.array(fc.constantFrom(...words), { maxLength: 30 }).map((list) => list.join(' '))
    fc.assert(fc.property(soup, isHandled), { numRuns: 2000 })
  })

  it('that differs by a few tokens from a statement raises anything but SqlError', () => {
    const mutated = fc
      .record({
        text: fc.constantFrom(...mysqlStatements),
        edits: fc.array(fc.record({ at: fc.nat(60), word: fc.constantFrom(...words), drop: fc.nat(2) }), {
          minLength: 1,
          maxLength: 3,
        }),
      })
      .map(({ text, edits }) => {
        const tokens = text.match(/\w+|\s+|[^\w\s]/g) ?? []
        for (const { at, word, drop } of edits) tokens.splice(at % (tokens.length + 1), drop, ` ${word} `)
        return Buffer.from(tokens.join('')).latin1Slice()
      })
    fc.assert(fc.property(mutated, isHandled), { numRuns: 2000 })
  })
})

describe('what MySQL rejects', () => {
  it.each(rejectedStatements)('is rejected: %s', (text) => {
    expect(() => parse(text, { ...mysql, passedOn: 'check' })).toThrowError(
      /You have an error in your SQL syntax/,
    )
  })
})

describe('chains of operators', () => {
  const plus = (terms: number) => `SELECT ${Array(terms).fill('1').join(' + ')}`

  it('of the length that generated statements have are parsed, printed and walked', () => {
    const statement = parseStatement(plus(CHAIN_MAX - 50), mysql)
    expect(print(statement)).toBe(plus(CHAIN_MAX - 50))
    expect(visit(statement, () => undefined)).toBe(true)
  })

  it.each([
    ['behind one another', (part: string) => `SELECT ((1${part})${part})${part}`, ' + 1'],
    ['of two kinds', (part: string) => `SELECT 1${part} IS NULL${part.replaceAll('+', '=')}`, ' + 1'],
    ['in a call', (part: string) => `SELECT f(1${part})${part}`, ' + 1'],
    ['of collations', (part: string) => `SELECT a${part.repeat(2)}`, ' COLLATE x'],
  ])('have one bound together: %s', (_, sql, part) => {
    const text = sql(part.repeat(CHAIN_MAX - 50))
    expect(() => parseStatement(text, mysql)).toThrowError(/nested deeper/)
    expect(() => parseNormalized(text, scan(text, 0, 90700), mysql)).toThrowError(/nested deeper/)
  })

  it('have a bound where they nest, none where they are flat', () => {
    expect(() => parseStatement(plus(CHAIN_MAX + 1), mysql)).toThrowError(/chain of operators is longer/)
    const flat = `SELECT ${Array(20_000).fill('a = 1').join(' OR ')}`
    expect(parseStatement(flat, mysql).kind).toBe('Select')
  })
})
