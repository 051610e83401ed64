import { assert } from '../../base/assert.ts'
import type { JoinedRoute, JoinRows, RowsPrimitive } from '../../plan/primitives.ts'
import type { Routing } from '../../plan/routing.ts'
import type { Select } from '../../sql/ast.ts'
import { makeAnd, makeIn } from '../make-node.ts'
import type { AskedSide, BindJoinOp } from '../operators/bind-join.ts'
import type { Operator } from '../operators/operator.ts'
import type { PlanContext } from '../plan-context.ts'
import { ShardText } from '../shard-text.ts'

/** What the gateway does with rows that it has joined; undefined for any other tree. */
export function finishJoin(op: Operator, context: PlanContext): RowsPrimitive | undefined {
  switch (op.kind) {
    case 'Project':
      return finishJoin(op.input, context)
    case 'Limit': {
      const input = finishJoin(op.input, context)
      return input && op.values && { kind: 'Limit', input, ...op.values }
    }
    case 'BindJoin':
      return joinOf(op, context)
    default:
      return undefined
  }
}

function joinOf(
  { left, asked, bound, rightRouting, columns }: BindJoinOp<Operator>,
  context: PlanContext,
): JoinRows {
  assert(left.kind === 'Route' && left.routing !== undefined, 'rows without their shards')
  const text = new ShardText(context)
  const { where } = asked.right.query
  const among = makeIn(bound, text.hole({ rows: [0] }))
  const right: Select = {
    ...asked.right.query,
    where: makeAnd(where === undefined ? [among] : [where, among]),
  }
  return {
    kind: 'Join',
    left: sideOf(asked.left, left.routing, asked.left.query, new ShardText(context)),
    right: sideOf(asked.right, rightRouting, right, text),
    columns,
  }
}

function sideOf({ width, keys }: AskedSide, routing: Routing, query: Select, text: ShardText): JoinedRoute {
  return { rows: { kind: 'Route', routing, query: text.ofTree(query), orderBy: [] }, width, keys }
}
