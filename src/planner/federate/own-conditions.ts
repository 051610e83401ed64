import type { ColumnName, Comparison, Expr, TableRef } from '../../sql/ast.ts'
import { someNode, visit } from '../../sql/visit.ts'
import { isIntegral } from '../../values/value.ts'
import { type Column, sameColumn, type Table } from '../../vschema/model.ts'
import type { BoundFrom, BoundQuery, BoundSubquery, BoundTable, Conjunct } from '../binding/bound.ts'
import { isText } from '../binding/column-type.ts'
import type { Level } from '../binding/level.ts'
import { resolveColumn, type Scope } from '../binding/scope.ts'
import type { TableInstance } from '../binding/source.ts'
import { isHarmless } from './harmless.ts'

/** What holds for those rows of tables that can matter. It stays in the query, which is asked of fewer rows then. */
export interface OwnConditions {
  readonly conditions: ReadonlyMap<TableRef, readonly Expr[]>
  readonly links: readonly Link[]
}

/** Rows of `table` can only matter if `column` has a value that `otherColumn` has in some row of `other`. */
export interface Link {
  readonly table: TableRef
  readonly column: Column
  readonly other: TableRef
  readonly otherColumn: Column
}

export function ownConditions(query: BoundQuery): OwnConditions {
  const found: Found = { conditions: new Map(), links: [], nodes: new Map() }
  ofQuery(query, found)
  return found
}

interface Found {
  readonly conditions: Map<TableRef, Expr[]>
  readonly links: Link[]
  /** Where each table stands. */
  readonly nodes: Map<TableInstance, TableRef>
}

function ofQuery(query: BoundQuery, found: Found): void {
  switch (query.kind) {
    case 'Select': {
      const { from, where, having, subqueries, level, scope } = query
      ofFrom(from, { level, scope }, found)
      take(where, { tables: tablesAt(from, level, level), scope }, found)
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

/** Where a part of FROM stands: the level of its rows, and all that a condition of its query can name. */
interface At {
  readonly level: Level
  readonly scope: Scope
}

function ofFrom(from: BoundFrom, at: At, found: Found): void {
  const { level, scope } = at
  switch (from.kind) {
    case 'Table':
      found.nodes.set(from.instance, from.ast)
      return
    case 'Unplaced':
      return ofSubqueries(from.subqueries, found)
    case 'Derived':
      return ofQuery(from.query, found)
    case 'Inner':
      for (const part of from.parts) ofFrom(part, at, found)
      take(from.on, { tables: tablesAt(from, level, level), scope: inOn(scope) }, found)
      return ofSubqueries(
        from.on.flatMap(({ subqueries }) => subqueries),
        found,
      )
    case 'Outer':
      ofFrom(from.preserved, at, found)
      ofFrom(from.inner, { level: from.level, scope }, found)
      take(from.on, { tables: tablesAt(from.inner, from.level, from.level), scope: inOn(scope) }, found)
      return ofSubqueries(
        from.on.flatMap(({ subqueries }) => subqueries),
        found,
      )
  }
}

/** ON does not see all of FROM: a name without a table's might be one of a query around it. */
function inOn(scope: Scope): Scope {
  return scope.outer === undefined ? scope : { ...scope, sources: [] }
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
function take(
  conjuncts: readonly Conjunct[],
  { tables, scope }: { readonly tables: readonly BoundTable[]; readonly scope: Scope },
  found: Found,
): void {
  const { conditions } = found
  let isFirst = true
  for (const { expr, needs, subqueries } of conjuncts) {
    if (subqueries.length > 0) continue
    if (isJoin(expr)) {
      takeLink(expr, tables, scope, found)
      continue
    }
    const table = needs.size === 1 ? tables.find(({ source }) => needs.has(source)) : undefined
    if (table === undefined) {
      isFirst &&= !mayWarn(expr)
      continue
    }
    const { ast, source, instance } = table
    const isOwn = (name: string, qualifier: string | undefined) =>
      qualifier === undefined ? source.columnNamed(name).kind === 'Column' : qualifier === source.name
    isFirst &&= namesOnly(expr, isOwn) && isHarmless(expr, (name) => liveColumn(instance.table, name))
    if (!isFirst) continue
    const list = conditions.get(ast)
    if (list === undefined) conditions.set(ast, [expr])
    else list.push(expr)
  }
}

function takeLink(
  { left, right, op }: ColumnJoin,
  tables: readonly BoundTable[],
  scope: Scope,
  found: Found,
): void {
  if (op !== '=') return
  for (const [own, others] of [
    [left, right],
    [right, left],
  ] as const) {
    const ref = resolveColumn(own, scope)
    const other = resolveColumn(others, scope)
    const table = tables.find(({ instance }) => instance === ref?.instance)
    if (ref === undefined || other === undefined || table === undefined || other.instance === ref.instance)
      continue
    const column = liveColumn(ref.instance.table, ref.name)
    const otherColumn = liveColumn(other.instance.table, other.name)
    const otherNode = found.nodes.get(other.instance)
    if (column === undefined || otherColumn === undefined || otherNode === undefined) continue
    if (areAlike(column, otherColumn))
      found.links.push({ table: table.ast, column, other: otherNode, otherColumn })
  }
}

/** What a value of one column is equal to in the other does not depend on where it is compared. */
function areAlike(a: Column, b: Column): boolean {
  if (a.type === undefined || b.type === undefined) return false
  if (isIntegral(a.type) && isIntegral(b.type)) return true
  return isText(a.type) && isText(b.type) && a.collation === b.collation
}

function liveColumn({ live }: Table, name: string): Column | undefined {
  return live?.columns.find((column) => sameColumn(column.name, name))
}

function namesOnly(expr: Expr, isOwn: (name: string, qualifier: string | undefined) => boolean): boolean {
  return visit(expr, (node) =>
    node.kind === 'Column' && !isOwn(node.name, node.qualifiers.at(-1)) ? 'stop' : undefined,
  )
}

type ColumnJoin = Comparison & { readonly left: ColumnName; readonly right: ColumnName }

/** `a.x = b.y`, mostly of one type. */
function isJoin(expr: Expr): expr is ColumnJoin {
  return expr.kind === 'Comparison' && expr.left.kind === 'Column' && expr.right.kind === 'Column'
}

/** Of a condition of several tables. */
function mayWarn(expr: Expr): boolean {
  return someNode(expr, ({ kind }) => kind === 'Function' || kind === 'Cast' || kind === 'Binary')
}
