import { assert } from '../../base/assert.ts'
import type { JoinRows, Route, RowsPrimitive } from '../../plan/primitives.ts'
import type { Routing } from '../../plan/routing.ts'
import type { Select } from '../../sql/ast.ts'
import { makeAnd, makeIn } from '../make-node.ts'
import type { BindJoinOp } from '../operators/bind-join.ts'
import type { Operator } from '../operators/operator.ts'
import type { SelectList } from '../operators/select-list.ts'
import type { PlanContext } from '../plan-context.ts'
import { ShardText } from '../shard-text.ts'
import { primitiveOf } from './primitive-of.ts'

/** What the gateway does with rows that it has joined; undefined for any other tree. */
export function finishJoin(op: Operator, context: PlanContext): RowsPrimitive | undefined {
  return finished(op, context)?.rows
}

interface Finished {
  readonly rows: RowsPrimitive
  readonly list: SelectList
}

function finished(op: Operator, context: PlanContext): Finished | undefined {
  switch (op.kind) {
    case 'Project':
    case 'Limit':
    case 'Distinct':
    case 'Filter':
    case 'Aggregate':
    case 'Order': {
      const input = finished(op.input, context)
      const rows = input && primitiveOf(op, input.rows, input.list)
      return rows && { ...input, rows }
    }
    case 'BindJoin':
      return { rows: joinOf(op, context), list: op.list }
    default:
      return undefined
  }
}

function joinOf(op: BindJoinOp<Operator>, context: PlanContext): JoinRows {
  const { how, asked, keys, bound, rightRouting, columns, isTemporary, isModest } = op
  const text = new ShardText(context)
  const { where } = asked.right.query
  const among = makeIn(bound, text.hole({ rows: [0] }))
  const right: Select = {
    ...asked.right.query,
    where: makeAnd(where === undefined ? [among] : [where, among]),
  }
  return {
    kind: 'Join',
    how,
    left: { ...leftOf(op, context), keys: keys.left },
    right: { rows: routeOf(rightRouting, right, text), width: asked.right.width, keys: keys.right },
    columns,
    ...(isTemporary && { isTemporary }),
    ...(isModest && { isModest }),
  }
}

function leftOf({ left, asked }: BindJoinOp<Operator>, context: PlanContext): Omit<JoinRows['left'], 'keys'> {
  if (left.kind === 'BindJoin') {
    const rows = joinOf(left, context)
    return { rows, width: rows.columns.length }
  }
  assert(left.kind === 'Route' && left.routing !== undefined && asked.left, 'rows without their shards')
  const { query, width } = asked.left
  return { rows: routeOf(left.routing, query, new ShardText(context)), width }
}

function routeOf(routing: Routing, query: Select, text: ShardText): Route {
  return { kind: 'Route', routing, query: text.ofTree(query), orderBy: [] }
}
