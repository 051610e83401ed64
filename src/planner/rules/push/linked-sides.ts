import type { ColumnName, Expr } from '../../../sql/ast.ts'
import { isIntegral, isSigned, type ValueType } from '../../../values/value.ts'
import { sameColumn } from '../../../vschema/model.ts'
import type { BoundSelect, Conjunct } from '../../binding/bound.ts'
import { isAbsent } from '../../binding/scope.ts'
import { isHarmless } from '../../federate/harmless.ts'
import { type Unchanged, unchanged } from '../rule.ts'
import { askedSide } from './asked-side.ts'
import { impliedEqualities } from './implied-equalities.ts'
import { type JoinOrder, joinOrder, type Link, type Sides } from './join-order.ts'
import type { JoinedParts } from './join-shape.ts'
import { isColumnEquality, type JoinSide, joinSide } from './join-side.ts'

/**
 * What is joined, in the order in which it is asked, each side with its own conditions. These can be asked of any of its rows without
 * being noticed; what two sides have to do with each other are equalities of integers.
 */
export function linkedSides(parts: JoinedParts, block: BoundSelect): JoinOrder | Unchanged {
  const sides = sidesOf(parts, block)
  if (sides === undefined) return unchanged('not of tables whose columns are known')
  if (!haveNames([...sides.inner, ...sides.outer])) return unchanged('two of its tables have one name')
  const links = linksOf(parts, sides)
  if (links === undefined) return unchanged('a condition is about several of them, or may be noticed')
  for (const side of sides.inner) side.conditions.unshift(...impliedEqualities(side, links))
  return joinOrder(sides, links) ?? unchanged('no integers are equal')
}

function sidesOf({ inner, outer, asked }: JoinedParts, { scope }: BoundSelect): Sides | undefined {
  const sides = {
    inner: inner.flatMap((op) => joinSide(op, scope, 'inner') ?? []),
    outer: outer.flatMap(({ op }) => joinSide(op, scope, 'left') ?? []),
    asked: asked.flatMap((part) => askedSide(part) ?? []),
  }
  const areAll =
    sides.inner.length === inner.length &&
    sides.outer.length === outer.length &&
    sides.asked.length === asked.length
  return areAll ? sides : undefined
}

/** In two keyspaces; what is named by one name is told apart by no one. */
function haveNames(sides: readonly JoinSide[]): boolean {
  const names = sides.flatMap(({ tables }) => tables.map(({ source }) => source.name))
  return names.every((name, i) => !names.slice(0, i).some((other) => sameColumn(other, name)))
}

/** Gives each side its conditions. Undefined where one is neither a side's nor an equality of two. */
function linksOf({ conjuncts, outer, asked }: JoinedParts, sides: Sides): readonly Link[] | undefined {
  const links: Link[] = []
  const all = [...sides.inner, ...sides.outer]
  const areOwn = all.every((side) => side.conditions.every((expr) => isAskedOf(side, expr)))
  const areTaken =
    conjuncts.every((conjunct) => takeConjunct(conjunct, { linked: sides.inner, own: sides.inner }, links)) &&
    outer.every(({ on }, i) => {
      const own = sides.outer[i]!
      const before = [...sides.inner, ...sides.outer.slice(0, i)]
      return on.every((conjunct) => takeConjunct(conjunct, { linked: [own, ...before], own: [own] }, links))
    }) &&
    asked.every(({ query: { where, scope } }, i) => {
      const own = sides.asked[i]!
      // What the subquery has hides what is called so around it.
      const isOuter = (column: ColumnName) => isAbsent(column, scope)
      const takers = { linked: [own, ...all], own: [own], isOuter }
      return where.every((conjunct) => takeConjunct(conjunct, takers, links))
    })
  return areOwn && areTaken ? links : undefined
}

interface Takers {
  /** Between these an equality links. */
  readonly linked: readonly JoinSide[]
  /** These may be asked the condition. */
  readonly own: readonly JoinSide[]
  /** Whether a column may be of others than `own`. */
  isOuter?(column: ColumnName): boolean
}

function takeConjunct(
  { expr, subqueries }: Conjunct,
  { linked, own, isOuter }: Takers,
  links: Link[],
): boolean {
  if (subqueries.length > 0) return false
  const side = own.find((each) => each.hasAll(expr))
  if (side !== undefined) {
    if (!isAskedOf(side, expr)) return false
    side.conditions.push(expr)
    return true
  }
  if (!isColumnEquality(expr)) return false
  const [a, b] = [expr.left, expr.right].map((column) => {
    const owner = linked.find((each) => each.columnOf(column) !== undefined)
    if (owner !== undefined && isOuter !== undefined && !own.includes(owner) && !isOuter(column))
      return undefined
    return owner && { side: owner, column }
  })
  if (a === undefined || b === undefined || a.side === b.side) return false
  // Of an outer join's ON, for its inner side.
  if (own.length === 1 && a.side !== own[0] && b.side !== own[0]) return false
  if (!areAlike(a.side.columnOf(a.column)?.type, b.side.columnOf(b.column)?.type)) return false
  links.push({ a, b })
  return true
}

function isAskedOf(side: JoinSide, expr: Expr): boolean {
  return isHarmless(expr, (column) => side.columnOf(column))
}

/** Integers with a sign, or without: what is equal is written alike. */
function areAlike(a: ValueType | undefined, b: ValueType | undefined): boolean {
  if (a === undefined || b === undefined || !isIntegral(a) || !isIntegral(b)) return false
  return a !== 'YEAR' && b !== 'YEAR' && isSigned(a) === isSigned(b)
}
