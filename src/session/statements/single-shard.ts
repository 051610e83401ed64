import type { Condition } from '../../errors/condition.ts'
import { isRefusedWrite, isShutdown, RestartTransaction } from '../../errors/refused-write.ts'
import { ServerError } from '../../errors/server-error.ts'
import type { SqlError } from '../../errors/sql-error.ts'
import { readConditions } from '../../mysql/client/conditions.ts'
import type { ResponseShape, ResponseSummary } from '../../mysql/client/response-reader.ts'
import type { ShardStatement } from '../../mysql/client/shard-statement.ts'
import { runQuery, textCells } from '../../mysql/client/simple-command.ts'
import { Capability, Status } from '../../mysql/codec/constants.ts'
import { malformedPacket } from '../../mysql/codec/packet-reader.ts'
import type { ClientConnection } from '../../mysql/server/session-handler.ts'
import { TABLE_LOCKS } from '../../plan/reserves.ts'
import type { Gateway } from '../../tablet/gateway.ts'
import type { Lease } from '../../tablet/lease.ts'
import type { Settings } from '../../tablet/settings.ts'
import type { ShardTarget } from '../../tablet/shard-target.ts'
import type { Logger } from '../../telemetry/log.ts'
import type { Lane } from '../../transaction/lane.ts'
import type { Transaction } from '../../transaction/transaction.ts'
import type { Answer } from '../commands/answer.ts'
import type { Interruption } from '../commands/interruption.ts'
import type { KeptWarnings } from '../commands/kept-warnings.ts'
import { inOwnWords, type OwnWordsContext } from '../commands/own-words.ts'
import type { Replies } from '../commands/replies.ts'
import { isOutOfMemory } from '../settings/held-map.ts'
import type { SessionState } from '../settings/session-state.ts'
import type { RelayedHook } from './execution.ts'
import { type LocksAsked, noteLocks } from './named-locks.ts'
import { RelayedFile } from './relayed-file.ts'
import { tooManyRows } from './row-limit.ts'
import { type RelayOwner, SessionRelay } from './session-relay.ts'
import { type Carried, giveInsertId, takeVariables } from './user-variables.ts'
import { type ToldError, type WrittenStatement, withWrittenNames } from './written-names.ts'

export interface SingleShardContext {
  readonly proxy: {
    readonly gateway: Gateway
    readonly log: Logger
    readonly isMariadb: boolean
  } & OwnWordsContext['proxy']
  readonly client: ClientConnection
  readonly state: SessionState
  readonly answer: Answer
  readonly transaction: Transaction
  readonly interruption: Interruption
  readonly warnings: KeptWarnings
  readonly replies: Replies
}

export interface RelayToOptions {
  /** Of the connection; absent: the session's. */
  readonly settings?: Settings
  /** It may be asked again when its connection is lost before anything of its answer has reached the client. */
  readonly read: boolean
  /** How often it has been sent already. */
  readonly attempts?: number
  readonly shape?: ResponseShape
  /** Under autocommit=0 it begins a transaction; default true. */
  readonly begins?: boolean
  /** COM_STMT_PREPARE: the id that the client is told. */
  readonly statementId?: number
  /** The statement leaves state on its connection (a temporary table): the session keeps it, for this reason. */
  readonly reserve?: string | undefined
  /** It takes or releases locks by name. */
  readonly locks?: LocksAsked | undefined
  /** It runs a stored program: what that leaves on the connection is not known. */
  readonly runsProgram?: true | undefined
  /** The id in the answer is one that the statement brought itself: LAST_INSERT_ID() stays as it was. */
  readonly explicitId?: boolean
  /** What the statement may assign: read back behind it. */
  readonly carried?: Carried | undefined
  /** FOUND_ROWS() is more than the rows that come: by an offset, or as the server says. */
  readonly found?: number | 'asked' | undefined
  readonly onRelayed?: RelayedHook | undefined
  /** Rows that it may answer; absent: any number. */
  readonly rowsMax?: number | undefined
  /** By which errors are told. */
  readonly written?: WrittenStatement
}

/** The connection whose answer is being relayed, and what becomes of it afterwards. */
interface Relaying {
  readonly target: ShardTarget
  readonly lease: Lease
  readonly lane: Lane | undefined
  readonly statement: ShardStatement
  readonly options: RelayToOptions
  /** Somebody else looks after the connection: a cursor. */
  kept: boolean
  /** What the statement left, where it had to be read before the connection was asked for something else. */
  conditions?: readonly Condition[]
  /** What FOUND_ROWS() is, where it is not the number of rows. */
  foundRows?: number
}

/**
 * The fast path: a statement to one shard, its answer relayed to the client. Synchronous from the client's bytes to the
 * backend's socket when the session has a lane there, or the pool an idle connection with its settings.
 */
export class SingleShard implements RelayOwner {
  readonly #context: SingleShardContext
  readonly #relay = new SessionRelay(this)
  #relaying: Relaying | undefined
  /** Of the statement whose answer is being relayed: a file that its server has asked for. */
  #file: RelayedFile | undefined

  constructor(context: SingleShardContext) {
    this.#context = context
  }

  /** Sends a statement to one shard and relays the answer. */
  relayTo(target: ShardTarget, statement: ShardStatement, options: RelayToOptions): void {
    const { state, transaction, interruption, replies } = this.#context
    const { gateway } = transaction
    const { settings = state.settings } = options
    if (!options.read || options.runsProgram) gateway.noteWrite(target)
    if (transaction.isSingle && !options.read) transaction.noteWrite([target])
    const lane = transaction.lanes.size === 0 ? undefined : transaction.lane(target)
    const start = options.begins === false ? transaction.startIfOpen() : transaction.start()
    if (lane !== undefined || start !== undefined || options.reserve !== undefined) {
      const isReady =
        lane?.lease.settingsKey === settings.key &&
        lane.lease.killing === undefined &&
        (lane.inTransaction || (start === undefined && !lane.isAutocommitOff && !gateway.isDue(target)))
      if (isReady) {
        lane.lease.bring(settings)
        return this.#relayIn(lane, statement, options)
      }
      return replies.detached(async () => {
        const reached = await transaction.reach(target, settings, interruption)
        if (!this.#givesUp()) this.#relayIn(reached, statement, options)
      })
    }
    const lease = gateway.take(target, settings)
    if (lease !== undefined) return this.#relayOn({ target, lease, lane, statement, options, kept: false })
    replies.detached(async () => {
      const fresh = await gateway.acquire(target, settings, interruption)
      if (this.#givesUp()) return fresh.release()
      this.#relayOn({ target, lease: fresh, lane, statement, options, kept: false })
    })
  }

  /** Relays the answer of one more command on a connection that is kept for it (COM_STMT_FETCH). */
  relayOnKept(
    on: { readonly target: ShardTarget; readonly lease: Lease },
    packet: Buffer,
    options: Pick<RelayToOptions, 'shape' | 'onRelayed'>,
  ): void {
    const statement: ShardStatement = { format: 'binary', send: (c, reader) => c.send(packet, reader) }
    const lane = this.#context.transaction.lanes.ofConnection(on.lease.connection)
    this.#relayOn({ ...on, lane, statement, options: { ...options, read: false }, kept: true })
  }

  #relayIn(lane: Lane, statement: ShardStatement, options: RelayToOptions): void {
    const { target, lease } = lane
    if (!options.read) lane.noteWrite()
    this.#relayOn({ target, lease, lane, statement, options, kept: false })
  }

  #relayOn(relaying: Relaying): void {
    const { state, answer, interruption, replies } = this.#context
    const { lease, lane, statement, options } = relaying
    const { shape = 'results', statementId, carried } = options
    const { connection, tablet } = lease
    this.#relaying = relaying
    interruption.relaying = lease
    this.#relay.translate(tablet.database, tablet.record.keyspace, statementId)
    const { moreResults, sequenceId } = answer
    const { statusFlags: status } = replies
    this.#relay.begin({ shape, status, moreResults, sequenceId }, () => connection.pause())
    // A procedure that counts no rows answers what the connection's statement before has counted: another session's, it may be.
    const ahead =
      carried?.setsInsertId === true ? giveInsertId(state) : options.runsProgram ? 'DO 0' : undefined
    if (ahead !== undefined) runQuery(connection, ahead).catch((error) => lease.discard(error))
    this.#send(statement, connection, lane)
  }

  #send(statement: ShardStatement, connection: Lease['connection'], lane: Lane | undefined): void {
    if (lane === undefined) statement.send(connection, this.#relay)
    else lane.send(statement, this.#relay)
  }

  /** After an await: the client may have gone, or somebody may have killed the statement. */
  #givesUp(): boolean {
    const { client, interruption, replies } = this.#context
    if (client.closed) return true
    if (!interruption.isKilled) return false
    replies.fail(interruption.error)
    return true
  }

  // ---------------------------------------------------------------------------------------- RelayOwner

  get interruption() {
    return this.#context.interruption.error
  }

  get rowsMax(): number {
    return this.#relaying!.options.rowsMax ?? Number.POSITIVE_INFINITY
  }

  tooManyRows(): ToldError {
    const relaying = this.#relaying!
    const error = tooManyRows(this.rowsMax)
    // SHOW WARNINGS of the connection knows nothing of it.
    relaying.conditions = [{ level: 'Error', code: error.errno, message: error.message }]
    return error
  }

  stopRows(): void {
    this.#context.interruption.expire(tooManyRows(this.rowsMax))
  }

  inOwnWords(told: ToldError): ToldError {
    const relaying = this.#relaying!
    const { written } = relaying.options
    if (relaying.lane?.inTransaction === true && isRefusedWrite(told)) return new RestartTransaction(told)
    const message = inOwnWords(this.#context, told)
    const named = message === told.message ? told : { ...told, message }
    if (written === undefined) return named
    const own = withWrittenNames(named, written)
    // SHOW WARNINGS of the connection would tell the server's.
    if (own !== named) relaying.conditions = [{ level: 'Error', code: own.errno, message: own.message }]
    return own
  }

  write(bytes: Buffer): boolean {
    return this.#context.answer.write(bytes)
  }

  fileAsked(): void {
    const { client } = this.#context
    if ((client.capabilities & Capability.LOCAL_FILES) === 0) throw malformedPacket()
    const { connection } = this.#relaying!.lease
    this.#file = new RelayedFile(connection, client, (id) => this.#relay.goOn(id))
    client.expectFile(this.#file, this.#relay.nextSequenceId)
  }

  relayDone(summary: ResponseSummary): void {
    const { client, interruption, replies } = this.#context
    const relaying = this.#relaying!
    // The client would take an answer that comes before it has sent its file for none.
    if (this.#file?.hasEnded === false) return client.close()
    this.#file = undefined
    const { lease, options } = relaying
    const { killing } = lease
    if (killing !== undefined) {
      // It came too late for this statement, and must not meet the next one.
      void killing.then(() => this.relayDone(summary)).catch((error) => replies.broken(error))
      return
    }
    this.#relaying = undefined
    interruption.relaying = undefined
    const asksFound = noteFoundRows(relaying, summary)
    const { carried, locks } = options
    const asksNothing = carried === undefined && locks === undefined && !asksFound
    if (asksNothing || lease.connection.state !== 'idle') this.#relayed(relaying, summary)
    else
      this.#readBack(relaying, summary, asksFound)
        .then((refused) => {
          if (refused === undefined) this.#relayed(relaying, summary)
          else this.#variablesRefused(relaying, summary, refused)
        })
        .catch((error) => replies.broken(error))
  }

  /** Takes what the statement has assigned, as the next one relies on it; or tells why it may not. */
  async #readBack(
    relaying: Relaying,
    summary: ResponseSummary,
    asksFound: boolean,
  ): Promise<SqlError | undefined> {
    const { proxy, client, state } = this.#context
    const { lease, lane, options } = relaying
    try {
      if (hasConditions(summary)) relaying.conditions ??= await readConditions(lease.connection)
      if (asksFound) relaying.foundRows = await readFoundRows(lease)
      if (options.carried !== undefined)
        await takeVariables(lease, { state, isMariadb: proxy.isMariadb }, options.carried)
      if (options.locks !== undefined && lane !== undefined)
        await this.#askLocks(lane, options.locks, summary)
    } catch (error) {
      if (isOutOfMemory(error)) return error
      // The session's state is gone with the connection, as with any connection to a server that breaks.
      if (!client.closed) proxy.log.warn('a session ends: what a statement left for it was lost', { error })
      client.close()
    }
    return undefined
  }

  /** A statement that failed may have taken or released some on the way. */
  async #askLocks(lane: Lane, locks: LocksAsked, { errno }: ResponseSummary): Promise<void> {
    if (errno === 0) await noteLocks(lane, locks)
    else if (this.#context.transaction.lanes.holds(lane))
      await noteLocks(lane, { ...locks, releasesAll: false })
  }

  /** There is no room for the values: the statement fails, where its answer is not with the client yet. */
  #variablesRefused(relaying: Relaying, summary: ResponseSummary, error: SqlError): void {
    const { client, replies } = this.#context
    const unwritten = this.#relay.takeLastBytes()?.length ?? 0
    if (this.#relay.bytesRelayed > unwritten) return client.close()
    this.#giveBack(relaying, summary)
    replies.fail(error)
  }

  #relayed(relaying: Relaying, summary: ResponseSummary): void {
    const { state, answer, transaction, warnings, replies } = this.#context
    const { options } = relaying
    if (options.onRelayed !== undefined) this.#tellRelayed(options.onRelayed, summary, relaying)
    answer.sequenceId = this.#relay.nextSequenceId
    const failed = summary.errno !== 0
    if (options.shape !== 'prepare' || failed) {
      // What has been read back is LAST_INSERT_ID(), whatever id the OK tells.
      const explicitId = options.explicitId === true || options.carried?.setsInsertId === true
      const { errorMessage, matchedRows: matched } = this.#relay
      replies.noteResult(summary, { explicitId, errorMessage, matched })
      if (relaying.conditions !== undefined) state.warnings = relaying.conditions
      if (relaying.foundRows !== undefined) state.foundRows = relaying.foundRows
    }
    this.#giveBack(relaying, summary)
    const rolledBack = failed ? transaction.afterFailure(summary.errno) : undefined
    const lastBytes = this.#relay.takeLastBytes()
    if (rolledBack === undefined) return replies.done(failed, lastBytes)
    const end = () => {
      if (!transaction.isOpen) warnings.drop() // their connection has gone back with the transaction
      replies.done(failed, lastBytes)
    }
    rolledBack.then(end).catch((error) => replies.broken(error))
  }

  #tellRelayed(then: RelayedHook, summary: ResponseSummary, relaying: Relaying): void {
    const { preparedId, preparedParams } = this.#relay
    const keep = () => {
      relaying.kept = true
    }
    then(summary, { target: relaying.target, lease: relaying.lease, preparedId, preparedParams, keep })
  }

  /** The connection goes where its answer says that it belongs now. */
  #giveBack(relaying: Relaying, summary: ResponseSummary): void {
    const { client, transaction, warnings } = this.#context
    const { target, lease, lane, options, kept, conditions } = relaying
    const leaves = conditions === undefined && hasConditions(summary) && lease.connection.state === 'idle'
    if (options.runsProgram === true) lease.noteProgram()
    if (lane !== undefined) {
      const isReserved = options.locks !== undefined && summary.errno === 0
      if (options.reserve !== undefined && !isReserved) this.#reserve(lane, options.reserve, summary)
      // The answer to a prepare may carry no status at all.
      if (options.shape !== 'prepare') transaction.afterStatement(lane, summary)
      if (leaves && transaction.lanes.holds(lane)) warnings.keepOwn(lease)
    } else if (kept) {
      // its cursor holds the connection
    } else if ((summary.status & Status.IN_TRANS) !== 0 && summary.errno === 0) {
      transaction.adopt(target, lease)
    } else if (leaves && !client.closed) warnings.keep(lease)
    else lease.release()
  }

  /** A statement that failed leaves nothing to keep; what it may have left half done ends with the connection. */
  #reserve(lane: Lane, why: string, { errno }: ResponseSummary): void {
    const { lanes } = this.#context.transaction
    if (errno === 0) lane.reserve(why, why === TABLE_LOCKS)
    else if (!lanes.holds(lane)) lanes.drop(lane)
  }

  relayLost(error: Error, nothingSent: boolean): void {
    const { client, answer, transaction, replies } = this.#context
    const relaying = this.#takeRelaying()
    relaying.lease.discard()
    if (client.closed) return
    const { lane, options } = relaying
    if (lane !== undefined) transaction.lost(lane)
    else if (options.read && nothingSent && this.#mayAskAgain(relaying)) return this.#again(relaying)
    const file = this.#file
    this.#file = undefined
    if (file?.hasEnded === false)
      return file.throwAway((sequenceId) => {
        answer.sequenceId = sequenceId
        replies.fail(error)
      })
    answer.sequenceId = this.#relay.nextSequenceId
    // Half a row is with the client: no packet can follow it.
    if (!nothingSent && !this.#relay.atPacketBoundary) client.close()
    else replies.fail(error)
  }

  /** A write that the server has not taken, or a read that it has not answered: it waits for a primary that does. */
  withholds(error: ToldError): boolean {
    const relaying = this.#relaying!
    const { gateway } = this.#context.proxy
    return (
      (isRefusedWrite(error) || (relaying.options.read && isShutdown(error))) &&
      this.#mayAskAgain(relaying) &&
      (isOfReplica(relaying) ? isShutdown(error) : gateway.mayWaitForWrites(relaying.target))
    )
  }

  relayWithheld(told: ToldError): void {
    const { proxy, interruption, replies } = this.#context
    const relaying = this.#takeRelaying()
    const refused = new ServerError(told)
    if (isOfReplica(relaying)) {
      relaying.lease.connection.destroy(refused) // lost: another is asked
      return this.#again(relaying)
    }
    relaying.lease.discard()
    replies.detached(async () => {
      try {
        await proxy.gateway.writesAgain(relaying.target, interruption)
      } catch {
        return this.#givesUp() ? undefined : replies.fail(refused) // nobody takes it: in the words of whoever was asked
      }
      if (!this.#givesUp()) this.#again(relaying)
    })
  }

  #takeRelaying(): Relaying {
    const relaying = this.#relaying!
    this.#relaying = undefined
    this.#context.interruption.relaying = undefined
    return relaying
  }

  /** Of what the session has on the connection, or is sending there, there is no second one. */
  #mayAskAgain({ lane, kept, options }: Relaying): boolean {
    const { proxy, interruption } = this.#context
    const { attempts = 1 } = options
    return (
      lane === undefined &&
      !kept &&
      this.#file === undefined &&
      attempts < (proxy.gateway.waits ? ATTEMPTS_MAX : 2) &&
      !interruption.isKilled
    )
  }

  /** Who serves the shard is asked again: nobody may. */
  #again({ target, statement, options }: Relaying): void {
    try {
      this.relayTo(target, statement, { ...options, attempts: (options.attempts ?? 1) + 1 })
    } catch (error) {
      this.#context.replies.fail(error)
    }
  }

  broken(error: unknown): void {
    this.#context.replies.broken(error)
  }
}

/** A statement is sent so often at most. */
const ATTEMPTS_MAX = 4

function isOfReplica({ target }: Relaying): boolean {
  return target.tabletType !== 'PRIMARY'
}

/** Notes what FOUND_ROWS() is, where that is known; whether the server must be asked. */
function noteFoundRows(relaying: Relaying, summary: ResponseSummary): boolean {
  const { found } = relaying.options
  if (found === undefined || summary.errno !== 0) return false
  if (found === 'asked') return true
  if (!summary.hasRows) return false
  if (summary.rows === 0) return true
  relaying.foundRows = found + summary.rows
  return false
}

/** With a LIMIT, for sql_select_limit may be 0. */
async function readFoundRows({ connection }: Lease): Promise<number> {
  const { rows } = await runQuery(connection, 'SELECT FOUND_ROWS() LIMIT 1')
  return Number(textCells(rows[0]!, 1)[0])
}

/** SHOW WARNINGS would show something. */
function hasConditions({ warnings, errno }: ResponseSummary): boolean {
  return warnings > 0 || errno !== 0
}
