import type { SplitInsert } from '../plan/write-primitives.ts'
import { TextBinder } from './bind.ts'
import type { Bindings, BoundText } from './bindings.ts'
import { rowsOf } from './insert-rows.ts'

/**
 * An INSERT with all its rows, as any shard can describe its params; it is not for running. Throws
 * ER_WRONG_VALUE_COUNT_ON_ROW, as MySQL does when it prepares the statement.
 */
export function describeInsert(plan: SplitInsert, bindings: Bindings): BoundText {
  const source = rowsOf(plan, bindings)
  const { autoIncrement, head, tail } = plan
  const id = autoIncrement?.appended ? { offset: autoIncrement.offset, text: 'NULL' } : undefined
  const text = new TextBinder(bindings, { isDescribed: true })
  text.append(head)
  for (let row = 0; row < source.rowCount; row++) {
    text.appendPiece(row === 0 ? ' ' : ', ')
    source.appendRow(text, row, id)
  }
  if (tail.length > 0) text.appendPiece(' ')
  text.append(tail)
  return text.finish()
}
