import type { Description } from '../../mysql/client/describe.ts'
import { describeOverCopies } from '../statements/describe-over-copies.ts'
import type { RunContext } from '../statements/run-statement.ts'
import { textExecution } from '../statements/text-execution.ts'
import { withVariables } from '../statements/user-variables.ts'
import type { PreparedText } from './client-statement.ts'
import type { DescribedOverCopies } from './described-where.ts'

/** A text that is prepared, which a server describes over copies of its tables. Throws its errors. */
export function describeText(
  context: RunContext,
  where: DescribedOverCopies,
  { sql, scan, reading }: Pick<PreparedText, 'sql' | 'scan' | 'reading'>,
): Promise<Description> {
  const { state } = context
  const { plan } = where
  const execution = textExecution(reading, sql, { scan, plan })
  const settings = withVariables(state.settingsFor(reading), state, plan.userVariables)
  return describeOverCopies(context, where, execution, settings, scan)
}
