import type { ConstantCondition } from '../../plan/routing.ts'
import type { PlanValue } from '../../plan/values.ts'
import type { Between, Comparison, Expr, In, Like, Or } from '../../sql/ast.ts'
import { makeInteger } from '../make-node.ts'
import { isNullConstant, planList, planValue } from '../values.ts'
import { sameKind } from './column-type.ts'
import { routingValue } from './computed.ts'
import type { Alternative, Level } from './level.ts'
import { resolveColumn, type Scope } from './scope.ts'
import { type ColumnRef, columnKey, schemaColumn } from './source.ts'

/** Notes what the conjuncts of a condition say about columns. Anything but plain comparisons says nothing. */
export function addFacts(condition: Expr, scope: Scope, level: Level): void {
  switch (condition.kind) {
    case 'And':
      for (const operand of condition.operands) addFacts(operand, scope, level)
      return
    case 'Comparison':
      return addComparison(condition, scope, level)
    case 'In':
      return addIn(condition, scope, level)
    case 'Or':
      return addOr(condition, scope, level)
    case 'Between':
      return addBetween(condition, scope, level)
    case 'Literal':
      return addConstant('<>', condition, ZERO, level)
    case 'Like':
      return addLike(condition, scope, level)
    default:
  }
}

function addComparison(comparison: Comparison, scope: Scope, level: Level): void {
  if (comparison.op !== '<=>') addConstant(comparison.op, comparison.left, comparison.right, level)
  if (comparison.op === '<>') return
  if (comparison.op !== '=' && comparison.op !== '<=>') return addBound(comparison, scope, level)
  for (const [left, right] of operandPairs(comparison.left, comparison.right)) {
    addEquality(left, right, comparison.op, scope, level)
  }
}

/** Bounds are noted as if they were included: no shard is left out by that. */
function addBound({ op, left, right }: Comparison, scope: Scope, level: Level): void {
  const ref = refOf(left, scope)
  const isLess = op === '<' || op === '<='
  if (ref !== undefined) return noteBound(ref, isLess ? 'high' : 'low', right, level)
  const other = refOf(right, scope)
  if (other !== undefined) noteBound(other, isLess ? 'low' : 'high', left, level)
}

const ZERO = makeInteger(0)

function addConstant(op: ConstantCondition['op'], left: Expr, right: Expr, level: Level): void {
  const [a, b] = [planValue(left), planValue(right)]
  if (a !== undefined && b !== undefined) level.addConstant({ op, left: a, right: b })
}

function addBetween({ operand, low, high, negated }: Between, scope: Scope, level: Level): void {
  const ref = refOf(operand, scope)
  if (negated || ref === undefined) return
  noteBound(ref, 'low', low, level)
  noteBound(ref, 'high', high, level)
}

function noteBound(ref: ColumnRef, side: 'low' | 'high', expr: Expr, level: Level): void {
  const value = routingValue(expr)
  if (value !== undefined) level.addBound(columnKey(ref), side, value)
}

function addEquality(left: Expr, right: Expr, op: '=' | '<=>', scope: Scope, level: Level): void {
  const a = refOf(left, scope)
  const b = refOf(right, scope)
  if (a !== undefined && b !== undefined) {
    if (op === '=') addEqualRefs(a, b, level)
    return
  }
  const ref = a ?? b
  const value = routingValue(a === undefined ? left : right)
  if (ref === undefined || value === undefined) return
  // `b.id <=> NULL` is also true of the rows for which an outer join found no b.
  if (op === '<=>' && ref.instance.nullExtended) return
  level.addValue(columnKey(ref), op === '=' ? value : nullSafe(value))
}

function nullSafe(value: PlanValue): PlanValue {
  return value.kind === 'Negated' ? { ...value, value: nullSafe(value.value) } : { ...value, nullSafe: true }
}

export function addEqualRefs(a: ColumnRef, b: ColumnRef, level: Level): void {
  if (sameKind(schemaColumn(a), schemaColumn(b))) level.addEqualColumns(columnKey(a), columnKey(b))
}

/** `(a, b) = (c, d)` is `a = c AND b = d`. */
function operandPairs(left: Expr, right: Expr): readonly (readonly [Expr, Expr])[] {
  if (left.kind !== 'Row' || right.kind !== 'Row') return [[left, right]]
  if (left.items.length !== right.items.length) return []
  return left.items.flatMap((item, i) => operandPairs(item, right.items[i]))
}

function addIn(condition: In, scope: Scope, level: Level): void {
  const { left, right } = condition
  if (condition.negated || right.kind !== 'List') return
  if (left.kind !== 'Row') {
    const ref = refOf(left, scope)
    const list = planList(right, routingValue)
    if (ref !== undefined && list !== undefined) level.addList(columnKey(ref), list)
    return
  }
  const { slot } = right
  if (slot !== undefined) {
    left.items.forEach((item, column) => {
      const ref = refOf(item, scope)
      if (ref !== undefined) level.addList(columnKey(ref), { kind: 'Column', slot, column })
    })
    return
  }
  const alternatives = right.items.map((item) => equalitiesOf(operandPairs(left, item), scope))
  if (alternatives.every((alternative) => alternative !== undefined)) level.addAlternatives(alternatives)
}

/** A pattern with an escape character of its own is read by the servers alone. */
function addLike(like: Like, scope: Scope, level: Level): void {
  const ref = refOf(like.operand, scope)
  const value = planValue(like.pattern)
  if (like.negated || like.escape !== undefined || ref === undefined || value === undefined) return
  level.addPattern(columnKey(ref), value)
}

/** More alternatives than this are no faster than asking all shards. */
const alternativesMax = 256

function addOr(condition: Or, scope: Scope, level: Level): void {
  const alternatives = alternativesOf(condition, scope)
  if (alternatives === undefined || alternatives.length > alternativesMax) return
  level.addAlternatives(alternatives)
}

/** The ways a condition can be true, each with what it says of columns; undefined where one says nothing. */
function alternativesOf(condition: Expr, scope: Scope): readonly Alternative[] | undefined {
  if (condition.kind === 'Or') {
    const parts = condition.operands.map((operand) => alternativesOf(operand, scope))
    return parts.every((part) => part !== undefined) ? parts.flat() : undefined
  }
  if (condition.kind === 'In' && condition.right.kind === 'List' && !condition.negated) {
    const { left, right } = condition
    if (right.slot !== undefined) return undefined
    const parts = right.items.map((item) => equalitiesOf(operandPairs(left, item), scope))
    return parts.every((part) => part !== undefined) ? parts : undefined
  }
  const conjuncts = condition.kind === 'And' ? condition.operands : [condition]
  const known = new Map<string, PlanValue>()
  for (const conjunct of conjuncts) {
    if (conjunct.kind !== 'Comparison' || conjunct.op !== '=') continue
    for (const [key, value] of equalitiesOf(operandPairs(conjunct.left, conjunct.right), scope) ?? [])
      known.set(key, value)
  }
  return known.size === 0 ? undefined : [known]
}

function equalitiesOf(pairs: readonly (readonly [Expr, Expr])[], scope: Scope): Alternative | undefined {
  const known = new Map<string, PlanValue>()
  for (const [left, right] of pairs) {
    const ref = refOf(left, scope) ?? refOf(right, scope)
    const value = routingValue(right) ?? routingValue(left)
    if (ref !== undefined && value !== undefined) known.set(columnKey(ref), value)
  }
  return known.size === 0 ? undefined : known
}

/** Whether the condition asks a column to equal NULL, which no row does. */
export function isNeverTrue(condition: Expr): boolean {
  if (condition.kind === 'And') return condition.operands.some(isNeverTrue)
  if (condition.kind === 'Literal') return condition.type === 'Null' || condition.type === 'False'
  if (condition.kind !== 'Comparison' || condition.op === '<=>') return false
  return [condition.left, condition.right].some((side) => {
    const value = planValue(side)
    return value !== undefined && isNullConstant(value)
  })
}

/** The stored column that an expression is, without anything around it. */
export function refOf(expr: Expr, scope: Scope): ColumnRef | undefined {
  return expr.kind === 'Column' ? resolveColumn(expr, scope) : undefined
}
