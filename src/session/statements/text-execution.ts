import { TextStatement } from '../../mysql/client/shard-statement.ts'
import { queryPacket } from '../../mysql/client/simple-command.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Scan } from '../../sql/scan.ts'
import type { Execution } from './execution.ts'
import type { Reading } from './reading.ts'

/** What is known of a text already. */
interface Known {
  readonly scan?: Scan
  readonly plan?: Plan
  /** The client's COM_QUERY. */
  readonly packet?: Buffer | undefined
}

/** One execution of a text, by COM_QUERY. */
export function textExecution(reading: Reading, sql: string, known: Known = {}): Execution {
  const { scan = reading.scan(sql), plan = reading.planOf(sql, scan), packet } = known
  return {
    plan,
    sql,
    reading,
    bindings: reading.bindingsOf(sql, scan),
    verbatim: () => new TextStatement(packet ?? queryPacket(sql)),
    ofText: (query) => TextStatement.ofSql(query.sql),
    format: 'text',
  }
}
