import { bindQuery } from '../engine/bind.ts'
import { notSupported } from '../errors/sql-error.ts'
import type { CollectingReader } from '../mysql/client/simple-command.ts'
import type { OkPacket } from '../mysql/codec/responses.ts'
import type { SendWrite } from '../plan/primitives.ts'
import type { ShardEndpoints } from '../tablet/gateway.ts'
import type { Execution } from './execute-plan.ts'
import { readWarnings } from './kept-warnings.ts'
import { sumInfo } from './ok-info.ts'
import { sendCollecting } from './on-connection.ts'
import type { Session } from './session.ts'
import type { Warning } from './session-state.ts'
import { PLAIN_START } from './session-transaction.ts'
import { statementFor } from './shard-runner.ts'
import { type ShardSession, ShardSessions } from './shard-sessions.ts'
import type { ShardStatement } from './shard-statement.ts'

/** UPDATE, DELETE and their kin: relayed to one shard, or run on several as one transaction. */
export function runWrite(session: Session, execution: Execution, plan: SendWrite): void {
  const { bindings } = execution
  const shards = session.shards.meet(plan.routing, bindings)
  const statement = statementFor(execution, bindQuery(plan.query, bindings))
  if (shards.length === 1)
    return session.singleShard.relayTo(shards[0]!, statement, {
      read: false,
      reserve: execution.plan.reserves,
      userVariables: execution.plan.userVariables,
    })
  if (plan.singleShardOnly !== undefined) throw notSupported(`${plan.singleShardOnly} over several shards`)
  session.detached(async () => {
    const writes = shards.map((shard) => ({ shard, statement }))
    session.ok(await writeShards(session, writes, { replicated: plan.replicated === true }))
  })
}

export interface ShardWrite {
  readonly shard: ShardEndpoints
  readonly statement: ShardStatement
}

/** Savepoint with which a statement on several shards of an open transaction is undone. */
const STATEMENT_SAVEPOINT = '_shardgate_statement'

/**
 * Runs one statement of each shard, all at once, so that it happens on all or on none as far as MySQL can promise:
 * outside a transaction it gets one of its own, committed shard by shard; inside one, a savepoint undoes what the
 * other shards did when one refuses. Answers the summed OK. Throws the first shard's error.
 */
export async function writeShards(
  session: Session,
  writes: readonly ShardWrite[],
  options: WriteOptions = {},
): Promise<Partial<OkPacket>> {
  const start = session.transaction.start()
  return start === undefined
    ? await inOwnTransaction(session, writes, options)
    : await inOpenTransaction(session, writes, options)
}

interface WriteOptions {
  /** Every shard does the same to its copy, so that one speaks for all. */
  readonly replicated?: boolean
  /** What the shards' answers, in the order of the writes, say together; absent: their sums. */
  readonly sum?: (answers: readonly CollectingReader[]) => Partial<OkPacket>
}

async function inOwnTransaction(
  session: Session,
  writes: readonly ShardWrite[],
  options: WriteOptions,
): Promise<Partial<OkPacket>> {
  const own = new ShardSessions()
  try {
    const opened = await openAll(session, own, writes)
    const answers = counted(await sendAll(session, opened, writes), options)
    const warnings = await warningsOf(answers)
    const failed = await own.commit()
    if (failed !== undefined) session.transaction.throwCommitFailure(failed)
    session.state.warnings = warnings
    return summed(answers, options)
  } catch (error) {
    await own.rollback()
    throw error
  } finally {
    own.dropAll()
  }
}

async function inOpenTransaction(
  session: Session,
  writes: readonly ShardWrite[],
  options: WriteOptions,
): Promise<Partial<OkPacket>> {
  const { shardSessions } = session
  const opened = await openAll(session, shardSessions, writes)
  await shardSessions.everywhere(`SAVEPOINT ${STATEMENT_SAVEPOINT}`, opened)
  try {
    const answers = counted(await sendAll(session, opened, writes), options)
    session.state.warnings = await warningsOf(answers)
    await shardSessions.everywhere(`RELEASE SAVEPOINT ${STATEMENT_SAVEPOINT}`, opened)
    return summed(answers, options)
  } catch (error) {
    await undo(session, opened)
    throw error
  }
}

/** A deadlock has ended the shard's transaction, savepoint and all; then only a rollback of everything is left. */
async function undo(session: Session, opened: readonly ShardSession[]): Promise<void> {
  const lost = opened.filter((s) => s.connection.state === 'closed')
  for (const shardSession of lost) session.transaction.lost(shardSession)
  const rest = opened.filter((s) => !lost.includes(s))
  try {
    await session.shardSessions.everywhere(`ROLLBACK TO SAVEPOINT ${STATEMENT_SAVEPOINT}`, rest)
  } catch {
    await session.transaction.rollback()
  }
}

function openAll(
  session: Session,
  sessions: ShardSessions,
  writes: readonly ShardWrite[],
): Promise<readonly ShardSession[]> {
  const { gateway } = session.proxy
  const start = session.transaction.start() ?? PLAIN_START
  return settleAll(
    writes.map(({ shard }) => {
      const endpoint = gateway.endpointFor(shard, session.tabletType)
      return sessions.open(shard, endpoint, session.state.settings, start)
    }),
  )
}

interface ShardAnswer {
  readonly shardSession: ShardSession
  readonly reader: CollectingReader
}

async function sendAll(
  session: Session,
  opened: readonly ShardSession[],
  writes: readonly ShardWrite[],
): Promise<readonly ShardAnswer[]> {
  session.interruption.throwIfKilled()
  for (const shardSession of opened) session.interruption.working.add(shardSession)
  let answers: readonly ShardAnswer[]
  try {
    answers = await settleAll(
      opened.map(async (shardSession, i) => ({
        shardSession,
        reader: await sendCollecting(shardSession.connection, writes[i]!.statement),
      })),
    )
  } finally {
    for (const shardSession of opened) session.interruption.working.delete(shardSession)
    // A KILL that comes too late for the statement must not meet its COMMIT or ROLLBACK on one shard alone.
    await Promise.all(opened.map(({ connection }) => connection.killing))
  }
  session.interruption.throwIfKilled()
  return answers
}

/** All results, or the first failure once everything has settled: nothing is left running. */
export async function settleAll<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  const settled = await Promise.allSettled(promises)
  for (const result of settled) if (result.status === 'rejected') throw result.reason
  return settled.map((result) => (result as PromiseFulfilledResult<T>).value)
}

async function warningsOf(answers: readonly ShardAnswer[]): Promise<readonly Warning[]> {
  const lists = await Promise.all(
    answers.map(({ shardSession, reader }) =>
      reader.summary.warnings > 0 ? readWarnings(shardSession.connection) : [],
    ),
  )
  return lists.flat()
}

function counted(answers: readonly ShardAnswer[], options: WriteOptions): readonly ShardAnswer[] {
  return options.replicated === true ? answers.slice(0, 1) : answers
}

function summed(answers: readonly ShardAnswer[], { sum = sumAnswers }: WriteOptions): Partial<OkPacket> {
  return sum(answers.map(({ reader }) => reader))
}

export function sumAnswers(answers: readonly CollectingReader[]): Partial<OkPacket> {
  const affected = answers.reduce((sum, { summary }) => sum + BigInt(summary.affectedRows), 0n)
  const insertId = answers.find(({ summary }) => summary.lastInsertId !== 0)?.summary.lastInsertId
  return {
    affectedRows: affected,
    warnings: answers.reduce((sum, { summary }) => sum + summary.warnings, 0),
    info: sumInfo(answers.map(({ info }) => info)),
    ...(insertId === undefined ? {} : { lastInsertId: insertId }),
  }
}
