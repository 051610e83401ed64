import type { Condition } from '../../errors/condition.ts'
import { notSupported } from '../../errors/sql-error.ts'
import { sessionFunctions, variableOfSession } from '../../planner/session-names.ts'
import type { Expr, Show } from '../../sql/ast.ts'
import { type ParseOptions, parseExpression } from '../../sql/parse.ts'
import { print } from '../../sql/print.ts'
import { type AnyNode, rewrite, someNode, visit } from '../../sql/visit.ts'
import { textLiteral } from '../../values/sql-literal.ts'
import { type EvaluateContext, select, withoutSubqueries } from '../statements/evaluate.ts'
import type { ShownTable } from './shown-table.ts'

export interface FilteredShow {
  readonly show: Show
  readonly conditions: readonly Condition[]
}

/** WHERE asks for more than a server alone would answer rightly: rows of tables, or what only the session knows. */
export function asksSession({ where }: Show): boolean {
  return where !== undefined && someNode(where, (node) => SUBQUERIES.has(node.kind) || isOfSession(node))
}

const SUBQUERIES: ReadonlySet<AnyNode['kind']> = new Set(['Subquery', 'Exists', 'Quantified'])

function isOfSession(node: AnyNode): boolean {
  if (node.kind === 'UserVariable') return true
  if (node.kind === 'SystemVariable') return variableOfSession(node) !== undefined
  return node.kind === 'Function' && node.args.length === 0 && sessionFunctions.has(node.name)
}

/**
 * The SHOW with what its subqueries, user variables and functions of the session came to in their places: subqueries are
 * queries of their own, over all shards that they ask. Throws 1235 for those that depend on the row that is shown.
 */
export async function withValues(context: EvaluateContext, show: Show): Promise<FilteredShow> {
  const { where } = show
  if (where === undefined || !asksSession(show)) return { show, conditions: [] }
  const conditions: Condition[] = []
  const computed = await independent(context, where, conditions)
  const options = context.reader.current.options
  const value = rewrite(computed, (node) => sessionValue(context, node, options))
  if (someNode(value, (node) => SUBQUERIES.has(node.kind)))
    throw notSupported('a subquery of several rows or columns in the WHERE of SHOW')
  return { show: rewrite(show, (node) => (node === where ? value : undefined)), conditions }
}

/** With something that has the same params for what `withValues` computes: for its columns. */
export function withoutValues(show: Show): Show {
  const { where } = show
  if (where === undefined) return show
  const value = rewrite(where, (node) =>
    SUBQUERIES.has(node.kind) || isOfSession(node) ? standIn(node) : undefined,
  )
  return rewrite(show, (node) => (node === where ? value : undefined))
}

function standIn(node: AnyNode): Expr {
  const params: string[] = []
  visit(node, (inner) => {
    if (inner.kind === 'Param') params.push('?')
    return undefined
  })
  return parseExpression(`CONCAT(${['NULL', ...params].join(', ')})`, { mode: 0, serverVersion: 80_000 })
}

/** MySQL would look for an unknown column of the subquery in the row that is shown. */
async function independent(context: EvaluateContext, where: Expr, conditions: Condition[]): Promise<Expr> {
  try {
    return await withoutSubqueries(context, where, conditions)
  } catch (error) {
    if (!isUnknownColumn(error)) throw error
    throw notSupported('a subquery in the WHERE of SHOW that depends on the row shown')
  }
}

const ER_BAD_FIELD_ERROR = 1054

function isUnknownColumn(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && error.errno === ER_BAD_FIELD_ERROR
}

function sessionValue(
  { reader, state }: EvaluateContext,
  node: AnyNode,
  options: ParseOptions,
): Expr | undefined {
  if (node.kind === 'Assign') throw notSupported('an assignment in the WHERE of SHOW')
  if (!isOfSession(node)) return undefined
  switch (node.kind) {
    case 'UserVariable':
      return parseExpression(state.userVariables.get(node.name.toLowerCase())?.text ?? 'NULL', options)
    case 'SystemVariable':
      return parseExpression(reader.current.sessionText(variableOfSession(node)!), options)
    case 'Function':
      return parseExpression(reader.current.sessionText(sessionFunctions.get(node.name)!), options)
    default:
      return undefined
  }
}

/** The rows of a table of the proxy's own for which WHERE is true: a server compares, as it does for its own tables. */
export async function rowsWhere(
  context: EvaluateContext,
  where: Expr,
  { columns, rows }: ShownTable,
): Promise<ShownTable['rows']> {
  if (rows.length === 0) return rows
  const cells = rows.map((row) =>
    row.map((cell) => (cell === null ? 'NULL' : textLiteral(bytesOf(cell), 'utf8mb4'))),
  )
  const names = columns.map(({ name }) => `\`${name.replaceAll('`', '``')}\``)
  const first = cells[0]!.map((cell, c) => `${cell} AS ${names[c]}`)
  const all = cells.map((row, r) => `SELECT ${r} AS ${ROW_NUMBER}, ${(r === 0 ? first : row).join(', ')}`)
  const sql = `SELECT ${ROW_NUMBER} FROM (${all.join(' UNION ALL ')}) shown WHERE ${print(where)} ORDER BY 1`
  const kept = await select(context, sql, rows.length)
  return kept.rows.map(([number]) => rows[Number(number!.text)]!)
}

const ROW_NUMBER = '`row number`'

function bytesOf(cell: Uint8Array | string): Buffer {
  return Buffer.isBuffer(cell) ? cell : Buffer.from(cell as string)
}
