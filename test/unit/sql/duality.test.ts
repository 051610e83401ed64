import { expect, it } from 'vitest'
import { print } from '../../../src/sql/print.ts'
import { parse } from './support.ts'

it.each([
  "CREATE JSON DUALITY VIEW v AS SELECT JSON_DUALITY_OBJECT('id': a, 'b': t.b) FROM t",
  "CREATE JSON DUALITY VIEW v AS SELECT json_duality_object(WITH (INSERT, NO DELETE) 'id': a) FROM t",
  "CREATE JSON DUALITY VIEW v AS SELECT json_duality_object(WITH UPDATE 'id': a + 1) FROM t",
])('keys and tags of a duality view are kept: %s', (sql) => {
  expect(print(parse(sql)).replaceAll(' : ', ': ')).toBe(sql)
})

it('is an ordinary function before MySQL 9.4', () => {
  const sql = "SELECT json_duality_object('a')"
  expect(print(parse(sql, { mode: 0, serverVersion: 80400 }))).toBe(sql)
  expect(() => parse(sql)).toThrow("near ')' at line 1")
})
