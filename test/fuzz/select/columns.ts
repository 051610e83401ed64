import type { Fragment } from './fragment.ts'
import type { Attribute, Expr, Grammar, Kind, Relation, Scope } from './grammar.ts'

/** A column in sight that `fits`, seldom one of a query around; undefined when there is none. */
export function columnOf(g: Grammar, scope: Scope, fits: (kind: Kind) => boolean): Expr | undefined {
  const own = fitting(scope, fits)
  const outer = scope.outer === undefined ? [] : allOuter(scope.outer, fits)
  const isOuter = outer.length > 0 && (own.length === 0 || g.random.oneIn(4))
  const found = isOuter ? outer : own
  if (found.length === 0) return undefined
  const { relation, column } = g.random.pick(found)
  const isBare = !isOuter && g.random.oneIn(3) && isUnique(scope, column.name)
  return exprOf(column, isBare ? column.name : `${relation.alias}.${column.name}`)
}

export function exprOf({ family, collation, isTame }: Kind, sql: Fragment): Expr {
  return { sql, family, collation, isTame }
}

/** Columns that tell the rows of all relations apart, qualified; undefined when some relation has none. */
export function keyOf({ relations }: Scope): readonly string[] | undefined {
  if (relations.some(({ key }) => key === undefined)) return undefined
  return relations.flatMap(({ alias, key }) => key!.map((column) => `${alias}.${column}`))
}

interface Found {
  readonly relation: Relation
  readonly column: Attribute
}

function fitting({ relations }: Scope, fits: (kind: Kind) => boolean): readonly Found[] {
  return relations.flatMap((relation) =>
    relation.columns.filter(fits).map((column) => ({ relation, column })),
  )
}

function allOuter(scope: Scope, fits: (kind: Kind) => boolean): readonly Found[] {
  return [...fitting(scope, fits), ...(scope.outer === undefined ? [] : allOuter(scope.outer, fits))]
}

function isUnique({ relations }: Scope, name: string): boolean {
  return relations.filter(({ columns }) => columns.some((column) => column.name === name)).length === 1
}
