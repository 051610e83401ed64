import { assert } from '../base/assert.ts'

/** Position of a plan's column offset in the columns of a stream; negative offsets count from the end. */
export function columnAt(columns: readonly unknown[], offset: number): number {
  const position = offset < 0 ? columns.length + offset : offset
  assert(position >= 0 && position < columns.length, `column ${offset} of ${columns.length}`)
  return position
}
