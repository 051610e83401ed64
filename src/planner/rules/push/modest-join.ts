import { JOINED_ROWS_MAX } from '../../../plan/primitives.ts'
import { sameColumn } from '../../../vschema/model.ts'
import type { BoundTable } from '../../binding/bound.ts'
import { isUniqueIn } from '../../binding/live-column.ts'
import { type JoinOrder, type JoinStep, rowsOfSide } from './join-order.ts'
import { isColumnEquality, type JoinSide } from './join-side.ts'

/**
 * Whether joining, and copying what comes of it, is less than copying its tables: the first rows can be held, as far as that is known, and
 * there are no more rows than one of the tables has.
 */
export function isModestJoin({ first, steps }: JoinOrder): boolean {
  if (rowsOfSide(first) > JOINED_ROWS_MAX || !hasRowsOfOne(first)) return false
  return steps.every((step, i) => (i === steps.length - 1 ? isLastModest(step) : addsNoRows(step)))
}

function isLastModest({ side, isUnique }: JoinStep): boolean {
  return side.isOnlyAsked || (isUnique && hasRowsOfOne(side))
}

/** The rows so far find one row each. */
function addsNoRows({ side, keys }: JoinStep): boolean {
  if (side.isOnlyAsked) return true
  const [table, ...others] = side.tables
  return (
    others.length === 0 &&
    isUniqueIn(table!.instance.table, (column) => keys.some(({ own }) => sameColumn(own.name, column)))
  )
}

/** To a row of one of its tables there is one of each other, by a unique key of that. */
function hasRowsOfOne(side: JoinSide): boolean {
  return side.tables.some((root) => {
    const found = [root]
    for (let next: BoundTable | undefined = root; next !== undefined; ) {
      next = side.tables.find((table) => !found.includes(table) && isFoundBy(table, found, side))
      if (next !== undefined) found.push(next)
    }
    return found.length === side.tables.length
  })
}

function isFoundBy(table: BoundTable, found: readonly BoundTable[], side: JoinSide): boolean {
  const equal = side.conditions.filter(isColumnEquality).flatMap(({ left, right }) => {
    if (side.tableOf(left) === table) return found.includes(side.tableOf(right)) ? [left] : []
    return side.tableOf(right) === table && found.includes(side.tableOf(left)) ? [right] : []
  })
  return isUniqueIn(table.instance.table, (column) => equal.some(({ name }) => sameColumn(name, column)))
}
