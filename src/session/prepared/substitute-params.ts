import { SqlError } from '../../errors/sql-error.ts'
import type { Statement } from '../../sql/ast.ts'
import { visit } from '../../sql/visit.ts'
import { orderingParams } from '../statements/ordering-params.ts'
import { limitParams, limitText } from './limit-texts.ts'

/**
 * The statement's text, `sql`, with SQL literals in place of its `?`: the rest stays as it is, for columns are named by it. Throws
 * ER_WRONG_ARGUMENTS when their numbers differ, and for what LIMIT does not take.
 */
export function substituteParams(
  statement: Statement,
  sql: string,
  values: readonly string[],
  { isMariadb }: { readonly isMariadb: boolean },
): string {
  // As a literal, the value of `ORDER BY ?` would be a column's position.
  const constants: ReadonlySet<number> = isMariadb ? new Set() : orderingParams(statement)
  const starts = startsOf(statement)
  if (starts.size !== values.length)
    throw new SqlError('ER_WRONG_ARGUMENTS', 'Incorrect arguments to EXECUTE')
  const limits = limitParams(statement)
  const textOf = (param: number) => {
    if (limits.has(param)) return limitText(values[param]!, isMariadb)
    return constants.has(param) ? 'NULL' : values[param]!
  }
  let text = ''
  let end = 0
  for (const [param, start] of [...starts].sort(([, a], [, b]) => a - b)) {
    const before = sql.slice(end, start)
    end = start + 1
    // A `?` may touch a word, as in `LIMIT?`; a literal would become part of it.
    text += `${before}${/\w$/.test(before) ? ' ' : ''}${textOf(param)}${/\w/.test(sql[end] ?? '') ? ' ' : ''}`
  }
  return text + sql.slice(end)
}

/** Where each `?` is. */
function startsOf(statement: Statement): ReadonlyMap<number, number> {
  const starts = new Map<number, number>()
  visit(statement, (node) => {
    if (node.kind === 'Param') starts.set(node.index, node.span.start)
    return undefined
  })
  return starts
}
