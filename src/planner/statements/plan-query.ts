import type { RowsPrimitive } from '../../plan/primitives.ts'
import type { Routing } from '../../plan/routing.ts'
import type { NextValues, Query, Select, SetOperation } from '../../sql/ast.ts'
import { type Part, someNode, visit } from '../../sql/visit.ts'
import { planHorizon } from '../horizon/plan-horizon.ts'
import { mergeMembers, routingOf } from '../operators/merge-members.ts'
import type { PlanContext } from '../plan-context.ts'
import type { PlanDraft, QueryDraft } from '../plan-draft.ts'
import { Analysis, findTable } from '../semantics/analysis.ts'
import { analyzeQuery, type Place, type QueryInfo, type SelectInfo } from '../semantics/analyze-query.ts'
import { Level } from '../semantics/equalities.ts'
import { isNeverTrue } from '../semantics/facts-of.ts'
import { setsLastInsertId, setsVariables } from '../semantics/traits.ts'
import { ShardText } from '../sql-text.ts'
import { Unplanned, unplanned } from '../unplanned.ts'
import { planValue } from '../values.ts'
import { placementOf } from './placement.ts'
import { systemRouting } from './system-routing.ts'

/** Plans a statement that answers rows from tables. Throws Unplanned when not even one shard could answer it. */
export function planQuery(query: Query, context: PlanContext): PlanDraft {
  const next = nextValues(query)
  if (next !== undefined) return planNextValues(query as Select, next, context)
  // The OK of a write tells the session of it, rows do not.
  if (someNode(query, setsLastInsertId)) return unplanned('LAST_INSERT_ID(expr) in a query')
  const info = analyzeRoot(query, context)
  const placement = placementOf(info.members, info.analysis)
  const text = new ShardText(context)
  if (placement.kind === 'one') {
    const routing = info.analysis.hasSystemTable ? systemRouting(query, placement.routing) : placement.routing
    const shortcut = { routing, query: text.ofStatement(query) }
    return {
      kind: 'Query',
      shortcut,
      root: { kind: 'Route', ...shortcut, orderBy: [] },
      ...properties(query),
    }
  }
  const { keyspace } = placement
  const { routing, root } = planSharded(query, info, keyspace, context)
  return { kind: 'Query', shortcut: { routing, query: text.ofStatement(query) }, root, ...properties(query) }
}

type RootInfo = (QueryInfo | SelectInfo) & { readonly analysis: Analysis }

function analyzeRoot(query: Query, context: PlanContext): RootInfo {
  const analysis = new Analysis(context)
  return { ...analyzeQuery(asSelect(query), rootPlace(analysis)), analysis }
}

function isSelectInfo(info: QueryInfo): info is SelectInfo {
  return 'select' in info
}

export function rootPlace(analysis: Analysis): Place {
  return {
    analysis,
    level: new Level(),
    outer: undefined,
    ctes: new Map(),
    role: 'row',
    origin: 'FROM',
    nullExtended: false,
  }
}

/** `TABLE t` is `SELECT * FROM t`; parentheses without clauses of their own add nothing. */
function asSelect(query: Query): Query {
  if (query.kind === 'TableQuery') {
    const { kind: _, name, ...clauses } = query
    const { span } = query
    const star = { kind: 'Star', qualifiers: [], span } as const
    return { ...clauses, kind: 'Select', modifiers: [], items: [star], from: [{ kind: 'Table', name, span }] }
  }
  if (query.kind !== 'NestedQuery') return query
  const { with: ctes, orderBy, limit, locks, into } = query
  const isBare = [ctes, orderBy, limit, locks, into].every((clause) => clause === undefined)
  return isBare ? asSelect(query.query) : query
}

/**
 * The shards, and what is above them when there are several. A statement that several shards cannot answer together may
 * still meet a single one.
 */
function planSharded(
  query: Query,
  info: RootInfo,
  keyspace: string,
  context: PlanContext,
): { readonly routing: Routing; readonly root: RowsPrimitive } {
  const merged = mergeMembers(info.members, keyspace)
  const routing = routingOf(merged)
  try {
    if (merged.problem !== undefined) return unplanned(merged.problem)
    if (info.analysis.hasOuterAggregate)
      return unplanned('an aggregate of the outer query in a subquery over several shards')
    if (!isSelectInfo(info)) return unplanned('a nested query over several shards')
    const { where } = info.select
    const isEmpty = where !== undefined && isNeverTrue(where)
    const target: Routing = isEmpty ? { kind: 'None', keyspace } : routing
    return { routing: target, root: planHorizon(info, target, new ShardText(context)) }
  } catch (error) {
    if (!(error instanceof Unplanned)) throw error
    const root = unionAll(query, context) ?? ({ kind: 'Unsupported', construct: error.construct } as const)
    return { routing, root }
  }
}

/** UNION ALL without clauses of its own: the answers of its parts, one after the other. */
function unionAll(query: Query, context: PlanContext): RowsPrimitive | undefined {
  const union = asSelect(query)
  if (union.kind !== 'SetOperation' || !isPlainUnionAll(union)) return undefined
  try {
    return { kind: 'Concatenate', inputs: union.operands.map((operand) => rootOf(operand, context)) }
  } catch (error) {
    if (error instanceof Unplanned) return { kind: 'Unsupported', construct: error.construct }
    throw error
  }
}

function isPlainUnionAll({ op, quantifier, with: ctes, orderBy, limit, locks, into }: SetOperation): boolean {
  return (
    op === 'UNION' &&
    quantifier === 'ALL' &&
    [ctes, orderBy, limit, locks, into].every((clause) => clause === undefined)
  )
}

function rootOf(operand: Query, context: PlanContext): RowsPrimitive {
  const query = asSelect(operand)
  const plan = planQuery(query, context)
  if (plan.kind !== 'Query') return unplanned('UNION ALL of something else than rows of tables')
  if (plan.root.kind === 'Unsupported') return unplanned(plan.root.construct)
  return withOwnText(plan.root, new ShardText(context).ofTree(query))
}

/** The operand's text instead of the whole statement's. */
function withOwnText(root: RowsPrimitive, query: ReturnType<ShardText['ofTree']>): RowsPrimitive {
  switch (root.kind) {
    case 'Route':
      return root.query.kind === 'Verbatim' ? { ...root, query } : root
    case 'Concatenate':
      return root
    case 'Unsupported':
    case 'Sequence':
      return unplanned('UNION ALL of something else than rows of tables')
    default:
      return { ...root, input: withOwnText(root.input, query) }
  }
}

// --------------------------------------------------------------------------------------------- properties

function properties(query: Query): Pick<QueryDraft, 'userVariables' | 'locks' | 'reserves'> {
  const locks = someNode(query, (node) => node.kind === 'Lock')
  return { locks, ...reservedState(query) }
}

/** What a statement leaves on its connection, and the user variables it needs there for that. */
export function reservedState(statement: Part): {
  readonly userVariables: readonly string[]
  readonly reserves?: boolean
} {
  const isKept = someNode(statement, setsVariables)
  const takesLock = someNode(statement, (node) => node.kind === 'Function' && node.name === 'get_lock')
  if (!isKept) return takesLock ? { userVariables: [], reserves: true } : { userVariables: [] }
  const names = new Set<string>()
  visit(statement, (node) => {
    if (node.kind === 'UserVariable') names.add(node.name.toLowerCase())
    return undefined
  })
  return { userVariables: [...names], reserves: true }
}

// ---------------------------------------------------------------------------------------------- sequences

function nextValues(query: Query): NextValues | undefined {
  if (query.kind !== 'Select') return undefined
  return query.items.find((item) => item.kind === 'NextValues')
}

/** `SELECT NEXT n VALUES FROM seq`, vtgate's way to ask a sequence. */
function planNextValues(query: Select, next: NextValues, context: PlanContext): PlanDraft {
  const [from] = query.from
  const isPlain =
    query.items.length === 1 && query.from.length === 1 && from.kind === 'Table' && query.where === undefined
  if (!isPlain) return unplanned('NEXT VALUES together with anything else')
  const table = findTable(from.name, context)
  if (table.type !== 'sequence') return unplanned(`NEXT VALUES from '${table.name}', which is not a sequence`)
  const count = next.count === undefined ? undefined : planValue(next.count)
  const root: RowsPrimitive = {
    kind: 'Sequence',
    keyspace: table.keyspace,
    table: table.name,
    ...(count && { count }),
  }
  return { kind: 'Query', root, userVariables: [], locks: false }
}
