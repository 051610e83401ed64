import type { ColumnName, Expr, OrderItem, Select, SelectItem } from '../../sql/ast.ts'
import { positionOf } from '../../sql/position.ts'
import { rewrite } from '../../sql/visit.ts'
import { sameColumn } from '../../vschema/model.ts'
import { hasColumn, type Scope } from '../semantics/scope.ts'
import { isSelectExpr, itemName } from '../semantics/traits.ts'
import { unplanned } from '../unplanned.ts'

/**
 * What an item of ORDER BY or GROUP BY means, in terms of the tables: a position and an alias stand for the select
 * item, also within an expression. Undefined for a constant, which orders nothing.
 *
 * Source: MySQL manual, "SELECT Statement": ORDER BY looks for aliases first and for columns then, GROUP BY the other
 * way round.
 */
export function meaningOf(
  item: OrderItem,
  clause: 'ORDER BY' | 'GROUP BY',
  select: Select,
  scope: Scope,
): Expr | undefined {
  const { expr } = item
  const position = positionOf(expr)
  if (position !== undefined) return atPosition(position, clause, select.items)
  if (expr.kind === 'Literal') return undefined
  if (expr.kind === 'Param') return undefined
  if (expr.kind === 'Column') {
    const named = expr.qualifiers.length === 0 ? namedItem(expr.name, select.items) : undefined
    if (named === undefined || isSameName(named, expr)) return named ?? expr
    return clause === 'GROUP BY' && hasColumn(expr.name, scope) === 'yes' ? expr : named
  }
  return withoutAliases(expr, clause, select, scope)
}

function atPosition(position: number, clause: string, items: readonly SelectItem[]): Expr | undefined {
  const before = items.slice(0, position)
  if (before.some((item) => item.kind !== 'SelectExpr'))
    unplanned(`${clause} position behind * over several shards`)
  const item = before[position - 1]
  return item?.kind === 'SelectExpr' ? item.expr : undefined
}

export function namedItem(name: string, items: readonly SelectItem[]): Expr | undefined {
  return items.filter(isSelectExpr).find((item) => sameColumn(itemName(item) ?? '', name))?.expr
}

function isSameName(expr: Expr, column: ColumnName): boolean {
  return expr.kind === 'Column' && sameColumn(expr.name, column.name)
}

/** Within an expression a name is a column if there is one, and an alias otherwise. */
function withoutAliases(expr: Expr, clause: string, select: Select, scope: Scope): Expr {
  return rewrite(expr, (node) => {
    if (node.kind === 'Subquery') return node
    if (node.kind !== 'Column') return undefined
    const named = node.qualifiers.length === 0 ? namedItem(node.name, select.items) : undefined
    if (named === undefined || isSameName(named, node)) return undefined
    switch (hasColumn(node.name, scope)) {
      case 'yes':
        return undefined
      case 'no':
        return { ...named, parens: 1 }
      case 'maybe':
        return unplanned(
          `${clause} expression with '${node.name}', which may be an alias or a column, over several shards`,
        )
    }
  })
}
