import { bindQuery } from '../../engine/bind.ts'
import { makeCopies } from '../../engine/federate.ts'
import { shardsMet } from '../../engine/met-shards.ts'
import type { Description } from '../../mysql/client/describe.ts'
import type { RunContext } from '../statements/run-statement.ts'
import { SessionPort } from '../statements/session-port.ts'
import { textExecution } from '../statements/text-execution.ts'
import { withVariables } from '../statements/user-variables.ts'
import { thrownWithWrittenNames } from '../statements/written-names.ts'
import type { PreparedText } from './client-statement.ts'
import type { DescribedOverCopies } from './described-where.ts'
import { paramDefinition } from './param-definition.ts'

/** A server describes the statement over copies of its tables that have no rows, for none has all of them. Throws its errors. */
export async function describeOverCopies(
  context: RunContext,
  { copies, plan, home }: DescribedOverCopies,
  text: Pick<PreparedText, 'sql' | 'scan' | 'reading'>,
): Promise<Description> {
  const { state, interruption, shards } = context
  const { sql, scan, reading } = text
  const execution = textExecution(reading, sql, { scan, plan })
  const settings = withVariables(state.settingsFor(reading), state, plan.userVariables)
  const port = new SessionPort(context, execution, settings)
  const { bindings } = execution
  const scratch =
    home === undefined
      ? await port.openScratch(copies.keyspace)
      : await port.openScratchOn(home.keyspace, shardsMet(home, bindings, shards)[0]!)
  const query = bindQuery(home === undefined ? copies.asked : copies.query, bindings)
  let described: Description
  try {
    await makeCopies(copies, scratch)
    described = await scratch.describe(query, copies)
  } catch (error) {
    throw thrownWithWrittenNames(error, text, context.proxy)
  } finally {
    await scratch.close()
  }
  interruption.throwIfKilled()
  // A query that is named twice has its params twice there.
  const order = query.kind === 'Text' ? query.params : []
  const params = Array.from({ length: scan.params }, (_, param) => {
    return described.params[order.indexOf(param)] ?? paramDefinition
  })
  return { ...described, params }
}
