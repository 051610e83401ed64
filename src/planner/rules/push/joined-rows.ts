import type { JoinedColumn } from '../../../plan/primitives.ts'
import type { BindJoinOp } from '../../operators/bind-join.ts'
import type { Operator } from '../../operators/operator.ts'
import { type JoinOrder, sidesIn } from './join-order.ts'
import type { JoinSide } from './join-side.ts'
import { isModestJoin } from './modest-join.ts'

/** A column of the rows that are made. */
export interface Shown {
  readonly side: JoinSide
  readonly column: number
}

/** Each join but the last one passes on all columns that it has. */
export function joinedRows(
  joinOrder: JoinOrder,
  shown: readonly Shown[],
  { list, isTemporary }: Pick<BindJoinOp<Operator>, 'list' | 'isTemporary'>,
): Operator {
  const { first, steps } = joinOrder
  const keys = steps.map((step) => ({
    left: step.keys.map(({ other }) => ({ side: other.side, column: other.side.pick(other.column) })),
    right: step.keys.map(({ own }) => step.side.pick(own)),
  }))
  const sides = sidesIn(joinOrder)
  const isModest = isModestJoin(joinOrder)
  const before = (side: JoinSide) =>
    (side.isOnlyAsked ? sides : sides.slice(0, sides.indexOf(side))).reduce(
      (sum, { width }) => sum + width,
      0,
    )
  const placeOf = ({ side, column }: Shown) => before(side) + column
  return steps.reduce<Operator>((left, step, i): BindJoinOp<Operator> => {
    const isLast = i === steps.length - 1
    const { side } = step
    return {
      kind: 'BindJoin',
      how: step.how,
      left,
      right: side.route,
      asked: { ...(i === 0 && { left: first.asked() }), right: side.asked() },
      keys: { left: keys[i]!.left.map(placeOf), right: keys[i]!.right },
      bound: step.keys[0]!.own,
      rightRouting: step.routing,
      columns: isLast
        ? shown.map(
            (each): JoinedColumn =>
              each.side === side
                ? { side: 'right', column: each.column }
                : { side: 'left', column: placeOf(each) },
          )
        : [...columnsOf('left', before(side)), ...columnsOf('right', side.isOnlyAsked ? 0 : side.width)],
      list,
      isTemporary: isLast && isTemporary,
      isModest,
    }
  }, first.route)
}

function columnsOf(side: JoinedColumn['side'], count: number): readonly JoinedColumn[] {
  return Array.from({ length: count }, (_, column) => ({ side, column }))
}
