import type { ColumnName, Comparison, Expr } from '../../../sql/ast.ts'
import { isIntegral, isSigned, type ValueType } from '../../../values/value.ts'
import { sameColumn } from '../../../vschema/model.ts'
import type { BoundSelect, Conjunct } from '../../binding/bound.ts'
import { isHarmless } from '../../federate/harmless.ts'
import type { Operator } from '../../operators/operator.ts'
import { type Unchanged, unchanged } from '../rule.ts'
import { type JoinOrder, joinOrder, type Link } from './join-order.ts'
import type { JoinedParts } from './join-shape.ts'
import { type JoinSide, joinSide } from './join-side.ts'

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
  return joinOrder(sides.inner, sides.outer, links) ?? unchanged('no integers are equal')
}

interface Sides {
  readonly inner: readonly JoinSide[]
  readonly outer: readonly JoinSide[]
}

function sidesOf({ inner, outer }: JoinedParts, { scope }: BoundSelect): Sides | undefined {
  const of = (ops: readonly Operator[], isOuter: boolean) =>
    ops.flatMap((op) => joinSide(op, scope, isOuter) ?? [])
  const sides = {
    inner: of(inner, false),
    outer: of(
      outer.map(({ op }) => op),
      true,
    ),
  }
  return sides.inner.length === inner.length && sides.outer.length === outer.length ? sides : undefined
}

/** In two keyspaces; what is named by one name is told apart by no one. */
function haveNames(sides: readonly JoinSide[]): boolean {
  const names = sides.flatMap(({ tables }) => tables.map(({ source }) => source.name))
  return names.every((name, i) => !names.slice(0, i).some((other) => sameColumn(other, name)))
}

/** Gives each side its conditions. Undefined where one is neither a side's nor an equality of two. */
function linksOf({ conjuncts, outer }: JoinedParts, sides: Sides): readonly Link[] | undefined {
  const links: Link[] = []
  const all = [...sides.inner, ...sides.outer]
  const areOwn = all.every((side) => side.conditions.every((expr) => isAskedOf(side, expr)))
  const areTaken =
    conjuncts.every((conjunct) => takeConjunct(conjunct, { linked: sides.inner, own: sides.inner }, links)) &&
    outer.every(({ on }, i) => {
      const own = sides.outer[i]!
      const before = [...sides.inner, ...sides.outer.slice(0, i)]
      return on.every((conjunct) => takeConjunct(conjunct, { linked: [own, ...before], own: [own] }, links))
    })
  return areOwn && areTaken ? links : undefined
}

interface Takers {
  /** Between these an equality links. */
  readonly linked: readonly JoinSide[]
  /** These may be asked the condition. */
  readonly own: readonly JoinSide[]
}

function takeConjunct({ expr, subqueries }: Conjunct, { linked, own }: Takers, links: Link[]): boolean {
  if (subqueries.length > 0) return false
  const side = own.find((each) => each.hasAll(expr))
  if (side !== undefined) {
    if (!isAskedOf(side, expr)) return false
    side.conditions.push(expr)
    return true
  }
  if (!isEquality(expr)) return false
  const [a, b] = [expr.left, expr.right].map((column) => {
    const owner = linked.find((each) => each.columnOf(column) !== undefined)
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

type Equality = Comparison & { readonly left: ColumnName; readonly right: ColumnName }

function isEquality(expr: Expr): expr is Equality {
  return (
    expr.kind === 'Comparison' &&
    expr.op === '=' &&
    expr.left.kind === 'Column' &&
    expr.right.kind === 'Column'
  )
}

/** Integers with a sign, or without: what is equal is written alike. */
function areAlike(a: ValueType | undefined, b: ValueType | undefined): boolean {
  if (a === undefined || b === undefined || !isIntegral(a) || !isIntegral(b)) return false
  return a !== 'YEAR' && b !== 'YEAR' && isSigned(a) === isSigned(b)
}
