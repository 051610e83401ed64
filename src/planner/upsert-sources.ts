import { SqlError } from '../errors/sql-error.ts'
import type { WrittenInto } from '../plan/write-primitives.ts'
import type { Assignment, ColumnName, Expr, Insert, Query } from '../sql/ast.ts'
import { type AnyNode, rewrite, visit } from '../sql/visit.ts'
import type { Column } from '../values/column.ts'
import type { Table } from '../vschema/model.ts'
import type { BoundInsertSelect, BoundSelect } from './binding/bound.ts'
import { namesOf } from './binding/inserted-columns.ts'
import { liveColumn, storedColumn } from './binding/live-column.ts'
import { hasColumn, resolveColumn } from './binding/scope.ts'
import { columnKey } from './binding/source.ts'
import { isAggregated } from './binding/traits.ts'
import { makeHole, makeItem } from './make-node.ts'
import { isOfMariaDb, type PlanContext } from './plan-context.ts'
import { writtenInto } from './rows-first.ts'

/** Since 8.0.19 a row of VALUES has an alias; VALUES() warns since 8.0.20. */
const HAS_ROW_ALIAS = 80_019
const ALIAS = '_shardgate_row'

/**
 * ON DUPLICATE KEY UPDATE of INSERT … SELECT may name columns that are selected from. Where these are inserted as they are, the row to
 * be inserted has them too, when it is one of VALUES: `n = o.n` becomes `n = VALUES(n)`. Others stay.
 *
 * Throws ER_NON_UNIQ_ERROR for a name that both have, of which MariaDB hears only when it runs the statement.
 */
export function withInsertedSources(bound: BoundInsertSelect, context: PlanContext): Insert {
  const { ast, query } = bound
  // Of groups only the row to be inserted can be named.
  if (ast.onDuplicate === undefined || query.kind !== 'Select' || isAggregated(query.ast)) return ast
  checkUnambiguous(bound, query, context)
  const { serverVersion = 0 } = context
  const hasAlias = !isOfMariaDb(context) && serverVersion >= HAS_ROW_ALIAS
  let found = false
  const onDuplicate = ast.onDuplicate.map((assignment): Assignment => {
    const value = rewrite(assignment.value, (node) => {
      if (isOfItsOwn(node)) return node
      if (node.kind !== 'Column') return undefined
      const column = insertedAs(node, bound, query)
      found ||= column !== undefined
      if (!hasAlias) return column && valuesOf(column)
      // What has no qualifier would be of either.
      return column === undefined ? qualified(node, bound) : { ...column, qualifiers: [ALIAS] }
    })
    return { ...assignment, value }
  })
  if (!found) return ast
  const rowAlias = { kind: 'RowAlias', name: ALIAS, span: ast.span } as const
  return { ...ast, onDuplicate, ...(hasAlias && { rowAlias }) }
}

function qualified(column: ColumnName, { ast, table }: BoundInsertSelect): ColumnName | undefined {
  const isOfTable = column.qualifiers.length === 0 && liveColumn(table, column.name) !== undefined
  return isOfTable ? { ...column, qualifiers: [ast.table.name] } : undefined
}

function checkUnambiguous(
  { ast, table }: BoundInsertSelect,
  { scope }: BoundSelect,
  context: PlanContext,
): void {
  if (!isOfMariaDb(context)) return
  visit(
    ast.onDuplicate?.map(({ value }) => value),
    (node) => {
      if (isOfItsOwn(node)) return 'skip'
      if (node.kind !== 'Column' || node.qualifiers.length > 0) return undefined
      if (liveColumn(table, node.name) !== undefined && hasColumn(node.name, scope) === 'yes')
        throw new SqlError('ER_NON_UNIQ_ERROR', `Column '${node.name}' in UPDATE is ambiguous`)
      return undefined
    },
  )
}

/** The column of the row to be inserted that is the same; undefined for one of the table, and where there is none. */
function insertedAs(
  column: ColumnName,
  { ast, table }: BoundInsertSelect,
  { scope, ast: select }: BoundSelect,
): ColumnName | undefined {
  const { name, qualifiers } = column
  const isOfTable =
    qualifiers.length === 0 ? liveColumn(table, name) !== undefined : qualifiers.at(-1) === ast.table.name
  const ref = isOfTable ? undefined : resolveColumn(column, scope)
  if (ref === undefined) return undefined
  const names = namesOf(ast, table)
  const at = itemsOf(select).findIndex((item) => {
    const other = item?.kind === 'Column' ? resolveColumn(item, scope) : undefined
    return other !== undefined && columnKey(other) === columnKey(ref)
  })
  const into = liveColumn(table, names[at] ?? '')
  const from = storedColumn(column, scope)
  if (into === undefined || from === undefined || !holdsSame(into, from)) return undefined
  return { ...column, name: into.name, qualifiers: [] }
}

/** None where stars stand for some. */
function itemsOf(query: Query): readonly (Expr | undefined)[] {
  if (query.kind !== 'Select' || query.items.some(({ kind }) => kind !== 'SelectExpr')) return []
  return query.items.map((item) => (item.kind === 'SelectExpr' ? item.expr : undefined))
}

/** Whatever one has, the other has when it is written there. */
function holdsSame(into: Column, from: Column): boolean {
  return (
    (into.type === from.type || isWider(into, from)) &&
    into.collation === from.collation &&
    into.size === from.size &&
    into.scale === from.scale &&
    into.values.join('\0') === from.values.join('\0') &&
    (into.nullable || !from.nullable)
  )
}

const INTEGERS: readonly string[] = ['INT8', 'INT16', 'INT24', 'INT32', 'INT64']

function isWider({ type: into = 'NULL' }: Column, { type: from = 'NULL' }: Column): boolean {
  const at = (type: string) => INTEGERS.indexOf(type.replace(/^U/, ''))
  return into.startsWith('U') === from.startsWith('U') && at(from) >= 0 && at(into) >= at(from)
}

function valuesOf(column: ColumnName): Expr {
  return { kind: 'ValuesFunction', keyword: 'VALUES', column, span: column.span }
}

/** What is left of such columns, for a statement of its own for each row. */
export interface ReadBesideRow {
  readonly ast: Insert
  /** With what is read of each row beside what is inserted, behind that. */
  readonly query: Query
  readonly into: readonly WrittenInto[]
}

/** Undefined where there are none, and where a query would be another one with more columns. */
export function readBesideRow(
  ast: Insert,
  { table, query: { ast: query } }: BoundInsertSelect,
  width: number,
): ReadBesideRow | undefined {
  if (query.kind !== 'Select' || isAggregated(query) || query.modifiers.includes('DISTINCT')) return undefined
  const read: Expr[] = []
  const into: WrittenInto[] = []
  let isKnown = true
  const onDuplicate = ast.onDuplicate?.map((assignment): Assignment => {
    const value = rewrite(assignment.value, (node) => {
      if (isOfItsOwn(node)) return node
      if (node.kind !== 'Column' || !isOfSource(node, ast, table)) return undefined
      const isWhole = node === assignment.value
      const kind = isWhole ? writtenInto(liveColumn(table, assignment.column.name)) : 'number'
      isKnown &&= kind !== undefined
      into.push(kind ?? 'number')
      return makeHole(-width - read.push(node))
    })
    return value === assignment.value ? assignment : { ...assignment, value }
  })
  if (!isKnown || onDuplicate === undefined || read.length === 0) return undefined
  const items = [...query.items, ...read.map(makeItem)]
  return { ast: { ...ast, onDuplicate }, query: { ...query, items }, into }
}

/** Names in it are looked up elsewhere. */
function isOfItsOwn({ kind }: AnyNode): boolean {
  return kind === 'Subquery' || kind === 'ValuesFunction'
}

/** Neither the table's, nor of the row to be inserted. */
export function isOfSource(
  { qualifiers, name }: ColumnName,
  { table, rowAlias }: Insert,
  target: Table,
): boolean {
  return qualifiers.length === 0
    ? liveColumn(target, name) === undefined
    : qualifiers.at(-1) !== table.name && qualifiers.at(-1) !== rowAlias?.name
}
