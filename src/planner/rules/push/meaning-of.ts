import type { ColumnName, Expr, OrderItem, SelectItem } from '../../../sql/ast.ts'
import { positionOf } from '../../../sql/position.ts'
import { rewrite, someNode } from '../../../sql/visit.ts'
import { sameColumn } from '../../../vschema/model.ts'
import type { BoundSelect } from '../../binding/bound.ts'
import { hasColumn, isAmbiguous } from '../../binding/scope.ts'
import { isSelectExpr, itemName } from '../../binding/traits.ts'
import { type Refusal, refused } from '../../refusal.ts'

type Clause = 'ORDER BY' | 'GROUP BY'

/**
 * What an item of ORDER BY or GROUP BY means, in terms of the tables: a position and an alias stand for the select
 * item, also within an expression; of a column that several tables have an alias is preferred. Undefined for a constant,
 * which orders nothing.
 *
 * Source: MySQL manual, "SELECT Statement": ORDER BY looks for aliases first and for columns then, GROUP BY the other
 * way round.
 */
export function meaningOf(
  { expr }: OrderItem,
  clause: Clause,
  { ast: { items }, scope }: BoundSelect,
): Expr | undefined | Refusal {
  const position = positionOf(expr)
  if (position !== undefined) return atPosition(position, clause, items)
  if (expr.kind === 'Literal' || expr.kind === 'Param') return undefined
  if (clause === 'ORDER BY' && !someNode(expr, ({ kind }) => !constant.has(kind))) return undefined
  if (expr.kind !== 'Column') return withoutAliases(expr, clause, items, (name) => hasColumn(name, scope))
  const named = expr.qualifiers.length === 0 ? namedItem(expr.name, items) : undefined
  if (named === undefined || isSameName(named, expr)) return named ?? expr
  const isColumn = hasColumn(expr.name, scope) === 'yes' && !isAmbiguous(expr.name, scope)
  return clause === 'GROUP BY' && isColumn ? expr : named
}

/** What expressions are made of that are the same for all rows; MySQL does not compute them to sort. */
const constant: ReadonlySet<string> = new Set([
  ...['Literal', 'Param', 'Introduced', 'TemporalLiteral', 'Unary', 'Binary', 'Cast', 'CastType'],
  ...['Comparison', 'And', 'Or', 'Xor', 'Not', 'Is', 'Between', 'In', 'List', 'Collate'],
])

function atPosition(
  position: number,
  clause: Clause,
  items: readonly SelectItem[],
): Expr | undefined | Refusal {
  const before = items.slice(0, position)
  if (before.some((item) => item.kind !== 'SelectExpr'))
    return refused(`${clause} position behind * over several shards`)
  const item = before[position - 1]
  return item?.kind === 'SelectExpr' ? item.expr : undefined
}

/** What the select list shows under the name. */
export function namedItem(name: string, items: readonly SelectItem[]): Expr | undefined {
  return items.filter(isSelectExpr).find((item) => sameColumn(itemName(item) ?? '', name))?.expr
}

function isSameName(expr: Expr, column: ColumnName): boolean {
  return expr.kind === 'Column' && sameColumn(expr.name, column.name)
}

/** Within an expression a name is a column if there is one, and an alias otherwise. */
function withoutAliases(
  expr: Expr,
  clause: Clause,
  items: readonly SelectItem[],
  isColumn: (name: string) => 'yes' | 'no' | 'maybe',
): Expr | Refusal {
  let unclear: string | undefined
  const meaning = rewrite(expr, (node) => {
    if (node.kind === 'Subquery') return node
    if (node.kind !== 'Column' || node.qualifiers.length > 0) return undefined
    const named = namedItem(node.name, items)
    if (named === undefined || isSameName(named, node)) return undefined
    const answer = isColumn(node.name)
    if (answer === 'maybe') unclear ??= node.name
    return answer === 'no' ? { ...named, parens: 1 } : undefined
  })
  if (unclear === undefined) return meaning
  return refused(
    `${clause} expression with '${unclear}', which may be an alias or a column, over several shards`,
  )
}
