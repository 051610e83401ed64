import { lockCalls } from '../../planner/statements/locks-once.ts'
import { quoteName } from '../../values/sql-literal.ts'
import { substituteParams } from '../prepared/substitute-params.ts'
import { type EvaluateContext, evaluate } from './evaluate.ts'
import type { Execution } from './execution.ts'
import { planned } from './planned.ts'

/**
 * The statement with what its calls of GET_LOCK() and its kin have come to in their places (`Plan.locksAhead`), asked in the order of
 * the text at the one server that has all locks by name. Columns keep the names that the client's text gives them.
 */
export async function withLocksAhead(context: EvaluateContext, execution: Execution): Promise<Execution> {
  const { reading, bindings } = execution
  const { params } = reading.scan(execution.sql)
  const values = Array.from({ length: params }, (_, param) => bindings.paramText(param))
  const sql =
    params === 0
      ? execution.sql
      : substituteParams(reading.parse(execution.sql), execution.sql, values, bindings)
  const statement = reading.parse(sql)
  const calls = lockCalls(statement)
  const answer = await evaluate(context, calls)
  const changes = calls.map(({ span }, i) => ({ ...span, text: answer.values[i]!.text }))
  const items = statement.kind === 'Select' ? statement.items : []
  const names = items.flatMap((item) => {
    const isNamed = item.kind !== 'SelectExpr' || item.alias !== undefined
    const { start, end } = item.span
    if (isNamed || !changes.some((change) => change.start >= start && change.end <= end)) return []
    return [{ start: end, end, text: ` AS ${quoteName(sql.slice(start, end))}` }]
  })
  let text = ''
  let at = 0
  for (const { start, end, text: own } of [...changes, ...names].sort((a, b) => a.start - b.start)) {
    text += sql.slice(at, start) + own
    at = end
  }
  return planned(execution, text + sql.slice(at))
}
