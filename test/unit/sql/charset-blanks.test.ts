import { describe, expect, it } from 'vitest'
import { blanksToSpaces } from '../../../src/sql/charset-blanks.ts'
import { ANSI_QUOTES, NO_BACKSLASH_ESCAPES } from '../../../src/sql/sql-mode.ts'
import { mysql } from './support.ts'

describe('a blank of the character set', () => {
  it.each([
    ['SELECT\xa0a\xa0FROM t', 'SELECT a FROM t'],
    ["SELECT '\xa0\\'\xa0', \"\xa0\", `\xa0`,\xa0'\xa0'", "SELECT '\xa0\\'\xa0', \"\xa0\", `\xa0`, '\xa0'"],
    [
      'SELECT 1 /* \xa0 */,\xa02 # \xa0\n,\xa03 -- \xa0\n,\xa04',
      'SELECT 1 /* \xa0 */, 2 # \xa0\n, 3 -- \xa0\n, 4',
    ],
    ['SELECT 1 --\xa0x\n+\xa01', 'SELECT 1 --\xa0x\n+ 1'],
    ['SELECT 1 -\xa01', 'SELECT 1 - 1'],
    ['SELECT /*! 1 +\xa0*/ 2\xa0', 'SELECT /*! 1 + */ 2 '],
    ['SELECT /*!99999 \xa0*/ 2\xa0', 'SELECT /*!99999 \xa0*/ 2 '],
    ["SELECT '\xa0", "SELECT '\xa0"],
  ])('%j is read as %j', (sql, text) => {
    expect(blanksToSpaces(sql, 'latin1', mysql)).toBe(text)
  })

  it('stands where a string ends, by the sql_mode', () => {
    const [sql, read] = ["SELECT '\\'\xa0'\xa0", "SELECT '\\' '\xa0"]
    expect(blanksToSpaces(sql, 'latin1', { ...mysql, mode: NO_BACKSLASH_ESCAPES })).toBe(read)
    const quoted = 'SELECT "\\"\xa0"\xa0'
    expect(blanksToSpaces(quoted, 'latin1', { ...mysql, mode: ANSI_QUOTES })).toBe('SELECT "\\" "\xa0')
  })

  it('is a letter or nothing in another one', () => {
    for (const charset of ['utf8mb4', 'binary', 'koi8r', 'cp850']) {
      expect(blanksToSpaces('a\xa0\xff', charset, mysql)).toBe('a\xa0\xff')
    }
    expect(blanksToSpaces('a\xa0\xff', 'cp852', mysql)).toBe('a\xa0 ')
  })
})
