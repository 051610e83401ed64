import { describe, expect, it } from 'vitest'
import { allKeywords, isReserved } from '../../../src/sql/keywords.ts'
import { parseStatement } from '../../../src/sql/parse.ts'

const MYSQL_80 = 80036
const MYSQL_84 = 80400
const MYSQL_97 = 90700
const MARIADB = 101106

/** Words that versions of MySQL treat differently. Source: the manuals' lists "Keywords and Reserved Words". */
const changes: readonly (readonly [word: string, reservedIn: readonly number[]])[] = [
  ['MASTER_BIND', [MYSQL_80]],
  ['MASTER_SSL_VERIFY_SERVER_CERT', [MYSQL_80, MARIADB]],
  ['MANUAL', [MYSQL_84]],
  ['PARALLEL', [MYSQL_84]],
  ['QUALIFY', [MYSQL_84, MYSQL_97]],
  ['TABLESAMPLE', [MYSQL_84, MYSQL_97]],
  ['LIBRARY', [MYSQL_97]],
  ['EXTERNAL', [MYSQL_97]],
  ['INTERSECT', [MYSQL_80, MYSQL_84, MYSQL_97, MARIADB]],
  ['LATERAL', [MYSQL_80, MYSQL_84, MYSQL_97]],
  ['CUBE', [MYSQL_80, MYSQL_84, MYSQL_97]],
  ['SYSTEM', [MYSQL_80, MYSQL_84, MYSQL_97]],
  ['OFFSET', [MARIADB]],
  ['RETURNING', [MARIADB]],
  ['SETS', []],
  ['ROLE', []],
]

describe('words', () => {
  it.each(changes)('%s is reserved in some servers', (word, reservedIn) => {
    for (const server of [MYSQL_80, MYSQL_84, MYSQL_97, MARIADB]) {
      expect([server, isReserved(word, server)]).toEqual([server, reservedIn.includes(server)])
      const parse = () =>
        parseStatement(`SELECT 1 AS ${word} FROM ${word}`, { mode: 0, serverVersion: server })
      if (reservedIn.includes(server)) expect(parse).toThrow(expect.objectContaining({ errno: 1064 }))
      else expect(parse).not.toThrow()
    }
  })

  it.each([
    [80011, 80036, ['INTERSECT', 'LATERAL']],
    [80036, 80400, ['MANUAL', 'PARALLEL', 'QUALIFY', 'TABLESAMPLE']],
    [80400, 90700, ['EXTERNAL', 'LIBRARY']],
  ] as const)('between %i and %i become reserved: %s', (from, to, words) => {
    const added = [...allKeywords()].filter((word) => isReserved(word, to) && !isReserved(word, from))
    expect(added.sort()).toEqual(words)
  })

  it.each([
    [80036, 80400, ['MASTER_BIND', 'MASTER_SSL_VERIFY_SERVER_CERT']],
    [80400, 90700, ['MANUAL', 'PARALLEL']],
  ] as const)('between %i and %i are no longer reserved: %s', (from, to, words) => {
    const freed = [...allKeywords()].filter((word) => isReserved(word, from) && !isReserved(word, to))
    expect(freed.sort()).toEqual(words)
  })

  it('that are reserved are so as columns, tables and aliases, and free behind a point and in backticks', () => {
    for (const server of [MYSQL_80, MYSQL_84, MYSQL_97, MARIADB]) {
      const reserved = [...allKeywords()].filter((word) => isReserved(word, server))
      const accepts = (sql: string): boolean => {
        try {
          return parseStatement(sql, { mode: 0, serverVersion: server }) !== undefined
        } catch {
          return false
        }
      }
      for (const pattern of ['SELECT 1 FROM $', 'SELECT 1 AS $', 'INSERT INTO t ($) VALUES (1)']) {
        // DUAL is a table, and FROM DUAL a syntax of its own.
        const taken = reserved.filter((word) => word !== 'DUAL' && accepts(pattern.replace('$', word)))
        expect([pattern, server, taken]).toEqual([pattern, server, []])
      }
      for (const pattern of ['SELECT t.$ FROM d.$', 'SELECT `$` AS `$` FROM `$`', 'SELECT @`$`, @$']) {
        const refused = reserved.filter((word) => !accepts(pattern.replaceAll('$', word)))
        expect([pattern, server, refused]).toEqual([pattern, server, []])
      }
    }
  })
})
