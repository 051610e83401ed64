import { beginPlan } from '../../engine/begin-plan.ts'
import type { Bindings, BoundQuery } from '../../engine/bindings.ts'
import type { OkOutcome, Outcome } from '../../engine/outcome.ts'
import { nextPackets } from '../../engine/packet-rows.ts'
import { bindRowCount, rowCountNumber } from '../../engine/plan-value.ts'
import type { RowStream } from '../../engine/row-stream.ts'
import type { RunContext as EngineContext } from '../../engine/run-context.ts'
import { ChangedTables } from '../../errors/changed-tables.ts'
import { ServerError } from '../../errors/server-error.ts'
import { localFilesDisabled, SqlError } from '../../errors/sql-error.ts'
import { Capability } from '../../mysql/codec/constants.ts'
import type { ClientConnection } from '../../mysql/server/session-handler.ts'
import type { FoundRows, Plan } from '../../plan/plan.ts'
import type { Primitive } from '../../plan/primitives.ts'
import type { Statement } from '../../sql/ast.ts'
import type { Settings } from '../../tablet/settings.ts'
import type { Answer } from '../commands/answer.ts'
import type { Replies } from '../commands/replies.ts'
import type { ProxyContext } from '../proxy-context.ts'
import type { QueryRules } from '../rules/query-rules.ts'
import { readDirectives } from '../settings/directives.ts'
import type { SessionState } from '../settings/session-state.ts'
import { type Execution, statementFor } from './execution.ts'
import { createSelected } from './fill-table.ts'
import { firstAble } from './first-able.ts'
import { judge } from './judge.ts'
import { type LockTablesContext, lockTables } from './lock-tables.ts'
import { withLocksAhead } from './locks-ahead.ts'
import { metadataRows } from './metadata-rows.ts'
import { locksAsked } from './named-locks.ts'
import { asksFirst, placeValues } from './place-values.ts'
import { rowLimit, tooManyRows } from './row-limit.ts'
import type { RowPlaces } from './row-places.ts'
import { inTransactionTold, mayRunAgain } from './run-again.ts'
import { runTemporary, type TemporaryContext } from './run-temporary.ts'
import { withoutSelectLimit, withSelectLimit } from './select-limit.ts'
import { SessionPort, type SessionPortContext } from './session-port.ts'
import type { RelayToOptions, SingleShard } from './single-shard.ts'
import type { StatementReader } from './statement-reader.ts'
import { settingsOfStatement } from './statement-settings.ts'
import type { UserPlace } from './user-place.ts'
import { carriesAny, variablesInText } from './user-variables.ts'
import { replicasCatchUp } from './write-throttle.ts'
import { conditionsWithWrittenNames, thrownWithWrittenNames } from './written-names.ts'

export interface RunContext extends TemporaryContext, LockTablesContext {
  readonly proxy: SessionPortContext['proxy'] &
    Pick<
      ProxyContext,
      'limits' | 'rules' | 'isMariadb' | 'inKeyspaceNames' | 'judgements' | 'vschema' | 'clock' | 'sessions'
    >
  readonly client: ClientConnection
  readonly state: SessionState
  readonly answer: Answer
  readonly replies: Replies
  readonly reader: StatementReader
  readonly singleShard: SingleShard
  readonly rowPlaces: RowPlaces
  readonly userPlace: UserPlace
  /** Statements that the session answers itself. */
  runOwn(statement: Statement, execution: Execution): Promise<void>
}

/** Runs a planned statement: its answer goes to the client. Throws, or ends in `replies.fail`, for what goes wrong. */
export function runStatement(context: RunContext, execution: Execution): void {
  const { proxy, state, transaction, interruption, replies } = context
  const { root } = execution.plan
  if (root.kind !== 'Session') transaction.checkUsable()
  replies.format = execution.format
  const { directives } = execution.bindings.scan
  if (directives.length > 0) interruption.directives = readDirectives(directives)
  const ruledMs = proxy.rules === undefined ? undefined : applyRules(context, proxy.rules, execution)
  const ownMs = interruption.directives?.timeoutMs ?? state.ownTimeoutMs ?? proxy.limits.queryTimeoutMs
  const timeoutMs = ruledMs === undefined || (ownMs > 0 && ownMs < ruledMs) ? ownMs : ruledMs
  if (timeoutMs > 0) interruption.startDeadline(timeoutMs)
  const turn = root.kind === 'Session' ? undefined : context.userPlace.enter()
  if (turn === undefined) return runAdmitted(context, execution)
  replies.detached(async () => {
    await turn
    interruption.throwIfKilled()
    if (!context.client.closed) runAdmitted(context, execution)
  })
}

/** How a transaction ends is no matter of rules, nor what the session answers without a table. */
function applyRules(
  { client, interruption }: RunContext,
  rules: QueryRules,
  { plan, bindings }: Execution,
): number | undefined {
  if (plan.root.kind === 'Session' && (plan.needs === undefined || plan.needs.tables.length === 0))
    return undefined
  const { identity, remoteHost } = client
  const workload = interruption.directives?.workload
  return rules.apply(plan, bindings.scan, { user: identity.user, host: remoteHost, workload })
}

function runAdmitted(context: RunContext, execution: Execution): void {
  const { transaction, locks, interruption, replies, state, proxy } = context
  const { root } = execution.plan
  if (root.kind === 'Session') {
    const statement = execution.reading.parse(execution.sql)
    return replies.detached(() => context.runOwn(statement, execution))
  }
  if (execution.plan.asksFile === true && (context.client.capabilities & Capability.LOCAL_FILES) === 0)
    throw localFilesDisabled(proxy.isMariadb)
  if (execution.plan.locksAhead === true)
    return replies.detached(async () => {
      const own = await withLocksAhead(context, execution)
      interruption.throwIfKilled()
      if (!context.client.closed) runAdmitted(context, own)
    })
  if (root.kind === 'Write' && root.verb === 'other' && isSignal(execution.sql)) state.signal = execution.sql
  const { tabletType } = execution.reading.target
  if (tabletType !== 'PRIMARY') checkReadOnly(root, tabletType)
  const commits = execution.plan.commitsFirst === true && transaction.isOpen
  if (!commits && !asksFirst(execution) && !locks.isHeld) return runPlan(context, execution)
  replies.detached(async () => {
    if (locks.isHeld) await checkLocked(context, execution)
    if (commits) await transaction.commit()
    interruption.throwIfKilled()
    await placeValues(context, execution)
    interruption.throwIfKilled()
    if (!context.client.closed) runPlan(context, execution)
  })
}

function isSignal(sql: string): boolean {
  return /^\s*signal\b/i.test(sql)
}

function checkLocked({ locks, temporary }: RunContext, { reading, sql }: Execution): Promise<void> {
  return locks.check(reading.parse(sql), reading.target, temporary)
}

const WITH_CURSOR = { cursor: true } as const

function runPlan(context: RunContext, given: Execution): void {
  const turn = given.plan.row === undefined ? undefined : context.rowPlaces.enter(given)
  if (turn !== undefined)
    return context.replies.detached(async () => {
      await turn
      context.interruption.throwIfKilled()
      if (!context.client.closed) runPlan(context, given)
    })
  const { proxy, state, shards, singleShard, replies } = context
  const execution = given.plan.runsText ? withTextsVariables(context, given) : given
  const { target } = execution.reading
  const own = settingsOfStatement(
    context,
    execution.plan,
    state.settingsFor(execution.reading),
    execution.using,
  )
  const { plan, settings } = withSelectLimit(execution.plan, own)
  if (plan.root.kind === 'LockTables') {
    const locking = { root: plan.root, settings: own }
    return replies.detached(() => named(context, execution, () => lockTables(context, execution, locking)))
  }
  if (plan.temporary !== undefined)
    return replies.detached(async () => {
      const outcome = await named(context, execution, () => runTemporary(context, execution, own))
      answerOk(context, outcome, execution)
    })
  const { root } = plan
  if (root.kind === 'CreateSelected')
    return replies.detached(async () => {
      const outcome = await named(context, execution, () => createSelected(context, execution, root, own))
      answerOk(context, outcome, execution)
    })
  const begun = beginPlan(plan, execution.bindings, shards)
  const behind = replicasCatchUp(context, plan.root, begun)
  if (behind !== undefined)
    return replies.detached(async () => {
      await behind
      if (!context.client.closed) runPlan(context, given)
    })
  if (begun.kind === 'Several') {
    const reads = begun.writes === undefined ? { settings, own } : withoutLimits({ settings, own })
    return replies.detached(() => runOnSeveral(context, execution, { ...reads, begun }))
  }
  const carried = carriesAny(plan) ? plan : undefined
  // What leaves something on its connection must be relayed from there.
  const isMetadata = plan.metadata !== undefined && plan.reserves === undefined && carried === undefined
  if (isMetadata && proxy.gateway.renamed.length > 0)
    return replies.detached(() => answerMetadata(context, execution, { ...begun, settings: own }))
  const { keyspace, shard, query, bringsIds } = begun
  const to = shards.target(keyspace, shard, target.tabletType)
  singleShard.relayTo(to, statementFor(execution, query, WITH_CURSOR), {
    settings: own,
    read: !plan.locks && carried === undefined,
    begins: plan.isTableless !== true,
    reserve: plan.reserves,
    locks: plan.namedLocks && locksAsked(plan.namedLocks, execution.bindings),
    runsProgram: plan.runsProgram,
    carried,
    explicitId: bringsIds,
    found: plan.foundRows === undefined ? undefined : foundBy(plan.foundRows, execution.bindings),
    onRelayed: execution.onRelayed,
    // Of a program's results and a cursor's rows nobody knows how many more there are.
    ...(plan.runsProgram === undefined && execution.onRelayed === undefined && rowLimit(context)),
    written: execution,
  })
}

/** What it throws is told by the client's names. */
async function named<T>(context: RunContext, execution: Execution, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw thrownWithWrittenNames(error, execution, context.proxy)
  }
}

function foundBy(found: FoundRows, bindings: Bindings): RelayToOptions['found'] {
  if (found.kind === 'Asked') return 'asked'
  return rowCountNumber(bindRowCount(found.offset, bindings))
}

/** What a text names that is only known now, it may assign. */
function withTextsVariables({ state }: RunContext, execution: Execution): Execution {
  const { plan, sql } = execution
  const userVariables = [...new Set([...plan.userVariables, ...variablesInText(state, sql)])]
  return { ...execution, plan: { ...plan, userVariables, assigns: true } }
}

/** What a statement that writes reads first is no answer: sql_select_limit does not hold for it. */
function withoutLimits({ settings, own }: Omit<Several, 'begun'>): Omit<Several, 'begun'> {
  return { settings: withoutSelectLimit(settings), own: withoutSelectLimit(own) }
}

interface Several {
  readonly settings: Settings
  /** With what only holds for whole answers. */
  readonly own: Settings
  readonly begun: Extract<ReturnType<typeof beginPlan>, { kind: 'Several' }>
}

async function runOnSeveral(context: RunContext, execution: Execution, several: Several): Promise<void> {
  const { shards, memory } = context
  const { plan, bindings, format } = execution
  let port = new SessionPort(context, execution, several.settings, several.own)
  const run: EngineContext = { bindings, shards, port, format, memory, limits: context.proxy.limits }
  let outcome: Outcome
  const { begun } = several
  try {
    outcome = await firstAble(context, execution, run, {
      async byRules() {
        const columns =
          plan.judged === undefined ? undefined : await judge(context, execution, several.settings)
        if (begun.writes === undefined) return begun.run(columns === undefined ? run : { ...run, columns })
        return inTransaction(context, execution, several, run, (own) => {
          port = own
        })
      },
      place: (other) => placeValues(context, other),
    })
  } catch (error) {
    const changed = execution.isPlannedAnew ? undefined : changedKeyspaces(plan, error)
    if (changed !== undefined) return runPlannedAnew(context, execution, changed)
    if (mayRunAgain(context, execution, { error, isWrite: begun.writes !== undefined, port }))
      return runAgain(context, execution, error as Error)
    throw thrownWithWrittenNames(inTransactionTold(context, error), execution, context.proxy)
  }
  if (outcome.kind === 'Ok') return answerOk(context, outcome, execution)
  const { metadata } = plan
  const { stream } = outcome
  if (stream.columns.length === 0) return answerInto(context, stream, port)
  const told = metadata === undefined ? stream : metadataRows(stream, metadata, shards.databaseNames(''))
  await answerRows(context, told, port)
}

/**
 * In the client's transaction, or in autocommit mode in one of its own, which ends with the statement. `onPort`: by another one than
 * that of `run`, which knows what its rows have warned of.
 */
function inTransaction(
  { proxy, transaction, interruption, shards, memory, state, client, answer }: RunContext,
  execution: Execution,
  { begun, settings, own }: Several,
  run: EngineContext,
  onPort: (port: SessionPort) => void,
): Promise<Outcome> {
  if (transaction.start() !== undefined)
    return begun.writes === 'once' ? begun.run(run) : transaction.allOrNothing(() => begun.run(run))
  return transaction.aside((aside) => {
    const context = { proxy, transaction: aside, interruption, shards, memory, state, client, answer }
    const port = new SessionPort(context, execution, settings, own)
    onPort(port)
    return begun.run({ ...run, port })
  })
}

async function runAgain(context: RunContext, execution: Execution, failure: Error): Promise<void> {
  const { proxy, interruption, client } = context
  const need = failure instanceof ServerError ? 'writes' : 'answers'
  try {
    // Of replicas another is asked.
    if (execution.reading.target.tabletType === 'PRIMARY') await proxy.gateway.allAgain(need, interruption)
  } catch (error) {
    throw interruption.error ?? (failure instanceof ServerError ? failure : error)
  }
  interruption.throwIfKilled()
  if (!client.closed) runPlan(context, { ...execution, attempts: (execution.attempts ?? 1) + 1 })
}

/** Whose tables are to be looked at before the statement is planned once more; undefined where that would not help. */
function changedKeyspaces({ root }: Plan, error: unknown): readonly string[] | undefined {
  if (error instanceof ChangedTables) return [...error.keyspaces]
  return root.kind === 'Unsupported' && root.unread !== undefined ? [root.unread] : undefined
}

/** Once its tables have been looked at again: nothing has gone to the client yet. */
async function runPlannedAnew(
  context: RunContext,
  execution: Execution,
  keyspaces: readonly string[],
): Promise<void> {
  const { proxy, interruption, client } = context
  await Promise.all(keyspaces.map((keyspace) => proxy.schemaChanged(keyspace, [])))
  interruption.throwIfKilled()
  const { reading, sql } = execution
  const again = { ...execution, plan: reading.planOf(sql, reading.scan(sql)), isPlannedAnew: true as const }
  if (asksFirst(again)) await placeValues(context, again)
  interruption.throwIfKilled()
  if (!client.closed) runPlan(context, again)
}

/** SELECT … INTO variables: one row, or none. */
async function answerInto(context: RunContext, stream: RowStream, port: SessionPort): Promise<void> {
  await stream.close()
  const { conditions, count } = await port.conditions()
  context.state.keepWarnings(conditions.slice(0, listedMax(context)), count)
  const { foundRows = 0, affectedRows = 0 } = (await port.ofCopies()) ?? {}
  context.state.foundRows = foundRows
  context.replies.ok({ affectedRows, warnings: count })
}

/** What one shard tells of databases and tables, where databases have other names than their keyspaces. */
export async function answerMetadata(
  context: RunContext,
  execution: Execution,
  {
    keyspace,
    shard,
    query,
    settings,
  }: {
    readonly keyspace: string
    readonly shard: number
    readonly query: BoundQuery
    readonly settings: Settings
  },
): Promise<void> {
  const port = new SessionPort(context, execution, settings)
  const [stream] = await port.openStreams({ keyspace, shards: [shard], query }).catch((error) => {
    throw thrownWithWrittenNames(error, execution, context.proxy)
  })
  // SELECT … INTO OUTFILE answers no rows.
  if (stream!.columns.length === 0) return context.replies.ok({})
  const names = context.shards.databaseNames(keyspace, shard)
  await answerRows(context, metadataRows(stream!, 'names', names), port)
}

function answerOk(context: RunContext, outcome: OkOutcome, execution: Execution): void {
  const { state, replies } = context
  const { affectedRows, lastInsertId, warnings, info, bringsIds } = outcome
  const conditions = conditionsWithWrittenNames(outcome.conditions, execution, context.proxy)
  state.keepWarnings(conditions.slice(0, listedMax(context)), warnings)
  replies.ok({ affectedRows, lastInsertId, warnings, info }, bringsIds)
}

/** max_error_count: of more conditions the first ones are kept. As the servers have it, where it is not the session's own. */
function listedMax({ state, proxy }: RunContext): number {
  const own = Number(state.settings.items.get('max_error_count'))
  if (Number.isInteger(own)) return own
  return proxy.isMariadb ? 64 : 1024
}

/** Streams the rows to the client, no faster than the client reads. */
export async function answerRows(
  context: RunContext,
  stream: RowStream,
  port: Pick<SessionPort, 'conditions' | 'ofCopies'>,
): Promise<void> {
  const { answer, client, state, interruption, replies } = context
  const { rowsMax = Number.POSITIVE_INFINITY } = rowLimit(context) ?? {}
  let rows = 0
  try {
    interruption.throwIfKilled()
    answer.beginRows(stream.columns, replies.statusFlags)
    for (
      let packets = await nextPackets(stream);
      packets !== undefined;
      packets = await nextPackets(stream)
    ) {
      interruption.throwIfKilled()
      rows += packets.rows
      if (rows > rowsMax) throw tooManyRows(rowsMax)
      await answer.rows(packets)
      if (client.closed) return
    }
  } finally {
    await stream.close()
  }
  const { conditions, count } = await port.conditions()
  state.keepWarnings(conditions.slice(0, listedMax(context)), count)
  state.foundRows = (await port.ofCopies())?.foundRows ?? rows + (stream.skippedRows ?? 0)
  state.rowCount = -1
  answer.endRows(replies.statusFlags, count)
  replies.done(false)
}

/** A replica may be writable by mistake: what is written there would be lost, or break its replication. */
export function checkReadOnly(root: Primitive, tabletType: string): void {
  const isDdl = root.kind === 'Ddl' || root.kind === 'CreateSelected'
  if (!('verb' in root) && !isDdl) return
  if (root.kind === 'Write' && root.verb === 'other') return
  const verb = isDdl ? 'DDL' : root.verb
  throw new SqlError(
    'ER_INNODB_READ_ONLY',
    `VT09002: ${verb} statement with a ${tabletType.toLowerCase()} target: USE the keyspace without @`,
  )
}
