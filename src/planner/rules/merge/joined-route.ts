import type { Conjunct } from '../../binding/bound.ts'
import type { JoinOp } from '../../operators/join.ts'
import { type Operator, sourcesOf, withoutRoutes } from '../../operators/operator.ts'
import type { RouteOp } from '../../operators/route.ts'

/** The join with `route`, but for its input, in the place of two of its inputs. */
export function joinedRoute(
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
