import { notSupported } from '../../errors/sql-error.ts'
import { printPlan } from '../../plan/print-plan.ts'
import type { Statement } from '../../sql/ast.ts'
import type { Replies } from '../commands/replies.ts'
import { textColumn } from '../show/columns.ts'
import type { StatementReader } from './statement-reader.ts'

export interface VExplainContext {
  readonly reader: StatementReader
  readonly replies: Replies
}

/** VEXPLAIN [PLAN] and EXPLAIN FORMAT=VITESS: the plan, not run. VEXPLAIN RULES: how the planner came to it. */
export async function vexplain(
  { reader, replies }: VExplainContext,
  { mode, statement }: { readonly mode?: string; readonly statement: Statement },
  sql: string,
): Promise<void> {
  const isTrace = mode === 'RULES'
  if (!isTrace && mode !== undefined && mode !== 'PLAN') throw notSupported(`VEXPLAIN ${mode}`)
  const text = sql.slice(statement.span.start, statement.span.end)
  const { current } = reader
  const scan = current.scan(text)
  const told = isTrace ? current.traceOf(text, scan).join('\n') : printPlan(current.planOf(text, scan))
  const lines = told.trimEnd().split('\n')
  const column = textColumn(isTrace ? 'Rules' : 'Plan', 1024)
  replies.resultSet({ columns: [column], rows: lines.map((line) => [Buffer.from(line)]) })
}
