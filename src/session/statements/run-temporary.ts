import { assert } from '../../base/assert.ts'
import { beginPlan } from '../../engine/begin-plan.ts'
import { shardsMet } from '../../engine/met-shards.ts'
import type { OkOutcome } from '../../engine/outcome.ts'
import type { RunContext as EngineContext } from '../../engine/run-context.ts'
import { notSupported, type SqlError } from '../../errors/sql-error.ts'
import { keyspaceId } from '../../key/keyspace-id.ts'
import type { Plan } from '../../plan/plan.ts'
import { TEMPORARY_TABLES } from '../../plan/reserves.ts'
import type { Routing } from '../../plan/routing.ts'
import type { Settings } from '../../tablet/settings.ts'
import type { Lane } from '../../transaction/lane.ts'
import { collectAnswer } from '../../transaction/write-shards.ts'
import { type Execution, statementFor } from './execution.ts'
import { losslessTexts } from './row-texts.ts'
import { SessionPort, type SessionPortContext } from './session-port.ts'
import type { TemporaryTables } from './temporary-tables.ts'
import { carriesAny, takeVariables } from './user-variables.ts'

export interface TemporaryContext extends SessionPortContext {
  readonly temporary: TemporaryTables
}

/**
 * Runs DDL on temporary tables (`Plan.temporary`) on the lane that has them, or is to have them. Whatever the server says of
 * it, the lane is asked behind it for what is there now. Throws the server's error.
 */
export async function runTemporary(
  context: TemporaryContext,
  execution: Execution,
  settings: Settings,
): Promise<OkOutcome> {
  const { transaction, shards, interruption, temporary } = context
  const { plan, bindings, reading } = execution
  const routing = routingOf(plan)
  const { keyspace } = routing
  const shard = shardsMet(routing, bindings, shards)[0]!
  const target = shards.target(keyspace, shard, reading.target.tabletType)
  if (plan.commitsFirst !== true) transaction.makeHome(target)
  // What commits is no part of a transaction.
  const lane =
    plan.commitsFirst === true
      ? await transaction.lanes.reach(target, {
          settings,
          start: undefined,
          savepoints: [],
          cancel: interruption,
        })
      : await transaction.reach(target, settings, interruption)
  if (lane.branch !== undefined && !lane.connection.isMariadb) throw notInBranch()
  lane.reserve(TEMPORARY_TABLES)
  const names = plan.temporary!.map(({ table }) => table)
  const { start } = shards.shardsOf(keyspace)[shard]!.range
  const pinned = routing.kind === 'Unsharded' ? undefined : keyspaceId(start)
  const look = async () => {
    await lane.lease.killing
    lane.makeWay()
    await lane.lease.apply(losslessTexts(settings))
    await temporary.look({ keyspace, pinned, lane }, names)
  }
  try {
    const outcome = await run(context, execution, { settings, lane })
    const statement = reading.parse(execution.sql)
    if (transaction.isOpen && statement.kind === 'Ddl')
      if (statement.verb === 'create' || statement.verb === 'drop')
        transaction.rollbackWarnings.noteTemporary(statement.verb)
    await look()
    return outcome
  } catch (error) {
    await look().catch(() => transaction.lost(lane))
    throw error
  }
}

/** Instead of MySQL's 4091, which knows of no way out. */
function notInBranch(): SqlError {
  return notSupported(
    "a temporary table on a shard that a transaction in transaction_mode = 'twopc' has reached (CREATE it before BEGIN, or SET transaction_mode = 'multi')",
  )
}

function routingOf({ root, shortcut }: Plan): Routing {
  return root.kind === 'WriteOverCopies' ? root.routing : shortcut!.routing
}

async function run(
  context: TemporaryContext,
  execution: Execution,
  { settings, lane }: { readonly settings: Settings; readonly lane: Lane },
): Promise<OkOutcome> {
  const { interruption, shards, memory, proxy, state } = context
  const { plan, bindings, format } = execution
  const begun = beginPlan(plan, bindings, shards)
  if (begun.kind === 'Several') {
    const port = new SessionPort(context, execution, settings)
    const engine: EngineContext = { bindings, shards, port, format, memory, limits: proxy.limits }
    const outcome = await begun.run(engine)
    assert(outcome.kind === 'Ok', 'DDL answers no rows')
    return outcome
  }
  const statement = statementFor(execution, begun.query)
  interruption.throwIfKilled()
  const answer = await collectAnswer(lane.lease, interruption, (reader) => lane.send(statement, reader))
  const { isMariadb } = proxy
  if (carriesAny(plan)) await takeVariables(lane.lease, { state, isMariadb }, plan)
  return { ...answer, bringsIds: false }
}
