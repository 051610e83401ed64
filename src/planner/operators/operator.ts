import type { Source } from '../binding/source.ts'
import type { AggregateOp } from './aggregate.ts'
import { type ApplyOp, useOf } from './apply.ts'
import type { BindJoinOp } from './bind-join.ts'
import type { CteOp } from './cte.ts'
import type { DerivedOp } from './derived.ts'
import type { DistinctOp } from './distinct.ts'
import type { FilterOp } from './filter.ts'
import type { InsertRowsOp } from './insert-rows.ts'
import type { JoinOp } from './join.ts'
import type { LimitOp } from './limit.ts'
import type { OrderOp } from './order.ts'
import type { OuterJoinOp } from './outer-join.ts'
import type { ProjectOp } from './project.ts'
import type { RouteOp } from './route.ts'
import { nameOfTable, type TableOp } from './table.ts'
import type { UnionOp } from './union.ts'
import type { WindowOp } from './window.ts'
import type { WriteOp } from './write.ts'

/** Node of the planning tree; immutable, and shared where a rule changes nothing. */
export type Operator =
  | TableOp
  | InsertRowsOp
  | UnaryOperator
  | ApplyOp<Operator>
  | BindJoinOp<Operator>
  | JoinOp<Operator>
  | OuterJoinOp<Operator>
  | UnionOp<Operator>

/** An operator over one input, whose rows it passes on in some way. */
export type UnaryOperator =
  | AggregateOp<Operator>
  | CteOp<Operator>
  | DerivedOp<Operator>
  | DistinctOp<Operator>
  | FilterOp<Operator>
  | LimitOp<Operator>
  | OrderOp<Operator>
  | ProjectOp<Operator>
  | RouteOp<Operator>
  | WindowOp<Operator>
  | WriteOp<Operator>

export type OperatorOf<Kind extends Operator['kind']> = Extract<Operator, { readonly kind: Kind }>

export function isA<Kind extends Operator['kind']>(op: Operator, kind: Kind): op is OperatorOf<Kind> {
  return op.kind === kind
}

export function inputsOf(op: Operator): readonly Operator[] {
  switch (op.kind) {
    case 'Table':
    case 'InsertRows':
      return []
    case 'Join':
    case 'Union':
      return op.inputs
    case 'BindJoin':
      return [op.left, op.right]
    case 'OuterJoin':
      return [op.preserved, op.inner]
    case 'Apply':
      return [op.input, ...op.subqueries]
    default:
      return [op.input]
  }
}

/** The operator over what `change` makes of its inputs; itself when that changes none. */
export function mapInputs(op: Operator, change: (input: Operator) => Operator): Operator {
  const before = inputsOf(op)
  const after = before.map(change)
  return after.every((input, i) => input === before[i]) ? op : withInputs(op, after)
}

function withInputs(op: Operator, inputs: readonly Operator[]): Operator {
  switch (op.kind) {
    case 'Table':
    case 'InsertRows':
      return op
    case 'Join':
    case 'Union':
      return { ...op, inputs }
    case 'BindJoin':
      return { ...op, left: inputs[0], right: inputs[1] }
    case 'OuterJoin':
      return { ...op, preserved: inputs[0], inner: inputs[1] }
    case 'Apply':
      return { ...op, input: inputs[0], subqueries: inputs.slice(1) }
    default:
      return { ...op, input: inputs[0] }
  }
}

/** The routes of a tree, from left to right. */
export function routesOf(op: Operator): readonly RouteOp<Operator>[] {
  const found: RouteOp<Operator>[] = []
  const collect = (each: Operator): void => {
    if (each.kind === 'Route') found.push(each)
    else inputsOf(each).forEach(collect)
  }
  collect(op)
  return found
}

/** What a query does with the rows of one route. */
interface OverRoute {
  /** From the last to the first. */
  readonly above: readonly UnaryOperator[]
  readonly route: RouteOp<Operator>
}

/** Undefined where the rows are those of several routes, or were made something else by a query in FROM before. */
export function overRoute(op: Operator): OverRoute | undefined {
  switch (op.kind) {
    case 'Route':
      return { above: [], route: op }
    case 'Aggregate':
    case 'Distinct':
    case 'Filter':
    case 'Limit':
    case 'Order':
    case 'Project':
    case 'Window': {
      const below = overRoute(op.input)
      return below && { above: [op, ...below.above], route: below.route }
    }
    default:
      return undefined
  }
}

/** The tree without its routes: what goes under one route in their place. */
export function withoutRoutes(op: Operator): Operator {
  return op.kind === 'Route' ? op.input : mapInputs(op, withoutRoutes)
}

/** The sources of FROM whose columns rows of the tree have. */
export function sourcesOf(op: Operator): readonly Source[] {
  switch (op.kind) {
    case 'Table':
    case 'Derived':
    case 'Cte':
      return op.bound.source === undefined ? [] : [op.bound.source]
    case 'Apply':
      return sourcesOf(op.input)
    default:
      return inputsOf(op).flatMap(sourcesOf)
  }
}

/** The tree in one line: `Limit(Join(Route(user), Route(music)))`. */
export function printOperator(op: Operator): string {
  const inputs = inputsOf(op).map(printOperator)
  switch (op.kind) {
    case 'Table':
      return nameOfTable(op)
    case 'InsertRows':
      return `InsertRows(${op.table.name})`
    case 'Apply':
      return `Apply(${inputs.map((input, i) => (i === 0 ? input : `${useOf(op, i - 1)} ${input}`)).join(', ')})`
    case 'Derived':
    case 'Cte':
      return `${op.kind} ${op.bound.source.name}(${inputs})`
    default:
      return `${op.kind}(${inputs.join(', ')})`
  }
}
