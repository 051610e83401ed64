import { expect, it } from 'vitest'
import { trimText } from '../../../src/sql/trim-text.ts'

it.each([
  ['SELECT 1', 'SELECT 1'],
  [' \t\r\n\f\vSELECT 1 ; ;\n;', 'SELECT 1'],
  ['SELECT 1; -- x;', 'SELECT 1; -- x'],
  [';SELECT 1', ';SELECT 1'],
  ["SELECT 'a;", "SELECT 'a"],
  ['SELECT 1\0', 'SELECT 1'],
  ['SELECT 1\0;', 'SELECT 1'],
  ['SELECT 1\0\0', 'SELECT 1\0'],
  [' ;; ', ''],
  ['', ''],
])('%j is read as %j', (sql, text) => {
  expect(trimText(sql)).toBe(text)
})
