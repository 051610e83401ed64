import type { BackendConnection } from '../mysql/client/backend-connection.ts'
import type { ResponseShape, ResponseSummary } from '../mysql/client/response-reader.ts'
import { runQuery } from '../mysql/client/simple-command.ts'
import { Status } from '../mysql/codec/constants.ts'
import { quoteIdentifier } from '../sql/print.ts'
import type { ShardEndpoints } from '../tablet/gateway.ts'
import type { Working } from './interruption.ts'
import { valuesOf } from './run-set.ts'
import type { Session } from './session.ts'
import { type RelayOwner, SessionRelay } from './session-relay.ts'
import type { ShardSession } from './shard-sessions.ts'
import type { ShardStatement } from './shard-statement.ts'

export interface RelayToOptions {
  /** It may be asked again on a new connection when the first turned out to be dead before it answered anything. */
  readonly read: boolean
  readonly shape?: ResponseShape
  /** COM_STMT_PREPARE: the id that the client is told. */
  readonly statementId?: number
  /** The statement leaves state on its connection (a temporary table): the session keeps it. */
  readonly reserve?: boolean
  /** The id in the answer is one that the statement brought itself: LAST_INSERT_ID() stays as it was. */
  readonly explicitId?: boolean
  /** User variables that the statement reads and assigns: given before, read back behind it. */
  readonly userVariables?: readonly string[]
}

/** The connection whose answer is being relayed, and what becomes of it afterwards. */
export interface Relaying extends Working {
  readonly shardSession: ShardSession | undefined
  readonly shape: ResponseShape
  readonly explicitId: boolean
  /** Somebody else looks after the connection: a cursor. */
  kept: boolean
}

type RelayedHook = (summary: ResponseSummary, relaying: Relaying, relay: SessionRelay) => void

/**
 * The fast path: a statement to one shard, its answer relayed to the client. Synchronous from the client's bytes to the
 * backend's socket when the session has a connection there, or the pool an idle one with its settings.
 */
export class SingleShard implements RelayOwner {
  readonly #session: Session
  readonly #relay = new SessionRelay(this)
  #relaying: Relaying | undefined
  #retry: (() => void) | undefined
  /** The session's user variables being fetched, behind a statement that assigned some. */
  #readBack: Promise<void> | undefined
  #onRelayed: RelayedHook | undefined

  constructor(session: Session) {
    this.#session = session
  }

  get relaying(): Relaying | undefined {
    return this.#relaying
  }

  /** Sends a statement to one shard and relays the answer. */
  relayTo(shard: ShardEndpoints, statement: ShardStatement, options: RelayToOptions): void {
    const session = this.#session
    const { shardSessions } = session
    const { settings } = session.state
    const endpoint = session.proxy.gateway.endpointFor(shard, session.tabletType)
    const open = shardSessions.size === 0 ? undefined : shardSessions.get(shard)
    const start = session.transaction.start()
    if (open !== undefined || start !== undefined || options.reserve === true) {
      if (open !== undefined && options.reserve === true) open.reserved = true
      if (open?.connection.settingsKey === settings.key && (start === undefined || open.inTransaction)) {
        return this.#relayOn(open, open, statement, options)
      }
      session.detached(async () => {
        const own = await shardSessions.open(shard, open?.endpoint ?? endpoint, settings, start)
        if (options.reserve === true) own.reserved = true
        if (this.#givesUp()) return
        this.#relayOn(own, own, statement, options)
      })
      return
    }
    const connection = endpoint.pool.take(settings)
    if (connection !== undefined) {
      if (options.read) this.#retry = () => this.relayTo(shard, statement, { ...options, read: false })
      return this.#relayOn({ endpoint, connection }, undefined, statement, options)
    }
    session.detached(async () => {
      const fresh = await endpoint.pool.acquire(settings)
      if (this.#givesUp()) return endpoint.pool.release(fresh)
      this.#relayOn({ endpoint, connection: fresh }, undefined, statement, options)
    })
  }

  /** A hook for the end of the next relayed answer, before its connection goes back; `kept` holds it. */
  onceRelayed(then: RelayedHook): void {
    this.#onRelayed = then
  }

  /** Relays the answer of one more command on a connection that is kept for it (COM_STMT_FETCH). */
  relayOnKept(on: Working, packet: Buffer, shape: ResponseShape): void {
    const statement: ShardStatement = { format: 'binary', send: (c, reader) => c.send(packet, reader) }
    this.#relayOn(on, this.#session.shardSessions.ofConnection(on.connection), statement, { shape })
    this.#relaying!.kept = true
  }

  /** The statement is over: the end of its answer, which has not been written yet. */
  takeLastBytes(): Buffer | undefined {
    this.#onRelayed = undefined // of a statement that was not relayed after all
    return this.#relay.takeLastBytes()
  }

  #relayOn(
    on: Working,
    shardSession: ShardSession | undefined,
    statement: ShardStatement,
    options: Pick<RelayToOptions, 'shape' | 'statementId' | 'explicitId' | 'userVariables'>,
  ): void {
    const { endpoint, connection } = on
    const { shape = 'results', explicitId = false, userVariables = [] } = options
    const { answer, statusFlags: status, shards } = this.#session
    this.#relaying = { endpoint, connection, shardSession, shape, explicitId, kept: false }
    this.#relay.translate(endpoint.database, endpoint.tablet.keyspace, options.statementId)
    const { moreResults, sequenceId } = answer
    this.#relay.begin({ shape, status, moreResults, sequenceId }, () => connection.pause())
    if (userVariables.length === 0) return statement.send(connection, this.#relay)
    runQuery(connection, shards.userVariablesText(userVariables)).catch((error) => connection.destroy(error))
    statement.send(connection, this.#relay)
    this.#readBack = this.#fetchUserVariables(connection, userVariables)
  }

  async #fetchUserVariables(connection: BackendConnection, names: readonly string[]): Promise<void> {
    const { userVariables } = this.#session.state
    const variables = names.map((name) => `@${quoteIdentifier(name)}`)
    const answer = await runQuery(connection, `SELECT ${variables.join(', ')}`)
    for (const [i, text] of valuesOf(answer.columns, answer.rows[0]!).entries()) {
      if (text === 'NULL') userVariables.delete(names[i]!)
      else userVariables.set(names[i]!, text)
    }
  }

  /** After an await: the client may have gone, or somebody may have killed the statement. */
  #givesUp(): boolean {
    const { client, interruption } = this.#session
    if (client.closed) return true
    if (!interruption.isKilled) return false
    this.#session.fail(interruption.error)
    return true
  }

  // ---------------------------------------------------------------------------------------- RelayOwner

  get interruption() {
    return this.#session.interruption.error
  }

  write(bytes: Buffer): boolean {
    return this.#session.answer.write(bytes)
  }

  relayDone(summary: ResponseSummary): void {
    const session = this.#session
    const relaying = this.#relaying!
    const { killing } = relaying.connection
    if (killing !== undefined) {
      // It came too late for this statement, and must not meet the next one.
      void killing.then(() => this.relayDone(summary)).catch((error) => session.broken(error))
      return
    }
    this.#onRelayed?.(summary, relaying, this.#relay)
    this.#relaying = undefined
    this.#onRelayed = undefined
    this.#retry = undefined
    session.answer.sequenceId = this.#relay.nextSequenceId
    if (relaying.shape !== 'prepare' || summary.errno !== 0) {
      session.noteResult(summary, { explicitId: relaying.explicitId, errorMessage: this.#relay.errorMessage })
    }
    this.#giveBack(relaying, summary)
    const failed = summary.errno !== 0
    const rolledBack = failed ? session.transaction.afterFailure(summary.errno) : undefined
    const readBack = this.#readBack
    if (readBack === undefined && rolledBack === undefined) return session.statementDone(failed)
    this.#readBack = undefined
    // The next statement relies on both. What cannot be read is a lost connection, which the next one is told.
    Promise.all([rolledBack, readBack])
      .catch((error) => session.proxy.log.warn('user variables', { error }))
      .then(() => session.statementDone(failed))
      .catch((error) => session.broken(error))
  }

  /** The connection goes where its answer says that it belongs now. */
  #giveBack(relaying: Relaying, summary: ResponseSummary): void {
    const { client, shardSessions, transaction, warnings } = this.#session
    const { endpoint, connection, shardSession } = relaying
    const hasConditions = (summary.warnings > 0 || summary.errno !== 0) && connection.state === 'idle'
    if (shardSession !== undefined) {
      // The answer to a prepare may carry no status at all.
      if (relaying.shape !== 'prepare') transaction.afterStatement(shardSession, summary)
      const isOwn = shardSessions.get(shardSession.shard) === shardSession
      if (hasConditions && isOwn) warnings.keepOwn(connection)
    } else if (relaying.kept) {
      // its cursor holds the connection
    } else if ((summary.status & Status.IN_TRANS) !== 0 && summary.errno === 0) {
      transaction.adopt(endpoint, connection)
    } else if (hasConditions && !client.closed) warnings.keep(endpoint, connection)
    else endpoint.pool.release(connection)
  }

  relayLost(error: Error, nothingSent: boolean): void {
    const session = this.#session
    const { answer, client, interruption, transaction } = session
    const { connection, shardSession } = this.#relaying!
    const retry = this.#retry
    this.#relaying = undefined
    this.#onRelayed = undefined
    this.#retry = undefined
    connection.destroy()
    if (client.closed) return
    if (shardSession !== undefined) transaction.lost(shardSession)
    else if (retry !== undefined && nothingSent && !interruption.isKilled) return retry()
    answer.sequenceId = this.#relay.nextSequenceId
    // Half a row is with the client: no packet can follow it.
    if (!nothingSent && !this.#relay.atPacketBoundary) client.close()
    else session.fail(interruption.error ?? error)
  }

  broken(error: unknown): void {
    this.#session.broken(error)
  }
}
