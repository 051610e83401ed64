import { describe, expect, it } from 'vitest'
import { scan } from '../../../src/sql/fingerprint.ts'
import { type ParseOptions, parseStatement } from '../../../src/sql/parse.ts'
import { print } from '../../../src/sql/print.ts'

const named: ParseOptions = { mode: 0, serverVersion: 80036, allowParams: 'named' }

/** As vtgate writes them. */
const statements = [
  'SELECT a FROM t WHERE a = :a AND b <> :vtg1 + 1 LIMIT :offset, :count',
  'SELECT a FROM t WHERE a IN ::vtg1 AND b NOT IN ::list',
  'INSERT INTO t (a, b) VALUES (:_a_0, -:b), (:_a_1, ?)',
  'UPDATE t SET a = :select, b = f(:b) WHERE c LIKE :c LIMIT :n',
  'SET @a = :a, @b := :b',
]

describe('bind variables', () => {
  it.each(statements)('stand where values may: %s', (sql) => {
    const printed = print(parseStatement(sql, named))
    expect(printed).toMatch(/:\w/)
    expect(print(parseStatement(printed, named))).toBe(printed)
  })

  it('keep their names, in the tree and in the fingerprint', () => {
    const statement = parseStatement('DO :v1, a IN ::v2', named)
    const variables = JSON.stringify(statement).match(/"kind":"BindVariable","name":"v\d"(?:,"list":true)?/g)
    expect(variables).toEqual([
      '"kind":"BindVariable","name":"v1"',
      '"kind":"BindVariable","name":"v2","list":true',
    ])
    expect(scan('DO :v1', 0, 80036).key).not.toBe(scan('DO :v2', 0, 80036).key)
  })

  it.each([
    ['DO : v1', ': v1'],
    ['DO ::v1', '::v1'],
    ['SELECT a IN :v1', ':v1'],
    ['SELECT a FROM t WHERE a = :1', ':1'],
    ['SELECT :v1 x y', 'y'],
    ['SELECT a FROM :t', ':t'],
  ])('stand nowhere else: %s', (sql, near) => {
    expect(() => parseStatement(sql, named)).toThrow(
      expect.objectContaining({ errno: 1064, message: expect.stringContaining(`near '${near}' at line 1`) }),
    )
  })

  it.each([true, false])(
    'are refused as MySQL does where nobody supplies them, allowParams %s',
    (allowParams) => {
      const parse = () => parseStatement('SELECT a FROM t WHERE a = :v1', { ...named, allowParams })
      expect(parse).toThrow(
        expect.objectContaining({ errno: 1064, message: expect.stringContaining("near ':v1'") }),
      )
    },
  )
})
