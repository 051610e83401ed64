import { describe, expect, it } from 'vitest'
import { scan } from '../../../src/sql/fingerprint.ts'
import { parseStatement } from '../../../src/sql/parse.ts'
import { print } from '../../../src/sql/print.ts'
import {
  ANSI_QUOTES,
  HIGH_NOT_PRECEDENCE,
  IGNORE_SPACE,
  NO_BACKSLASH_ESCAPES,
  PIPES_AS_CONCAT,
  parseSqlMode,
  unknownSqlMode,
} from '../../../src/sql/sql-mode.ts'

const bits = [ANSI_QUOTES, NO_BACKSLASH_ESCAPES, PIPES_AS_CONCAT, IGNORE_SPACE, HIGH_NOT_PRECEDENCE]

/** What stands behind `near`, or the printed text. */
function read(sql: string, mode: number): string {
  try {
    return print(parseStatement(sql, { mode, serverVersion: 90700 }), mode)
  } catch (error) {
    return /near '[\s\S]*'/.exec((error as Error).message)?.[0] ?? String(error)
  }
}

describe('sql_mode', () => {
  it.each([
    ['SELECT "a" "b"', ANSI_QUOTES, 'SELECT a b'],
    ['SELECT "a" "b"', 0, 'SELECT "a" "b"'],
    // A quoted name has no escapes, in variables neither.
    ['SELECT @"a\\" x', ANSI_QUOTES, 'SELECT @"a\\" x'],
    ['SELECT @"a\\" x', 0, `near '"a\\" x'`],
    ['SELECT @"a\\"" x', ANSI_QUOTES, `near '"a\\"" x'`],
    ["SELECT @'a\\' b' x", ANSI_QUOTES, "SELECT @'a\\' b' x"],
    ['SELECT "a\\" x', ANSI_QUOTES, 'SELECT `a\\` x'],
    ["SELECT 'a\\' x", NO_BACKSLASH_ESCAPES, "SELECT 'a\\' x"],
    ['SELECT @"a\\" x', NO_BACKSLASH_ESCAPES, 'SELECT @"a\\" x'],
    ['SELECT a || b LIKE c', 0, 'SELECT a || b LIKE c'],
    ['SELECT -a || b', PIPES_AS_CONCAT, 'SELECT - a || b'],
    ['SELECT count (a)', 0, 'SELECT count (a)'],
    ['SELECT count (*)', 0, "near '*)'"],
    ['SELECT count (*)', IGNORE_SPACE, 'SELECT count(*)'],
    ['SELECT count\n(*)', IGNORE_SPACE, 'SELECT count(*)'],
    ['SELECT count/**/(*)', IGNORE_SPACE, "near '*)'"],
    ['SELECT count/* x */(a)', IGNORE_SPACE, 'SELECT count/**/(a)'],
    ['SELECT NOT a BETWEEN b AND c', HIGH_NOT_PRECEDENCE, 'SELECT NOT a BETWEEN b AND c'],
  ])('%s', (sql, mode, text) => {
    expect(read(sql, mode)).toBe(text)
  })

  it('names bits in any order and case, and combinations', () => {
    expect(parseSqlMode('strict_trans_tables, ansi_quotes,NO_BACKSLASH_ESCAPES')).toBe(
      ANSI_QUOTES | NO_BACKSLASH_ESCAPES,
    )
    expect(parseSqlMode('ANSI')).toBe(ANSI_QUOTES | PIPES_AS_CONCAT | IGNORE_SPACE)
    expect(parseSqlMode('')).toBe(0)
  })

  it('has names, others are told', () => {
    expect(unknownSqlMode('ansi, STRICT_TRANS_TABLES,')).toBeUndefined()
    expect(unknownSqlMode('ANSI,ansi_quote')).toBe('ANSI_QUOTE')
  })

  it('is the same to the fingerprint as to the parser: the statement ends at the same place', () => {
    for (let mode = 0; mode < 32; mode++) {
      for (const sql of [
        'DO @"a\\"; DO 2; DO "',
        `DO 'a\\'; DO 2; DO '`,
        'DO "a\\"; DO 2; DO "',
        'DO `a\\`; DO 2',
      ]) {
        const { end, hasMore } = scan(sql, mode, 90700)
        if (hasMore)
          expect(() => parseStatement(sql.slice(0, end), { mode, serverVersion: 90700 })).not.toThrow()
      }
    }
    expect(bits.reduce((all, bit) => all | bit, 0)).toBe(31)
  })
})

describe('sql_mode ORACLE of MariaDB', () => {
  const oracle = { mode: parseSqlMode('ORACLE'), serverVersion: 101106 }

  it.each([
    [
      'SELECT sysdate + 1, t.sysdate, sysdate(6) FROM t',
      'SELECT sysdate + 1, t.`sysdate`, sysdate(6) FROM t',
    ],
    ['SELECT 1 MINUS (SELECT 2 MINUS SELECT 3)', 'SELECT 1 EXCEPT (SELECT 2 EXCEPT SELECT 3)'],
    ['SELECT "a" || b AS "c" FROM t', 'SELECT a || b AS c FROM t'],
  ])('%s', (sql, text) => {
    expect(print(parseStatement(sql, oracle), oracle.mode)).toBe(text)
  })

  it('has a word less for names', () => {
    expect(() => parseStatement('SELECT minus FROM t', oracle)).toThrow(
      expect.objectContaining({ errno: 1064 }),
    )
    expect(print(parseStatement('SELECT sysdate minus', { ...oracle, mode: 0 }))).toBe(
      'SELECT `sysdate` minus',
    )
  })
})
