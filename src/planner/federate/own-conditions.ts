import type { ColumnName, Expr, Or, TableRef } from '../../sql/ast.ts'
import { someNode, visit } from '../../sql/visit.ts'
import type { BoundFrom, BoundQuery, BoundSubquery, Conjunct } from '../binding/bound.ts'
import type { Level } from '../binding/level.ts'
import { liveColumn, storedColumn } from '../binding/live-column.ts'
import { resolveColumn, type Scope } from '../binding/scope.ts'
import type { Source } from '../binding/source.ts'
import { type ColumnOf, isHarmless } from './harmless.ts'
import { commonConjuncts, impliedBy } from './implied.ts'
import { type ConditionPlace, isJoin, type Link, Links, tablesAt } from './links.ts'

/** What holds for those rows of tables that can matter. It stays in the query, which is asked of fewer rows then. */
export interface OwnConditions {
  readonly conditions: ReadonlyMap<TableRef, readonly Expr[]>
  readonly links: readonly Link[]
}

export function ownConditions(query: BoundQuery): OwnConditions {
  const links = new Links()
  const found: Found = { conditions: new Map(), links, warning: new Set() }
  ofQuery(query, found)
  return {
    conditions: found.conditions,
    links: links.found.filter(({ table }) => !found.warning.has(table)),
  }
}

interface Found {
  readonly conditions: Map<TableRef, Expr[]>
  readonly links: Links
  /** Tables with a condition that warns of rows, of those too that no other table has anything to do with. */
  readonly warning: Set<TableRef>
}

function ofQuery(query: BoundQuery, found: Found): void {
  switch (query.kind) {
    case 'Select': {
      const { from, where, having, subqueries, level, scope } = query
      ofFrom(from, { level, scope }, found)
      ofConjuncts([...where, ...having], found)
      take(where, { tables: tablesAt(from, level, level), scope }, found)
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

function ofConjuncts(conjuncts: readonly Conjunct[], found: Found): void {
  for (const { subqueries } of conjuncts) ofSubqueries(subqueries, found)
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
      return found.links.place(from)
    case 'Unplaced':
      return ofSubqueries(from.subqueries, found)
    case 'Derived':
      return ofQuery(from.query, found)
    case 'Inner':
      for (const part of from.parts) ofFrom(part, at, found)
      ofConjuncts(from.on, found)
      return take(from.on, { tables: tablesAt(from, level, level), scope: inOn(scope) }, found)
    case 'Outer':
      ofFrom(from.preserved, at, found)
      ofFrom(from.inner, { level: from.level, scope }, found)
      ofConjuncts(from.on, found)
      return take(
        from.on,
        { tables: tablesAt(from.inner, from.level, from.level), scope: inOn(scope) },
        found,
      )
  }
}

/** ON does not see all of FROM: a name without a table's might be one of a query around it. */
function inOn(scope: Scope): Scope {
  return scope.outer === undefined ? scope : { ...scope, sources: [] }
}

/**
 * From the first on, as far as each can be asked once more without being noticed: what stands behind another condition is
 * not asked of rows that this one has put out, and might warn of them.
 */
function take(conjuncts: readonly Conjunct[], place: ConditionPlace, found: Found): void {
  const { links } = found
  let isFirst = true
  for (const conjunct of conjuncts) {
    const { expr, needs, subqueries } = conjunct
    if (subqueries.length > 0) {
      links.takeSubquery(conjunct, place)
      continue
    }
    if (isJoin(expr)) {
      links.takeJoin(expr, place)
      continue
    }
    const table = needs.size === 1 ? place.tables.find(({ source }) => needs.has(source)) : undefined
    if (table === undefined) {
      if (expr.kind === 'Or' && isFirst && isHarmless(expr, columnsOf(place.scope)))
        takeOr(expr, place, found)
      else isFirst &&= !mayWarn(expr)
      continue
    }
    const { ast, source, instance } = table
    const isQuiet =
      namesOnly(expr, (column) => isNamedBy(source, column)) &&
      isHarmless(expr, ({ name }) => liveColumn(instance.table, name))
    if (!isQuiet && !someNode(expr, ({ kind }) => kind === 'Function')) found.warning.add(ast)
    isFirst &&= isQuiet
    if (isFirst) addCondition(ast, expr, found)
  }
}

/** A condition of several tables says something of one where each of its branches does. */
function takeOr(or: Or, place: ConditionPlace, found: Found): void {
  const { tables, scope } = place
  for (const each of commonConjuncts(or.operands)) if (isJoin(each)) found.links.takeJoin(each, place)
  for (const { ast, instance, source } of tables) {
    // A LATERAL query shows columns of others as its own, under names that only it knows.
    const isOwn = (part: Expr) =>
      namesOnly(
        part,
        (column) => isNamedBy(source, column) && resolveColumn(column, scope)?.instance === instance,
      )
    const implied = impliedBy(or, isOwn)
    if (implied !== undefined) addCondition(ast, implied, found)
  }
}

function addCondition(node: TableRef, condition: Expr, { conditions }: Found): void {
  const list = conditions.get(node)
  if (list === undefined) conditions.set(node, [condition])
  else list.push(condition)
}

function columnsOf(scope: Scope): ColumnOf {
  return (name) => storedColumn(name, scope)
}

function namesOnly(expr: Expr, isOwn: (column: ColumnName) => boolean): boolean {
  return visit(expr, (node) => (node.kind === 'Column' && !isOwn(node) ? 'stop' : undefined))
}

function isNamedBy(source: Source, { name, qualifiers }: ColumnName): boolean {
  const qualifier = qualifiers.at(-1)
  return qualifier === undefined ? source.columnNamed(name).kind === 'Column' : qualifier === source.name
}

/** Of a condition of several tables. */
function mayWarn(expr: Expr): boolean {
  return someNode(expr, ({ kind }) => kind === 'Function' || kind === 'Cast' || kind === 'Binary')
}
