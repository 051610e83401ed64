import type { Plan } from './plan.ts'
import type { CopySource, Primitive } from './primitives.ts'
import type { Routing } from './routing.ts'
import type { QueryTemplate } from './text.ts'
import type { PlanList, PlanValue } from './values.ts'

/** All ways to shards that the plan may take; what others are made of one by one. */
export function routingsIn({ root, shortcut }: Plan): readonly Routing[] {
  const found = [...(shortcut === undefined ? [] : [shortcut.routing]), ...routingsOf(root)]
  return [...new Set(found.flatMap(partsOf))]
}

function partsOf(routing: Routing): readonly Routing[] {
  if (routing.kind === 'Unless') return partsOf(routing.routing)
  return routing.kind === 'Union' ? routing.parts.flatMap(partsOf) : [routing]
}

/** All ways to shards that rows may come. */
export function routingsOf(node: Primitive): readonly Routing[] {
  if (node.kind === 'ChosenWrite' || node.kind === 'SelectedInsert') {
    const others = node.kind === 'ChosenWrite' ? (node.others ?? []) : []
    return [node.rows, node.overCopies ?? [], others].flat().flatMap(routingsOf)
  }
  if (node.kind === 'Insert') return node.reads === undefined ? [] : routingsOf(node.reads.rows)
  if (node.kind === 'Write' && node.several !== undefined) return [node.routing, ...routingsOf(node.several)]
  if (node.kind === 'WriteOverCopies') return [node.routing, ...routingsOf(node.copies)]
  if (node.kind === 'CreateSelected')
    return [node.ddl.routing, ...(node.defined === undefined ? [] : routingsOf(node.defined.copies))]
  if (node.kind === 'LockTables') return node.parts.map(({ routing }) => routing)
  if ('routing' in node) return [node.routing]
  if (node.kind === 'PullOut')
    return [...node.subqueries.flatMap(({ rows }) => routingsOf(rows)), ...routingsOf(node.input)]
  if ('input' in node) return routingsOf(node.input)
  switch (node.kind) {
    case 'Concatenate':
      return node.inputs.flatMap(routingsOf)
    case 'Join':
      return [...routingsOf(node.left.rows), ...routingsOf(node.right.rows)]
    case 'Federate':
      return [...node.groups, ...node.copies].flatMap(({ rows }) => routingsOfCopy(rows))
    default:
      return []
  }
}

function routingsOfCopy(source: CopySource): readonly Routing[] {
  if (source.kind !== 'Pulled') return []
  return [...routingsOf(source.rows), ...source.reduced.map(({ rows }) => rows.routing)]
}

/** Texts of the Computed values among those that a routing asks for. */
export function computedIn(routing: Routing): readonly QueryTemplate[] {
  return valuesOf(routing).flatMap((value) => (value.kind === 'Computed' ? [value.text] : []))
}

/** The same among those that decide where rows are inserted. */
export function computedInRows(root: Primitive): readonly QueryTemplate[] {
  if (root.kind !== 'Insert' || root.rows.kind === 'Slot') return []
  const values = root.rows.rows.flatMap(({ cells }) => cells.map(({ value }) => value))
  return values.flatMap((value) => (value?.kind === 'Computed' ? [value.text] : []))
}

function valuesOf(routing: Routing): readonly PlanValue[] {
  switch (routing.kind) {
    case 'Equal':
      return routing.values
    case 'In':
    case 'Lookup':
      return itemsOf(routing.list)
    case 'Range':
      return [routing.low, routing.high].filter((value) => value !== undefined)
    case 'MultiEqual':
      return routing.tuples.flat()
    case 'Product':
      return routing.lists.flatMap(itemsOf)
    default:
      return []
  }
}

function itemsOf(list: PlanList): readonly PlanValue[] {
  return list.kind === 'Values' ? list.values : []
}
