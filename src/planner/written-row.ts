import type { Plan, WrittenRow } from '../plan/plan.ts'
import type { PlanValue } from '../plan/values.ts'
import type { Delete, Expr, Insert, Statement, TableExpr, TableName, Update } from '../sql/ast.ts'
import { sameColumn, type Table } from '../vschema/model.ts'
import { keyspaceOf } from './binding/find-table.ts'
import { namesOf } from './binding/inserted-columns.ts'
import type { PlanContext } from './plan-context.ts'
import { planValue } from './values.ts'

/**
 * Notes which row a statement changes: an UPDATE or DELETE of one table with `column = value` for all columns of a unique key, or for
 * those of the primary vindex; INSERT … ON DUPLICATE KEY UPDATE and REPLACE of one row that brings a unique key. It decides nothing
 * but who waits for whom: what is not told here, the servers' locks see to.
 */
export function withWrittenRow(plan: Plan, statement: Statement, context: PlanContext): Plan {
  if (plan.root.kind === 'Unsupported') return plan
  const row = writtenRow(statement, context)
  return row === undefined ? plan : { ...plan, row }
}

function writtenRow(statement: Statement, context: PlanContext): WrittenRow | undefined {
  switch (statement.kind) {
    case 'Update':
      return rowOf(statement.tables, statement, context)
    case 'Delete':
      return rowOf(statement.from, statement, context)
    case 'Insert':
      return enteredRow(statement, context)
    default:
      return undefined
  }
}

function rowOf(
  tables: readonly TableExpr[],
  { where }: Update | Delete,
  context: PlanContext,
): WrittenRow | undefined {
  const [from] = tables
  if (where === undefined || from?.kind !== 'Table' || tables.length > 1) return undefined
  const table = tableOf(from.name, context)
  const [primary] = table?.columnVindexes ?? []
  if (table === undefined) return undefined
  const given = equalities(where)
  const givenFor = (column: string) => given.find(({ name }) => sameColumn(name, column))?.value
  const keys = primary === undefined ? uniqueKeys(table) : [...uniqueKeys(table), primary.columns]
  return firstWhole(table, keys, givenFor)
}

function enteredRow(insert: Insert, context: PlanContext): WrittenRow | undefined {
  const { source } = insert
  if (insert.onDuplicate === undefined && insert.verb !== 'REPLACE') return undefined
  const table = tableOf(insert.table, context)
  if (table === undefined) return undefined
  if (source.kind === 'InsertSet') {
    const givenFor = (column: string) => {
      const assigned = source.assignments.find((each) => sameColumn(each.column.name, column))
      return assigned && planValue(assigned.value)
    }
    return firstWhole(table, uniqueKeys(table), givenFor)
  }
  if (source.kind !== 'InsertValues') return undefined
  const names = namesOf(insert, table)
  const cellOf = (column: string) => names.findIndex((name) => sameColumn(name, column))
  if (source.slot !== undefined) {
    const columns = uniqueKeys(table).find((key) => key.every((column) => cellOf(column) >= 0))
    const { slot } = source
    return columns && { key: keyOf(table, columns), values: { slot, cells: columns.map(cellOf) } }
  }
  const [row, ...others] = source.rows
  if (row === undefined || others.length > 0) return undefined
  return firstWhole(table, uniqueKeys(table), (column) => {
    const cell = row.values[cellOf(column)]
    return cell && planValue(cell)
  })
}

function tableOf(name: TableName, context: PlanContext): Table | undefined {
  const found = context.vschema.findTable(keyspaceOf(name, context), name.name, context.tabletType)
  return found.kind === 'found' && found.table.isTemporary !== true ? found.table : undefined
}

/** Columns of each; the primary key first. */
function uniqueKeys({ live }: Table): readonly (readonly string[])[] {
  const keys = (live?.keys ?? []).filter(({ kind }) => kind === 'PRIMARY' || kind === 'UNIQUE')
  return keys.map(({ parts }) => parts.map(({ column }) => column))
}

function firstWhole(
  table: Table,
  keys: readonly (readonly string[])[],
  givenFor: (column: string) => PlanValue | undefined,
): WrittenRow | undefined {
  for (const columns of keys) {
    const values = columns.map(givenFor)
    if (columns.length > 0 && values.every((value) => value !== undefined))
      return { key: keyOf(table, columns), values }
  }
  return undefined
}

function keyOf({ keyspace, name }: Table, columns: readonly string[]): string {
  return `${keyspace}.${name}(${columns.join()})`
}

/** What must be true of each row that is changed. */
function equalities(where: Expr): readonly { readonly name: string; readonly value: PlanValue }[] {
  if (where.kind === 'And') return where.operands.flatMap(equalities)
  if (where.kind !== 'Comparison' || where.op !== '=') return []
  const { left, right } = where
  const [column, other] = left.kind === 'Column' ? [left, right] : [right, left]
  const value = column.kind === 'Column' ? planValue(other) : undefined
  return column.kind === 'Column' && value !== undefined ? [{ name: column.name, value }] : []
}
