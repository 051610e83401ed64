import { bindQuery } from '../../engine/bind.ts'
import { makeCopies } from '../../engine/federate.ts'
import { shardsMet } from '../../engine/met-shards.ts'
import type { Description } from '../../mysql/client/describe.ts'
import type { Federate } from '../../plan/primitives.ts'
import type { Routing } from '../../plan/routing.ts'
import type { Scan } from '../../sql/scan.ts'
import type { Settings } from '../../tablet/settings.ts'
import type { Execution } from './execution.ts'
import { paramDefinition } from './param-definition.ts'
import type { ScratchConnection } from './scratch-connection.ts'
import { SessionPort, type SessionPortContext } from './session-port.ts'
import { thrownWithWrittenNames } from './written-names.ts'

export interface OverCopies {
  readonly copies: Federate
  /** Where those tables are that are not copied: the session's own, or those of a keyspace. Absent: all are copied. */
  readonly beside?: Routing | { readonly kind: 'Tables'; readonly keyspace: string }
}

export interface DescribeContext extends SessionPortContext {
  readonly proxy: SessionPortContext['proxy'] & Parameters<typeof thrownWithWrittenNames>[2]
}

/**
 * A server describes the statement over copies of its tables that have no rows, for none has all of them. Throws its errors, by the
 * client's names.
 */
export async function describeOverCopies(
  context: DescribeContext,
  { copies, beside }: OverCopies,
  execution: Execution,
  settings: Settings,
  { params: paramCount }: Pick<Scan, 'params'>,
): Promise<Description> {
  const { bindings } = execution
  const scratch = await openBeside(context, copies, beside, execution, settings)
  const query = bindQuery(beside === undefined ? copies.asked : copies.query, bindings)
  let described: Description
  try {
    await makeCopies(copies, scratch)
    described = await scratch.describe(query, copies)
  } catch (error) {
    throw thrownWithWrittenNames(error, execution, context.proxy)
  } finally {
    await scratch.close()
  }
  context.interruption.throwIfKilled()
  // A query that is named twice has its params twice there.
  const order = query.kind === 'Text' ? query.params : []
  const params = Array.from({ length: paramCount }, (_, param) => {
    return described.params[order.indexOf(param)] ?? paramDefinition
  })
  return { ...described, params }
}

function openBeside(
  context: DescribeContext,
  copies: Federate,
  beside: OverCopies['beside'],
  execution: Execution,
  settings: Settings,
): Promise<ScratchConnection> {
  const port = new SessionPort(context, execution, settings)
  if (beside === undefined) return port.openScratch(copies.keyspace)
  if (beside.kind === 'Tables') return port.openScratch(beside.keyspace, { isOfKeyspace: true })
  return port.openScratchOn(beside.keyspace, shardsMet(beside, execution.bindings, context.shards)[0]!)
}
