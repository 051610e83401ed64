import type { Conjunct } from '../../binding/bound.ts'
import type { JoinOp } from '../../operators/join.ts'
import { type Operator, routesOf, sourcesOf, withoutRoutes } from '../../operators/operator.ts'
import { type RouteOp, rowsOf } from '../../operators/route.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'
import { gather, type Located, locate } from './gather.ts'
import { apart, takeIn } from './take-in.ts'

/**
 * Join(Route(a), Route(b), …) -> Join(Route(Join(a, b)), …) when rows that join are on one shard; the last two leave no
 * join above. Any two may be the ones: a and c, then b with c.
 */
export function mergeRoutes(join: JoinOp<Operator>): RuleResult {
  const routes = join.inputs.filter((input) => input.kind === 'Route')
  const located = locate(routes.flatMap(rowsOf))
  const rows = new Map(
    routes.map((route) => [route, located.filter(({ table }) => route.tables.includes(table))]),
  )
  for (const [i, left] of routes.entries()) {
    for (const right of routes.slice(i + 1)) {
      const reason = meeting(left, right, rows)
      if (reason !== undefined) return rewrote(joined(join, both(left, right), left, right), reason)
    }
  }
  return unchanged('nothing says of two of its routes that rows that join are on one shard')
}

type Rows = ReadonlyMap<RouteOp<Operator>, readonly Located[]>

/** Why rows of the one that join with rows of the other are on one shard; undefined when they may not be. */
function meeting(left: RouteOp<Operator>, right: RouteOp<Operator>, rows: Rows): string | undefined {
  if (apart([left, right]) !== undefined) return undefined
  if (left.tables.length === 0 || right.tables.length === 0) return 'every shard has the rows of one of them'
  const met = gather(rows.get(left) ?? [], rows.get(right) ?? [])
  return met.left.length === 0 ? met.reason : undefined
}

function both(left: RouteOp<Operator>, right: RouteOp<Operator>): RouteOp<Operator> {
  return {
    ...left,
    tables: [...left.tables, ...right.tables],
    copies: [...left.copies, ...right.copies],
    asksSystem: left.asksSystem || right.asksSystem,
  }
}

/**
 * Join(Route(a), b, …) -> Join(Route(Join(a, b)), …) for an input that is no route, for shards can only see a part of its
 * rows: a query with LIMIT, groups of several shards. LATERAL it may be about rows of one shard.
 */
export function takeInQuery(join: JoinOp<Operator>): RuleResult {
  let reason = 'its inputs are all routes, or none is'
  for (const route of join.inputs) {
    if (route.kind !== 'Route') continue
    for (const query of join.inputs) {
      if (query.kind === 'Route') continue
      const taken = takeIn(route, routesOf(query))
      if (taken.kind === 'takenIn') return rewrote(joined(join, taken.route, route, query), taken.reason)
      reason = taken.reason
    }
  }
  return unchanged(reason)
}

/** The join with `route`, but for its input, in the place of two of its inputs. */
function joined(
  join: JoinOp<Operator>,
  route: RouteOp<Operator>,
  left: RouteOp<Operator>,
  right: Operator,
): Operator {
  const others = join.inputs.filter((input) => input !== left && input !== right)
  const known = new Set([left, right].flatMap(sourcesOf))
  const isInside = ({ needs }: Conjunct) =>
    others.length === 0 || [...needs].every((source) => known.has(source))
  const inputs = [left, right].map(withoutRoutes)
  const inside: JoinOp<Operator> = { ...join, inputs, conjuncts: join.conjuncts.filter(isInside) }
  const merged: RouteOp<Operator> = { ...route, level: join.level, input: inside }
  if (others.length === 0) return merged
  return {
    ...join,
    inputs: join.inputs.flatMap((input) => (input === left ? [merged] : input === right ? [] : [input])),
    conjuncts: join.conjuncts.filter((conjunct) => !isInside(conjunct)),
  }
}
