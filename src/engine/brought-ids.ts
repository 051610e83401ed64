import type { CountedRows } from '../plan/write-primitives.ts'
import type { Value } from '../values/value.ts'
import type { Bindings } from './bindings.ts'
import { type InsertSource, rowsOf, wrongRow } from './insert-rows.ts'
import { storedInteger } from './integer-value.ts'
import type { InsertMode } from './shards-view.ts'

/**
 * Whether each row of an INSERT that one server runs brings a value for its AUTO_INCREMENT column. If none was drawn, the
 * id in MySQL's OK is that of the last row, and LAST_INSERT_ID() stays as it was.
 */
export function bringsIds(counted: CountedRows, bindings: Bindings, mode: InsertMode): boolean {
  // The server has the word on rows of the wrong width.
  return wrongRow(counted, bindings) < 0 && !someRowDraws(rowsOf(counted, bindings), counted.offset, mode)
}

/** Whether MySQL draws a number for some row, in the column at `offset`. Of expressions nobody knows. */
export function someRowDraws(source: InsertSource, offset: number, mode: InsertMode): boolean {
  for (let row = 0; row < source.rowCount; row++) {
    if (source.isDefault(row, offset)) return true
    const value = source.value(row, offset)
    if (value !== undefined && drawsNumber(value, mode)) return true
  }
  return false
}

/** Whether an AUTO_INCREMENT column draws a number for the value. */
export function drawsNumber(value: Value, { noAutoValueOnZero }: InsertMode): boolean {
  return value.type === 'NULL' || (!noAutoValueOnZero && storedInteger(value) === 0n)
}
