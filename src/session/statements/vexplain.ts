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

/** VEXPLAIN [PLAN] and EXPLAIN FORMAT=VITESS: the plan, not run. */
export async function vexplain(
  { reader, replies }: VExplainContext,
  { mode, statement }: { readonly mode?: string; readonly statement: Statement },
  sql: string,
): Promise<void> {
  if (mode !== undefined && mode !== 'PLAN') throw notSupported(`VEXPLAIN ${mode}`)
  const text = sql.slice(statement.span.start, statement.span.end)
  const { current } = reader
  const lines = printPlan(current.planOf(text, current.scan(text)))
    .trimEnd()
    .split('\n')
  replies.resultSet({ columns: [textColumn('Plan', 1024)], rows: lines.map((line) => [Buffer.from(line)]) })
}
