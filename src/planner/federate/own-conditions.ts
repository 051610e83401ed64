import type { Expr, TableRef } from '../../sql/ast.ts'
import { someNode, visit } from '../../sql/visit.ts'
import { type Column, sameColumn, type Table } from '../../vschema/model.ts'
import type { BoundFrom, BoundQuery, BoundSubquery, BoundTable, Conjunct } from '../binding/bound.ts'
import type { Level } from '../binding/level.ts'
import { isHarmless } from './harmless.ts'

/**
 * For each table of a query, conditions without which none of its rows can matter. They stay in the query, which is
 * asked of fewer rows then.
 */
export function ownConditions(query: BoundQuery): ReadonlyMap<TableRef, readonly Expr[]> {
  const found = new Map<TableRef, Expr[]>()
  ofQuery(query, found)
  return found
}

type Found = Map<TableRef, Expr[]>

function ofQuery(query: BoundQuery, found: Found): void {
  switch (query.kind) {
    case 'Select': {
      const { from, where, having, subqueries, level } = query
      ofFrom(from, level, found)
      take(where, tablesAt(from, level, level), found)
      ofSubqueries(
        [...where, ...having].flatMap((conjunct) => conjunct.subqueries),
        found,
      )
      return ofSubqueries(subqueries, found)
    }
    case 'Union':
      for (const operand of query.operands) ofQuery(operand, found)
      return
    case 'Nested':
      return ofQuery(query.query, found)
    case 'Values':
      return ofSubqueries(query.values.subqueries, found)
  }
}

function ofSubqueries(subqueries: readonly BoundSubquery[], found: Found): void {
  for (const { query } of subqueries) ofQuery(query, found)
}

/** `level`: of the rows of this part of FROM. */
function ofFrom(from: BoundFrom, level: Level, found: Found): void {
  switch (from.kind) {
    case 'Table':
      return
    case 'Unplaced':
      return ofSubqueries(from.subqueries, found)
    case 'Derived':
      return ofQuery(from.query, found)
    case 'Inner':
      for (const part of from.parts) ofFrom(part, level, found)
      take(from.on, tablesAt(from, level, level), found)
      return ofSubqueries(
        from.on.flatMap(({ subqueries }) => subqueries),
        found,
      )
    case 'Outer':
      ofFrom(from.preserved, level, found)
      ofFrom(from.inner, from.level, found)
      take(from.on, tablesAt(from.inner, from.level, from.level), found)
      return ofSubqueries(
        from.on.flatMap(({ subqueries }) => subqueries),
        found,
      )
  }
}

/** Tables of a part of FROM at `from`, whose rows hold or fall with the conditions of level `wanted`. */
function tablesAt(from: BoundFrom, at: Level, wanted: Level): readonly BoundTable[] {
  switch (from.kind) {
    case 'Table':
      return at === wanted ? [from] : []
    case 'Inner':
      return from.parts.flatMap((part) => tablesAt(part, at, wanted))
    case 'Outer':
      return [...tablesAt(from.preserved, at, wanted), ...tablesAt(from.inner, from.level, wanted)]
    default:
      return []
  }
}

/**
 * From the first on, as far as each can be asked once more without being noticed: what stands behind another condition is
 * not asked of rows that this one has put out, and might warn of them.
 */
function take(conjuncts: readonly Conjunct[], tables: readonly BoundTable[], found: Found): void {
  for (const { expr, needs, subqueries } of conjuncts) {
    if (subqueries.length > 0 || isJoin(expr)) continue
    const table = needs.size === 1 ? tables.find(({ source }) => needs.has(source)) : undefined
    if (table === undefined) {
      if (mayWarn(expr)) return
      continue
    }
    const { ast, source, instance } = table
    const isOwn = (name: string, qualifier: string | undefined) =>
      qualifier === undefined ? source.columnNamed(name).kind === 'Column' : qualifier === source.name
    if (!namesOnly(expr, isOwn)) return
    if (!isHarmless(expr, (name) => liveColumn(instance.table, name))) return
    const list = found.get(ast)
    if (list === undefined) found.set(ast, [expr])
    else list.push(expr)
  }
}

function liveColumn({ live }: Table, name: string): Column | undefined {
  return live?.columns.find((column) => sameColumn(column.name, name))
}

function namesOnly(expr: Expr, isOwn: (name: string, qualifier: string | undefined) => boolean): boolean {
  return visit(expr, (node) =>
    node.kind === 'Column' && !isOwn(node.name, node.qualifiers.at(-1)) ? 'stop' : undefined,
  )
}

/** `a.x = b.y`, mostly of one type. */
function isJoin(expr: Expr): boolean {
  return expr.kind === 'Comparison' && expr.left.kind === 'Column' && expr.right.kind === 'Column'
}

/** Of a condition of several tables. */
function mayWarn(expr: Expr): boolean {
  return someNode(expr, ({ kind }) => kind === 'Function' || kind === 'Cast' || kind === 'Binary')
}
