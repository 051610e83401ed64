import { assert } from '../base/assert.ts'
import { SqlError } from '../errors/sql-error.ts'
import type { BackendConnection } from '../mysql/client/backend-connection.ts'
import type { ResponseSummary } from '../mysql/client/response-reader.ts'
import { Status } from '../mysql/codec/constants.ts'
import type { TabletEndpoint } from '../tablet/gateway.ts'
import type { Session } from './session.ts'
import type { Warning } from './session-state.ts'
import type { CommitFailure, ShardSession, TransactionStart } from './shard-sessions.ts'

/** Deadlock, and the lock table being full: InnoDB rolls the whole transaction back, not the statement alone. */
const ER_LOCK_DEADLOCK = 1213
const ER_LOCK_TABLE_FULL = 1206

export const PLAIN_START: TransactionStart = { before: [], begin: 'BEGIN' }

/** The session's transaction: when it is open, how it begins on a shard, and how it ends on all of them. */
export class SessionTransaction {
  readonly #session: Session
  #warning: Warning | undefined

  constructor(session: Session) {
    this.#session = session
  }

  /** Undefined outside a transaction; otherwise how one begins on a shard that it has not reached yet. */
  start(): TransactionStart | undefined {
    const { state } = this.#session
    if (state.inTransaction) return state.transactionStart ?? PLAIN_START
    if (state.autocommit) return undefined
    // autocommit=0: the first statement that reaches a shard begins a transaction.
    this.begin({ begin: 'BEGIN', readOnly: false })
    return state.transactionStart
  }

  begin(how: { readonly begin: string; readonly readOnly: boolean }): void {
    const { state } = this.#session
    state.transactionStart = { before: state.nextTransaction, begin: how.begin }
    state.nextTransaction = []
    state.readOnlyTransaction = how.readOnly
    state.inTransaction = true
  }

  /** COMMIT on all shards. Throws when a shard refused; the warnings then tell which shards have committed. */
  async commit(): Promise<void> {
    const { state, shardSessions } = this.#session
    const failure = state.transactionFailure
    if (failure !== undefined) {
      await this.rollback()
      throw new SqlError('ER_UNKNOWN_ERROR', `${failure}: nothing was committed`)
    }
    state.inTransaction = false
    state.transactionStart = undefined
    const failed = await shardSessions.commit()
    if (failed !== undefined) this.throwCommitFailure(failed)
  }

  /** Tells of a COMMIT that not all shards took: an error, and a warning that SHOW WARNINGS repeats. */
  throwCommitFailure(failed: CommitFailure): never {
    if (failed.committed.length === 0) throw failed.error
    const text =
      `Commit is not atomic over several shards: ${failed.failed} failed (${failed.error.message}), ` +
      `committed: ${failed.committed.join(', ')}; rolled back: ${[failed.failed, ...failed.rolledBack].join(', ')}`
    this.#warning = { level: 'Warning', code: 301, message: text }
    throw new SqlError('ER_UNKNOWN_ERROR', text, { cause: failed.error })
  }

  /** The warning of the commit that has just failed; taken once. */
  takeWarning(): Warning | undefined {
    const warning = this.#warning
    this.#warning = undefined
    return warning
  }

  async rollback(): Promise<void> {
    const { state, shardSessions } = this.#session
    state.inTransaction = false
    state.transactionStart = undefined
    state.transactionFailure = undefined
    await shardSessions.rollback()
  }

  /**
   * Errors after which InnoDB has rolled the whole transaction back: the other shards must follow, before the client may
   * begin another one. Undefined when there is nothing to wait for.
   */
  afterFailure(errno: number): Promise<void> | undefined {
    if (errno !== ER_LOCK_DEADLOCK && errno !== ER_LOCK_TABLE_FULL) return undefined
    return this.#session.state.inTransaction ? this.rollback() : undefined
  }

  /** What the status of an OK or EOF means for the session's own connection. */
  afterStatement(shardSession: ShardSession, summary: ResponseSummary): void {
    const { shardSessions, state } = this.#session
    const isOver = summary.errno === 0 && (summary.status & Status.IN_TRANS) === 0
    if (!isOver || !shardSession.inTransaction) return
    // A stored procedure committed, or the statement committed implicitly.
    shardSessions.leftTransaction(shardSession)
    if (state.autocommit && shardSessions.all().every((s) => !s.inTransaction)) state.inTransaction = false
  }

  /** A statement (CALL, for one) left a transaction open on a connection of the pool: it is the session's now. */
  adopt(endpoint: TabletEndpoint, connection: BackendConnection): void {
    const { shardSessions, shards, state } = this.#session
    const { keyspace, shard: name } = endpoint.tablet
    const shard = shards.of(keyspace).shards.find((s) => s.name === name)
    assert(shard !== undefined, 'a tablet belongs to a shard')
    shardSessions.adopt({ shard, endpoint, connection, inTransaction: true, reserved: false })
    state.inTransaction = true
  }

  /** The session's own connection to a shard is gone, and with it the shard's part of the transaction. */
  lost(shardSession: ShardSession): void {
    const { shardSessions, state } = this.#session
    shardSessions.drop(shardSession)
    if (!shardSession.inTransaction) return
    state.transactionFailure = `The transaction was lost with the connection to ${shardSession.endpoint.pool.name}`
  }
}
