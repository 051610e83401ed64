import type { Cancellation } from '../base/abort.ts'
import type { Judge, WriteAnswer, WrittenRows } from '../engine/shard-port.ts'
import { readConditions } from '../mysql/client/conditions.ts'
import type { ShardStatement } from '../mysql/client/shard-statement.ts'
import { CollectingReader, runQuery, textCells } from '../mysql/client/simple-command.ts'
import type { Lease } from '../tablet/lease.ts'
import type { Settings } from '../tablet/settings.ts'
import type { ShardTarget } from '../tablet/shard-target.ts'
import { type Failure, firstFailure, isAboutRow } from './first-failure.ts'
import type { Lane } from './lane.ts'
import { settleAll } from './settle-all.ts'
import type { Transaction } from './transaction.ts'

export interface ShardWrite {
  readonly target: ShardTarget
  readonly statement: ShardStatement
  /** Of an INSERT. */
  readonly rows?: WrittenRows<ShardStatement>
  /** It changes no row that is there already. */
  readonly onlyNewRows?: boolean
  /** A query of one number that is asked behind the answer; undefined where it tells enough. */
  followUp?(answer: WriteAnswer): string | undefined
}

/** The statement for which shards work, as what may end it before its time sees it. */
export interface StatementWatch extends Cancellation {
  /** Connections at work: a KILL stops what runs there. */
  readonly working: Set<Lease>
  /** Throws what ends the statement. */
  throwIfKilled(): void
}

/** Savepoint with which a statement on several shards of an open transaction is undone. */
const STATEMENT_SAVEPOINT = '_shardgate_statement'

/**
 * Runs one statement on each of several shards so that it happens on all or on none as far as MySQL can promise: outside a
 * transaction it gets one of its own; inside one, a savepoint undoes what the other shards did when one refuses, or `judge`
 * does. Answers in the order of the writes. Throws the first shard's error, of inserted rows that of the first row.
 */
export function writeShards(
  transaction: Transaction,
  writes: readonly ShardWrite[],
  settings: Settings,
  watch: StatementWatch,
  judge: Judge = () => {},
): Promise<readonly WriteAnswer[]> {
  if (transaction.start() !== undefined) return inOpen(transaction, writes, settings, watch, judge)
  return transaction.aside(async (own) => {
    const lanes = await reachAll(own, writes, settings, watch)
    const answers = await sendAll(lanes, writes, watch)
    watch.throwIfKilled()
    judge(answers)
    own.isAnswered = true
    return answers
  })
}

async function inOpen(
  transaction: Transaction,
  writes: readonly ShardWrite[],
  settings: Settings,
  watch: StatementWatch,
  judge: Judge,
): Promise<readonly WriteAnswer[]> {
  const lanes = await reachAll(transaction, writes, settings, watch)
  await transaction.lanes.everywhere(`SAVEPOINT ${STATEMENT_SAVEPOINT}`, lanes)
  try {
    const answers = await sendAll(lanes, writes, watch)
    watch.throwIfKilled()
    judge(answers)
    await transaction.lanes.everywhere(`RELEASE SAVEPOINT ${STATEMENT_SAVEPOINT}`, lanes)
    return answers
  } catch (error) {
    await undo(transaction, lanes)
    throw error
  }
}

/** A deadlock has ended the shard's transaction, savepoint and all; then only a rollback of everything is left. */
async function undo(transaction: Transaction, lanes: readonly Lane[]): Promise<void> {
  const lost = lanes.filter((lane) => lane.isLost)
  for (const lane of lost) transaction.lost(lane)
  const rest = lanes.filter((lane) => !lost.includes(lane))
  try {
    await transaction.lanes.everywhere(`ROLLBACK TO SAVEPOINT ${STATEMENT_SAVEPOINT}`, rest)
  } catch {
    await transaction.rollback()
  }
}

function reachAll(
  transaction: Transaction,
  writes: readonly ShardWrite[],
  settings: Settings,
  watch: StatementWatch,
): Promise<readonly Lane[]> {
  for (const { target } of writes) transaction.gateway.noteWrite(target)
  return settleAll(writes.map(({ target }) => transaction.reach(target, settings, watch)))
}

async function sendAll(
  lanes: readonly Lane[],
  writes: readonly ShardWrite[],
  watch: StatementWatch,
): Promise<readonly WriteAnswer[]> {
  const answers: WriteAnswer[] = []
  const failed: Failure[] = []
  const send = async (i: number): Promise<void> => {
    const lane = lanes[i]!
    const write = writes[i]!
    lane.noteWrite()
    try {
      answers[i] = await collectAnswer(
        lane.lease,
        watch,
        (reader) => lane.send(write.statement, reader),
        write,
      )
    } catch (error) {
      failed[i] = { lane, write, error }
    }
  }
  const { first, others } = inOneOrder(writes)
  try {
    for (const i of first) await send(i)
    const [refused] = failed.filter((failure) => failure !== undefined)
    // Of an INSERT an earlier row may fail on another shard.
    const goesOn = refused === undefined || (refused.write.rows !== undefined && isAboutRow(refused.error))
    if (goesOn) await Promise.all(others.map(send))
    const failures = failed.filter((failure) => failure !== undefined)
    if (failures.length > 0) throw await firstFailure(failures, watch)
    return answers
  } finally {
    // A KILL that comes too late for the statement must not meet its COMMIT or ROLLBACK on one shard alone.
    await Promise.all(lanes.map(({ lease }) => lease.killing))
  }
}

/**
 * One shard first, which is the same for all statements on these shards, then the others at once. Two statements that want the
 * same rows wait for each other on the first, where one of them gets all it needs. Sent to all at once, each may get the rows
 * of one shard and wait for those of another, which no server sees as a deadlock (docs/design/session-and-relay.md). Rows
 * that are all new nobody else has: those go to all shards at once.
 */
function inOneOrder(writes: readonly ShardWrite[]): {
  readonly first: readonly number[]
  readonly others: readonly number[]
} {
  const all = writes.map((_, i) => i)
  if (writes.every(({ onlyNewRows }) => onlyNewRows === true)) return { first: [], others: all }
  const keys = writes.map(({ target }) => target.key)
  const first = keys.indexOf(keys.reduce((a, b) => (a < b ? a : b)))
  return { first: [first], others: all.filter((i) => i !== first) }
}

/** Sends a statement that answers OK, and collects the answer with what stands behind it. Throws the server's error. */
export async function collectAnswer(
  lease: Lease,
  watch: StatementWatch,
  send: (reader: CollectingReader) => void,
  write?: Pick<ShardWrite, 'followUp'>,
): Promise<WriteAnswer> {
  watch.throwIfKilled()
  watch.working.add(lease)
  try {
    const { summary, info } = await new Promise<CollectingReader>((resolve, reject) =>
      send(new CollectingReader(resolve, reject)),
    )
    const conditions = summary.warnings > 0 ? await readConditions(lease.connection) : []
    const { affectedRows, lastInsertId, warnings } = summary
    const answer = { affectedRows, lastInsertId, warnings, info, conditions }
    const question = write?.followUp?.(answer)
    if (question === undefined) return answer
    const { rows } = await runQuery(lease.connection, question)
    return { ...answer, followUp: textCells(rows[0]!, 1)[0] ?? null }
  } finally {
    watch.working.delete(lease)
  }
}
