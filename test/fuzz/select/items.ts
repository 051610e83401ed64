import { AGGREGATED, aggregate, approximate } from './aggregates.ts'
import type { Family } from './column-types.ts'
import { columnOf } from './columns.ts'
import { anyExpr, type ExprShape, expr, FAMILIES } from './expressions.ts'
import { choice, type Fragment, sql } from './fragment.ts'
import type { Attribute, Expr, Grammar, QueryShape, Scope } from './grammar.ts'
import { literalOf, smallNumber } from './literals.ts'

/** One column of a SELECT. */
export interface Item extends Expr {
  /** Undefined: its text is its name. */
  readonly name: string | undefined
  readonly isApproximate?: boolean
}

export function itemSql({ sql: text, name }: Item): Fragment {
  const shown = choice(text, ['NULL', '1'])
  return name === undefined ? shown : sql`${shown} AS ${name}`
}

/** Columns as a query around sees them; those without a name it cannot see. */
export function attributesOf(items: readonly Item[]): readonly Attribute[] {
  return items.map(({ name, family, collation, isTame }, i) => ({
    name: name ?? `c${i + 1}`,
    family,
    collation,
    isTame,
  }))
}

/** As many items as the place asks for, of the kinds it asks for; `make` makes one. */
export function itemsFor(
  g: Grammar,
  shape: QueryShape,
  make: (family: Family | undefined) => Expr & { readonly isApproximate?: boolean },
): readonly Item[] {
  const count = shape.families?.length ?? shape.columns ?? 1 + g.random.int(4)
  return Array.from({ length: count }, (_, i) => {
    const isNamed = shape.isNamed || g.random.oneIn(2)
    return { ...make(shape.families?.[i]), name: isNamed ? `c${i + 1}` : undefined }
  })
}

/** An item of a query that does not aggregate. */
export function plainItem(g: Grammar, scope: Scope, shape: QueryShape, family: Family | undefined): Expr {
  const inner: ExprShape = { depth: 2, queryDepth: shape.depth, isTame: shape.isTame ?? false }
  if (family !== undefined) return expr(g, scope, family, inner)
  if (g.random.oneIn(2)) {
    const column = columnOf(g, { relations: scope.relations }, ({ isTame }) => isTame || !shape.isTame)
    if (column !== undefined) return column
  }
  return anyExpr(g, scope, inner)
}

/** An item of a query that aggregates; `groups` are what may stand for itself. */
export function groupItem(
  g: Grammar,
  scope: Scope,
  shape: QueryShape,
  { family, groups }: { readonly family: Family | undefined; readonly groups: readonly Expr[] },
): Expr & { readonly isApproximate?: boolean } {
  const own = groups.filter((group) => group.isTame && (family === undefined || group.family === family))
  if (own.length > 0 && g.random.oneIn(2)) return g.random.pick(own)
  const inner: ExprShape = { depth: 1, queryDepth: shape.depth, isTame: true }
  if (shape.isTop && family === undefined && g.random.oneIn(12)) {
    return { ...approximate(g, scope, inner), isApproximate: true }
  }
  const wanted =
    family ?? g.random.pick(shape.isTame ? FAMILIES.filter((each) => each !== 'json') : AGGREGATED)
  for (let tries = 0; tries < 4; tries++) {
    const value = aggregate(g, scope, wanted, inner)
    if (value.isTame || !shape.isTame) return g.random.oneIn(4) ? wrapped(g, value, shape) : value
  }
  return literalOf(g, wanted)
}

/** An expression over an aggregate. */
function wrapped(g: Grammar, value: Expr, { isTame }: QueryShape): Expr {
  if (isTame || (value.family !== 'integer' && value.family !== 'decimal')) return value
  const small = smallNumber(g)
  const text = g.random.pick<Fragment>([
    sql`COALESCE(${value.sql}, ${small})`,
    sql`${value.sql} + ${small}`,
    sql`${value.sql} / (COUNT(*) + 1)`,
    sql`ROUND(${value.sql}, 1)`,
    sql`IF(COUNT(*) > ${small}, ${value.sql}, NULL)`,
    sql`CASE WHEN ${value.sql} > ${small} THEN 'many' ELSE 'few' END`,
  ])
  return { sql: choice(text, [value.sql]), family: value.family, isTame: false }
}
