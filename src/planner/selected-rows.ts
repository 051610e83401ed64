import { SqlError } from '../errors/sql-error.ts'
import type { Plan } from '../plan/plan.ts'
import type { SelectedInsert } from '../plan/write-primitives.ts'
import type { ColumnName, Insert, InsertValues, Query } from '../sql/ast.ts'
import { type AnyNode, someNode } from '../sql/visit.ts'
import type { Table } from '../vschema/model.ts'
import type { BoundInsertSelect } from './binding/bound.ts'
import { namesOf } from './binding/inserted-columns.ts'
import { liveColumn } from './binding/live-column.ts'
import { setsLastInsertId, setsVariables } from './binding/traits.ts'
import { finishInsertRows } from './finish/finish-insert-rows.ts'
import { makeColumn, makeNull } from './make-node.ts'
import { insertRows, type ValuesInsert } from './operators/insert-rows.ts'
import { insertVerb } from './operators/write.ts'
import { isOfMariaDb, type PlanContext } from './plan-context.ts'
import { isRefusal } from './refusal.ts'
import { orRowsFirst, reading, rowsFirst, writtenInto } from './rows-first.ts'

/**
 * INSERT … SELECT whose rows belong elsewhere than they come from, or want numbers from a sequence. The plan stays as it is for one
 * shard that has all of it.
 */
export function withSelectedRows(plan: Plan, bound: BoundInsertSelect, context: PlanContext): Plan {
  return orRowsFirst(plan, bound.ast, (construct) => selectedInsert(bound, construct, context), context)
}

function selectedInsert(
  { ast, table, query }: BoundInsertSelect,
  construct: string,
  context: PlanContext,
): SelectedInsert | undefined {
  const isCopied = table.type === 'reference' && (table.sharded || table.source !== undefined)
  if (isCopied || mustStayWhole(ast, table)) return undefined
  const columns = namesOf(ast, table)
  checkColumns(columns, table, context)
  const into = columns.map((name) => writtenInto(liveColumn(table, name)))
  if (columns.length === 0 || !into.every((each) => each !== undefined)) return undefined
  const op = insertRows(withoutRows(ast, columns), table, context)
  if (isRefusal(op)) return undefined
  const insert = finishInsertRows(op, context).root
  const rows = rowsFirst(locked(query.ast), construct, context)
  if (rows === undefined || insert.kind !== 'Insert') return undefined
  return {
    kind: 'SelectedInsert',
    verb: insertVerb(ast),
    ...rows,
    into,
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
  const { returning, onDuplicate, rowAlias, table } = ast
  const isOther = ({ qualifiers, name }: ColumnName) =>
    qualifiers.length === 0
      ? liveColumn(target, name) === undefined
      : qualifiers.at(-1) !== table.name && qualifiers.at(-1) !== rowAlias?.name
  return (
    returning !== undefined ||
    someNode(ast, (node) => setsLastInsertId(node) || setsVariables(node)) ||
    someNode(
      onDuplicate?.map(({ value }) => value),
      (node) => node.kind === 'Subquery' || (node.kind === 'Column' && isOther(node)),
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
