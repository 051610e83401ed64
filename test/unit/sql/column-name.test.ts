import { describe, expect, it } from 'vitest'
import { columnName } from '../../../src/sql/column-name.ts'
import { scan } from '../../../src/sql/fingerprint.ts'

const MYSQL = { serverVersion: 90_704, sqlMode: 0 }
const MARIADB = { serverVersion: 101_106, sqlMode: 0 }

function nameOf(item: string, server = MYSQL): string {
  const sql = `SELECT 0, ${item}`
  const source = { sql, scan: scan(sql, server.sqlMode, server.serverVersion) }
  return columnName(source, { start: 10, end: sql.length }, server)
    .map((piece) => (typeof piece === 'string' ? piece : `:${piece.slot}`))
    .join('')
}

describe('the name of a column without alias', () => {
  it('is its text, comments and all', () => {
    expect(nameOf('a  + /* b */ 1')).toBe('a  + /* b */ :1')
    expect(nameOf("a -- it's\n + b # 'c\n + 2")).toBe("a -- it's\n + b # 'c\n + :1")
    expect(nameOf('(SELECT /*+ BKA(t) */ 1)')).toBe('(SELECT /*+ BKA(t) */ :1)')
    expect(nameOf("CONCAT(a,'/*! x */', `*/`)")).toBe('CONCAT(a,:1, `*/`)')
  })

  it('has no marks of versioned comments, and nothing of those that are left out', () => {
    expect(nameOf('a /*!40101 + 1 */ + b')).toBe('a  + :1  + b')
    expect(nameOf('a /*!99999 + 1 */ + b')).toBe('a  + b')
    expect(nameOf('a /*! /* inner */ */ + b')).toBe('a  /* inner */  + b')
    expect(nameOf('a /*M!99999 + 1 */ + b')).toBe('a /*M!99999 + 1 */ + b')
    expect(nameOf('a /*M! + c */ + b', MARIADB)).toBe('a  + c  + b')
  })
})
