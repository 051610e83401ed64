import type { Condition } from '../../errors/condition.ts'
import { ServerError } from '../../errors/server-error.ts'
import { readConditions } from '../../mysql/client/conditions.ts'
import { describeStatement } from '../../mysql/client/describe.ts'
import { onOwnConnection } from '../statements/on-own-connection.ts'
import { requireWritable } from '../statements/require-writable.ts'
import type { RunContext } from '../statements/run-statement.ts'
import { withVariables } from '../statements/user-variables.ts'
import { conditionsWithWrittenNames, thrownWithWrittenNames } from '../statements/written-names.ts'
import type { PreparedText } from './client-statement.ts'
import { describeText } from './describe-text.ts'
import { type DescribedWhere, describedWhere } from './described-where.ts'

/** ER_MAX_PREPARED_STMT_COUNT_REACHED: by the server's count, in which the session's own statements are none. */
const NOT_ONE_MORE = 1461

/**
 * What preparing a query or a statement that writes warns of, as a server tells it that prepares it. Throws what it says against
 * the statement. Where several keyspaces have its tables none can: the rest is told when the statement runs.
 */
export async function conditionsOfPreparing(
  context: RunContext,
  text: Pick<PreparedText, 'sql' | 'scan' | 'reading'>,
): Promise<readonly Condition[]> {
  const { locks, temporary, shards, interruption } = context
  const { sql, reading } = text
  if (locks.isHeld) await locks.check(reading.parse(sql), reading.target, temporary)
  const where = describedWhere(text, shards)
  if (where.kind === 'Shard') {
    const conditions = await byShard(context, text, where)
    interruption.throwIfKilled()
    return conditions
  }
  if (where.kind === 'Session') return []
  requireWritable(context, where.plan)
  if (where.kind === 'Copies') await describeText(context, where, text)
  return []
}

async function byShard(
  context: RunContext,
  written: Pick<PreparedText, 'sql' | 'reading'>,
  { target, sql, plan }: Extract<DescribedWhere, { kind: 'Shard' }>,
): Promise<readonly Condition[]> {
  const { state, proxy } = context
  const settings = withVariables(state.settingsFor(written.reading), state, plan.userVariables)
  try {
    return await onOwnConnection(context, { target, settings, begins: false }, async (lease, send) => {
      const { warnings } = await describeStatement(sql, send)
      if (warnings === 0) return []
      return conditionsWithWrittenNames(await readConditions(lease.connection), written, proxy)
    })
  } catch (error) {
    if (error instanceof ServerError && error.errno === NOT_ONE_MORE) return []
    throw thrownWithWrittenNames(error, written, proxy)
  }
}
