import type { Plan } from '../../plan/plan.ts'
import type { SendWrite } from '../../plan/write-primitives.ts'
import type { Delete, Update } from '../../sql/ast.ts'
import type { BoundWrite } from '../binding/bound.ts'
import { refusalOfForeignKeys } from '../foreign-keys.ts'
import { type Operator, routesOf } from '../operators/operator.ts'
import { hasTables, type RouteOp } from '../operators/route.ts'
import type { PlanContext } from '../plan-context.ts'
import { unsupportedPlan, writePlan } from '../plans.ts'
import { isRefusal } from '../refusal.ts'
import type { Rewritten } from '../rules/run-phases.ts'
import { refusalOfKeyspaces, refusalOfVindexes } from './refusal-of-tables.ts'
import { replicatedWrite } from './replicated-write.ts'
import { bringTogether, nameApart, routingOfGroups } from './together.ts'
import { targetsOfMoves } from './write-targets.ts'

/** The plan of an UPDATE or DELETE: the statement as it is, on the shards that have rows it looks at. */
export function finishWrite(bound: BoundWrite, { root, refusals }: Rewritten, context: PlanContext): Plan {
  const { ast } = bound
  const routes = routesOf(root)
  const problem = refusalOfKeyspaces(routes)
  if (problem !== undefined) return unsupportedPlan(problem)
  if (routes.some(({ asksSystem }) => asksSystem))
    return unsupportedPlan(`${ast.kind.toUpperCase()} with a system table`)
  if (!routes.some(hasTables)) return onOneShard(bound, routes[0], refusals.get(root), context)
  return onShards(bound, root, refusals.get(root), context)
}

function onOneShard(
  { ast, scope: { sources } }: BoundWrite,
  { routing }: RouteOp<Operator>,
  refusal: string | undefined,
  context: PlanContext,
): Plan {
  const verb = verbOf(ast)
  if (routing !== undefined && routing.kind !== 'AnyShard') return writePlan(ast, { verb, routing }, context)
  const [only, ...others] = ast.kind === 'Update' ? ast.tables : ast.from
  for (const { instance } of sources) if (instance) refusalOfForeignKeys(ast, instance.table, context)
  if (others.length > 0 || only.kind !== 'Table')
    return unsupportedPlan(`${ast.kind.toUpperCase()} of several reference tables`)
  return replicatedWrite(only.name, ast, { verb, ...onlyOnOne(refusal) }, context)
}

function onShards(
  bound: BoundWrite,
  root: Operator,
  refusal: string | undefined,
  context: PlanContext,
): Plan {
  const { ast, level } = bound
  const routes = routesOf(root)
  const moves = targetsOfMoves(
    bound,
    routes.some(({ copies }) => copies.length > 0),
    context,
  )
  if (isRefusal(moves)) return unsupportedPlan(moves.construct)
  const problem = refusalOfVindexes(routes)
  if (problem !== undefined) return unsupportedPlan(problem)
  const together = bringTogether(
    routes.flatMap(({ tables }) => tables),
    level,
  )
  const routing = routingOfGroups(together, level)
  const construct =
    refusal ??
    (root.kind === 'Route' ? undefined : nameApart(together)) ??
    (moves.length > 0 ? 'changing a vindex column' : undefined)
  const parts = [routing, ...moves]
  return writePlan(
    ast,
    {
      verb: verbOf(ast),
      routing: moves.length === 0 ? routing : { kind: 'Union', keyspace: routing.keyspace, parts },
      ...onlyOnOne(construct),
      ...(ast.returning && { returning: true as const }),
    },
    context,
  )
}

function onlyOnOne(construct: string | undefined): Pick<SendWrite, 'singleShardOnly'> {
  return construct === undefined ? {} : { singleShardOnly: construct }
}

function verbOf(ast: Update | Delete): 'update' | 'delete' {
  return ast.kind === 'Update' ? 'update' : 'delete'
}
