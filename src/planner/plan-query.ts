import type { Plan } from '../plan/plan.ts'
import type { Primitive, RowsPrimitive } from '../plan/primitives.ts'
import type { NextValues, Query, Select } from '../sql/ast.ts'
import { type AnyNode, someNode } from '../sql/visit.ts'
import { isSystemSchema } from '../vschema/system-schemas.ts'
import { bindQuery } from './binding/bind-query.ts'
import { findTable } from './binding/find-table.ts'
import { rootPlace } from './binding/place.ts'
import { isChanging, setsLastInsertId } from './binding/traits.ts'
import { Unplanned } from './binding/unplanned.ts'
import { cteReferences } from './cte-references.ts'
import type { PlanRows } from './federate/grouped-blocks.ts'
import { isExpanded } from './federate/matches.ts'
import { planFederation } from './federate/plan-federation.ts'
import { finishQuery } from './finish/finish-query.ts'
import { isFixed } from './one-shard.ts'
import { operatorOf } from './operators/build-operators.ts'
import { ownSettings } from './own-settings.ts'
import type { PlanContext } from './plan-context.ts'
import { connectionState, settingInsertId, unsupportedPlan } from './plans.ts'
import { pullOut } from './pull-out.ts'
import { phases } from './rules/phases.ts'
import { runPhases } from './rules/run-phases.ts'
import type { Trace } from './rules/trace.ts'
import { planValue } from './values.ts'

/** Plans a statement that answers rows of tables: bound, made a tree, rewritten, finished. */
export function planQuery(ast: Query, context: PlanContext, trace?: Trace): Plan {
  const own = ownSettings(ast, context)
  if (own !== undefined) {
    const { query, settings } = own
    return { ...planQuery(query, { ...context, isChanged: true }, trace), settings }
  }
  const next = nextValues(ast)
  if (next !== undefined) return planNextValues(next.select, next.item, context)
  const plan = pulledOut(ast, planByRules(ast, context, trace), context)
  if (context.planner === 'rules') return plan
  if (asksCopies(context) && hasTables(ast, context)) {
    const { shortcut: _, judged: __, ...others } = plan
    const copies = context.planner === 'groups' ? overGroups : overCopies
    return copies(ast, others, context) ?? plan
  }
  if (context.ordersByValue) return overCopies(ast, plan, context) ?? plan
  if (plan.root.kind === 'Unsupported') return overGroups(ast, plan, context) ?? plan
  return mayGiveUp(plan.root) ? { ...plan, mayGiveUp: true } : plan
}

/** What rules leave unfinished, with subqueries run before it where they can be. */
function pulledOut(ast: Query, plan: Plan, context: PlanContext): Plan {
  if (plan.root.kind !== 'Unsupported' || plan.shortcut === undefined || asksCopies(context)) return plan
  const pulled = pullOut(ast, { context, planOf: planByRules })
  return pulled === undefined ? plan : { ...plan, ...pulled }
}

/** Whatever could be done without them. */
export function asksCopies({ planner }: PlanContext): boolean {
  return planner === 'federation' || planner === 'groups'
}

/** Primitives that look into rows learn what types these have when they run. */
function mayGiveUp(root: Primitive): boolean {
  return root.kind !== 'Route' || root.orderBy.length > 0
}

/** Where shards can make groups of rows these are copied, if their columns turn out to be those of the statement. */
function overGroups(ast: Query, plan: Plan, context: PlanContext): Plan | undefined {
  const copies = overCopies(ast, plan, context, planRows)
  if (copies?.root.kind !== 'Federate' || copies.root.groups.length === 0) return copies
  return { ...copies, mayGiveUp: true }
}

/** By rules, with subqueries that run before. */
function planRows(ast: Query, context: PlanContext): Plan {
  const plan = planByRules(ast, context)
  if (plan.root.kind !== 'Unsupported') return plan
  return { ...plan, ...pullOut(ast, { context, planOf: planByRules }) }
}

function hasTables(ast: Query, { defaultKeyspace }: PlanContext): boolean {
  const ctes = cteReferences(ast)
  return someNode(
    ast,
    (node) =>
      node.kind === 'Table' &&
      !isSystemSchema(node.name.qualifier ?? defaultKeyspace) &&
      !ctes.has(node.name),
  )
}

function planByRules(ast: Query, context: PlanContext, trace?: Trace): Plan {
  try {
    const query = bindQuery(ast, rootPlace(context))
    const rewritten = runPhases(phases, operatorOf(query), context, trace)
    const plan = finishQuery(ast, query, rewritten, context)
    if (plan.root.kind !== 'Route' && hasChangingTwins(ast)) {
      const construct = 'WITH whose table is named twice and gives other values each time'
      return { ...plan, root: { kind: 'Unsupported', construct } }
    }
    const whole = mayBeOfSeveral(plan.root) ? WHOLE.find(({ isIn }) => someNode(ast, isIn)) : undefined
    if (whole !== undefined)
      return {
        ...plan,
        root: { kind: 'Unsupported', construct: `${whole.construct} over several shards` },
      }
    return someNode(ast, setsLastInsertId) ? settingInsertId(plan) : plan
  } catch (error) {
    if (error instanceof Unplanned) return unsupportedPlan(error.construct)
    throw error
  }
}

/** What hangs on all rows of a table: each shard would begin a sequence of its own, or look for words in its own rows. */
const WHOLE: readonly { readonly construct: string; readonly isIn: (node: AnyNode) => boolean }[] = [
  {
    construct: 'RAND(N)',
    isIn: (node) => node.kind === 'Function' && node.name === 'rand' && node.args.length > 0,
  },
  { construct: 'MATCH … WITH QUERY EXPANSION', isIn: isExpanded },
]

function mayBeOfSeveral(root: Primitive): boolean {
  return root.kind !== 'Route' || !(isFixed(root.routing) || root.routing.kind === 'Equal')
}

/** Rules bind a table of WITH wherever it is named, and each would have values of its own. */
function hasChangingTwins(ast: Query): boolean {
  const names = [...cteReferences(ast)].map(({ name }) => name)
  const isTwin = (name: string) => names.indexOf(name) !== names.lastIndexOf(name)
  return (
    names.length > 1 &&
    someNode(ast, (node) => node.kind === 'Cte' && isTwin(node.name) && someNode(node.query, isChanging))
  )
}

/** Undefined where the statement leaves something on its connection: that is not for one with copies. */
function overCopies(ast: Query, plan: Plan, context: PlanContext, planRows?: PlanRows): Plan | undefined {
  const state = connectionState(ast)
  if (state.reserves !== undefined) return undefined
  try {
    const root = planFederation(ast, context, { planRows })
    const locks = someNode(ast, ({ kind }) => kind === 'Lock')
    const setsInsertId = someNode(ast, setsLastInsertId)
    return { ...plan, ...state, root, locks, ...(setsInsertId && { setsInsertId }) }
  } catch (error) {
    if (!(error instanceof Unplanned)) throw error
    if (plan.root.kind !== 'Unsupported') return undefined
    const { construct, unread } = error
    return { ...plan, root: { kind: 'Unsupported', construct, ...(unread !== undefined && { unread }) } }
  }
}

function nextValues(ast: Query): { readonly select: Select; readonly item: NextValues } | undefined {
  if (ast.kind !== 'Select') return undefined
  const item = ast.items.find((each) => each.kind === 'NextValues')
  return item && { select: ast, item }
}

/** `SELECT NEXT n VALUES FROM seq`, vtgate's way to ask a sequence. */
function planNextValues({ items, from, where }: Select, item: NextValues, context: PlanContext): Plan {
  const [named] = from
  const isPlain = items.length === 1 && from.length === 1 && named.kind === 'Table' && where === undefined
  if (!isPlain) return unsupportedPlan('NEXT VALUES together with anything else')
  const table = findTable(named.name, context)
  if (table.type !== 'sequence')
    return unsupportedPlan(`NEXT VALUES from '${table.name}', which is not a sequence`)
  const count = item.count === undefined ? undefined : planValue(item.count)
  const { keyspace, name } = table
  const root: RowsPrimitive = { kind: 'Sequence', keyspace, table: name, ...(count && { count }) }
  return { root, userVariables: [], locks: false }
}
