import type { Expr, In, Quantified, Subquery } from '../../sql/ast.ts'
import { type AnyNode, type Part, someNode, visit } from '../../sql/visit.ts'
import { nullValue } from '../../values/value.ts'
import { sameColumn } from '../../vschema/model.ts'
import { bindQuery } from './bind-query.ts'
import type { BoundQuery, BoundSubquery, Conjunct } from './bound.ts'
import { addEqualRefs, refOf } from './facts-of.ts'
import { Level } from './level.ts'
import { type Place, within } from './place.ts'
import { type Scope, sourcesNamed } from './scope.ts'
import type { ColumnRef, Source } from './source.ts'

/** A condition in its conjuncts, in the order of the text; none for an absent clause. */
export function bindConjuncts(condition: Expr | undefined, scope: Scope, place: Place): readonly Conjunct[] {
  if (condition === undefined) return []
  if (condition.kind === 'And')
    return condition.operands.flatMap((operand) => bindConjuncts(operand, scope, place))
  const subqueries = bindCondition(condition, scope, place)
  return [{ expr: condition, needs: needsOf(condition, scope), subqueries }]
}

/** What is in a subquery may come from any source around it. */
function needsOf(expr: Expr, scope: Scope): ReadonlySet<Source> {
  if (someNode(expr, (node) => node.kind === 'Subquery')) return new Set(scope.sources)
  const needs = new Set<Source>()
  visit(expr, (node) => {
    if (node.kind === 'Column') for (const source of sourcesNamed(node, scope)) needs.add(source)
    return needs.size === scope.sources.length ? 'stop' : undefined
  })
  return needs
}

/** Subqueries of a condition of which only matters whether it is true. */
function bindCondition(condition: Expr, scope: Scope, place: Place): readonly BoundSubquery[] {
  if (condition.kind === 'And' || condition.kind === 'Or') {
    return condition.operands.flatMap((operand) => bindCondition(operand, scope, place))
  }
  if (isInSubquery(condition)) return bindIn(condition, scope, place, true)
  return bindExprs(condition, scope, place)
}

/** All subqueries in an expression, or in several. */
export function bindExprs(exprs: Part, scope: Scope, place: Place): readonly BoundSubquery[] {
  const found: BoundSubquery[] = []
  let use: BoundSubquery['use'] = 'value'
  visit(exprs, (node) => {
    if (isInSubquery(node)) {
      found.push(...bindIn(node, scope, place, false))
      return 'skip'
    }
    if (node.kind === 'Exists') use = 'EXISTS'
    if (node.kind === 'Quantified') use = 'comparison'
    if (node.kind !== 'Subquery') return undefined
    const query = bindSubquery(node, scope, place, new Level(place.level))
    found.push({ query, use, asTruth: false })
    use = 'value'
    return 'skip'
  })
  return found
}

function bindSubquery(subquery: Subquery, scope: Scope, place: Place, level: Level): BoundQuery {
  const inner = { level, outer: scope, origin: 'subquery', nullExtended: false }
  return bindQuery(subquery.query, within(place, inner))
}

// --------------------------------------------------------------------------------------------------- IN

type InSubquery = (In & { readonly right: Subquery }) | (Quantified & { readonly op: '=' })

function isInSubquery(node: AnyNode): node is InSubquery {
  if (node.kind === 'In') return node.right.kind === 'Subquery'
  return node.kind === 'Quantified' && node.op === '=' && node.quantifier !== 'ALL'
}

/**
 * `x IN (SELECT y …)`: only rows with y = x decide whether it is true. Whether it is false or NULL hangs on all rows of
 * the subquery, unless neither side can be NULL.
 */
function bindIn(
  node: InSubquery,
  scope: Scope,
  place: Place,
  isCondition: boolean,
): readonly BoundSubquery[] {
  const ast = node.kind === 'In' ? node.right : node.query
  const left = node.left.kind === 'Row' ? node.left.items : [node.left]
  const ofLeft = bindExprs(left, scope, place)
  const level = new Level(place.level)
  const query = bindSubquery(ast, scope, place, level)
  const pairs = equalPairs(left, query, scope)
  const asTruth = isCondition && !(node.kind === 'In' && node.negated)
  const isNeverNull = left.length === 1 && pairs.length === 1 && pairs[0].every(cannotBeNull)
  if (query.isTransparent && (asTruth || isNeverNull)) for (const [a, b] of pairs) addEqualRefs(a, b, level)
  return [...ofLeft, { query, use: 'IN', asTruth }]
}

function equalPairs(
  left: readonly Expr[],
  query: BoundQuery,
  scope: Scope,
): readonly (readonly [ColumnRef, ColumnRef])[] {
  if (query.kind !== 'Select' || query.ast.items.length !== left.length) return []
  return left.flatMap((expr, i) => {
    const item = query.ast.items[i]
    const a = refOf(expr, scope)
    const b = item.kind === 'SelectExpr' ? refOf(item.expr, query.scope) : undefined
    return a === undefined || b === undefined ? [] : [[a, b] as const]
  })
}

/** A row cannot be stored with NULL in the column: its vindex has no place for it. */
function cannotBeNull({ instance, name }: ColumnRef): boolean {
  if (instance.nullExtended) return false
  const { columns, columnVindexes } = instance.table
  if (
    columns.some((column) => sameColumn(column.name, name) && column.type !== undefined && !column.nullable)
  )
    return true
  const primary = columnVindexes[0]
  if (primary === undefined || primary.columns.length !== 1 || !sameColumn(primary.columns[0], name))
    return false
  return (
    primary.vindex.kind === 'single' &&
    integerVindexes.has(primary.type) &&
    primary.vindex.map(nullValue).kind === 'None'
  )
}

const integerVindexes: ReadonlySet<string> = new Set(['hash'])
