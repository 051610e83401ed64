import { SqlError } from '../errors/sql-error.ts'
import type { Plan } from '../plan/plan.ts'
import type { SelectedInsert } from '../plan/write-primitives.ts'
import type { Insert, InsertValues, Query } from '../sql/ast.ts'
import { type AnyNode, someNode } from '../sql/visit.ts'
import type { Table } from '../vschema/model.ts'
import type { BoundInsertSelect } from './binding/bound.ts'
import { namesOf } from './binding/inserted-columns.ts'
import { liveColumn } from './binding/live-column.ts'
import { setsLastInsertId, setsVariables } from './binding/traits.ts'
import { finishInsertRows } from './finish/finish-insert-rows.ts'
import { UNCHECKED } from './foreign-keys.ts'
import { reading } from './locked-reading.ts'
import { makeColumn, makeNull } from './make-node.ts'
import { insertRows, type ValuesInsert } from './operators/insert-rows.ts'
import { insertVerb } from './operators/write.ts'
import { isOfMariaDb, type PlanContext } from './plan-context.ts'
import { isRefusal } from './refusal.ts'
import { orRowsFirst, rowsFirst, writtenInto } from './rows-first.ts'
import { isOfSource, readBesideRow, withInsertedSources } from './upsert-sources.ts'

/**
 * INSERT … SELECT whose rows belong elsewhere than they come from, or want numbers from a sequence. The plan stays as it is for one
 * shard that has all of it.
 */
export function withSelectedRows(plan: Plan, bound: BoundInsertSelect, context: PlanContext): Plan {
  const planned = orRowsFirst(
    plan,
    bound.ast,
    { keyspace: bound.table.keyspace, make: (construct) => selectedInsert(bound, construct, context) },
    context,
  )
  const { root } = planned
  const keepsKeys = root.kind === 'SelectedInsert' && root.insert.entered?.references !== undefined
  return keepsKeys ? { ...planned, settings: UNCHECKED } : planned
}

function selectedInsert(
  bound: BoundInsertSelect,
  construct: string,
  context: PlanContext,
): SelectedInsert | undefined {
  const { table, query } = bound
  const named = withInsertedSources(bound, context)
  const isCopied = table.type === 'reference' && (table.sharded || table.source !== undefined)
  const columns = namesOf(named, table)
  const beside = readBesideRow(named, bound, columns.length)
  const ast = beside?.ast ?? named
  if (isCopied || mustStayWhole(ast, table)) return undefined
  checkColumns(columns, table, context)
  const into = columns.map((name) => writtenInto(liveColumn(table, name)))
  if (columns.length === 0 || !into.every((each) => each !== undefined)) return undefined
  const pulledOut = beside && columns.length + beside.into.length
  const inner = pulledOut === undefined ? context : { ...context, isChanged: true, pulledOut }
  const op = insertRows(withoutRows(ast, columns), table, inner)
  if (isRefusal(op)) return undefined
  const insert = finishInsertRows(op, inner).root
  const rows = rowsFirst(locked(beside?.query ?? query.ast), construct, context)
  if (rows === undefined || insert.kind !== 'Insert') return undefined
  return {
    kind: 'SelectedInsert',
    verb: insertVerb(ast),
    ...rows,
    into: [...into, ...(beside?.into ?? [])],
    ...(beside && { oneByOne: true }),
    insert: { ...insert, rows: { kind: 'Rows', rows: [] } },
  }
}

/** Throws ER_BAD_FIELD_ERROR: preparing the statement, MariaDB does not look at these names. */
function checkColumns(columns: readonly string[], table: Table, context: PlanContext): void {
  if (table.live === undefined) return
  const unknown = columns.find((name) => liveColumn(table, name) === undefined)
  const clause = isOfMariaDb(context) ? 'INSERT INTO' : 'field list'
  if (unknown !== undefined)
    throw new SqlError('ER_BAD_FIELD_ERROR', `Unknown column '${unknown}' in '${clause}'`)
}

/** What only one connection can say of all rows, or of what is selected beside what is inserted. */
function mustStayWhole(ast: Insert, target: Table): boolean {
  const { onDuplicate } = ast
  return (
    someNode(ast, (node) => setsLastInsertId(node) || setsVariables(node)) ||
    someNode(
      onDuplicate?.map(({ value }) => value),
      (node) => node.kind === 'Subquery' || (node.kind === 'Column' && isOfSource(node, ast, target)),
    )
  )
}

/** The statement as VALUES would have it, with one row that says nothing. */
function withoutRows(ast: Insert, columns: readonly string[]): ValuesInsert {
  const { span } = ast
  const values = columns.map(makeNull)
  const source: InsertValues = {
    kind: 'InsertValues',
    keyword: 'VALUES',
    rows: [{ kind: 'InsertRow', values, span }],
    span,
  }
  return { ...ast, columns: columns.map(makeColumn), source }
}

/** MySQL locks what it selects; of a UNION each part would need parentheses to say so. */
function locked(query: Query): Query {
  return someNode(query, isSetOperation) ? query : reading(query)
}

function isSetOperation({ kind }: AnyNode): boolean {
  return kind === 'SetOperation'
}
