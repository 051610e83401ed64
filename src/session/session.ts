import { assert } from '../base/assert.ts'
import { ServerError } from '../errors/server-error.ts'
import { noDatabaseSelected, SqlError, unknownDatabase } from '../errors/sql-error.ts'
import type { BackendConnection } from '../mysql/client/backend-connection.ts'
import type { ResponseShape, ResponseSummary } from '../mysql/client/response-reader.ts'
import { queryPacket, runQuery } from '../mysql/client/simple-command.ts'
import { Capability, Command, Status } from '../mysql/codec/constants.ts'
import type { OkPacket } from '../mysql/codec/responses.ts'
import type { ClientConnection, SessionHandler, SmallResultSet } from '../mysql/server/session-handler.ts'
import type { Plan } from '../plan/plan.ts'
import { scan as scanStatement } from '../sql/fingerprint.ts'
import { normalize, parseStatement } from '../sql/parse.ts'
import { quoteIdentifier } from '../sql/print.ts'
import type { Scan } from '../sql/scan.ts'
import { NO_BACKSLASH_ESCAPES } from '../sql/sql-mode.ts'
import type { ShardEndpoints, TabletEndpoint } from '../tablet/gateway.ts'
import { DATABASE } from '../tablet/settings.ts'
import { Answer } from './answer.ts'
import { namesOf } from './character-set.ts'
import { type Execution, runPlan } from './execute-plan.ts'
import { KeptWarnings } from './kept-warnings.ts'
import { checkKilled, killHere } from './kill.ts'
import { planStatement } from './plan-statement.ts'
import { PreparedStatements } from './prepared-statements.ts'
import type { ProxyContext } from './proxy-context.ts'
import { valuesOf } from './run-set.ts'
import { SYSTEM_SCHEMAS } from './run-show.ts'
import { sessionFunction } from './session-functions.ts'
import { type RelayOwner, SessionRelay } from './session-relay.ts'
import { SessionState, type Warning } from './session-state.ts'
import { runSessionStatement } from './session-statements.ts'
import { ShardAccess } from './shard-access.ts'
import {
  type CommitFailure,
  type ShardSession,
  ShardSessions,
  type TransactionStart,
} from './shard-sessions.ts'
import { type ShardStatement, TextStatement } from './shard-statement.ts'
import { StatementBindings } from './statement-bindings.ts'
import { parseTarget, type Target } from './target.ts'

/** Deadlock, and the lock table being full: InnoDB rolls the whole transaction back, not the statement alone. */
const ER_LOCK_DEADLOCK = 1213
const ER_LOCK_TABLE_FULL = 1206

export const PLAIN_START: TransactionStart = { before: [], begin: 'BEGIN' }

/** A backend connection at work for the current statement. */
export interface Working {
  readonly endpoint: TabletEndpoint
  readonly connection: BackendConnection
}

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
interface Relaying extends Working {
  readonly shardSession: ShardSession | undefined
  readonly shape: ResponseShape
  readonly explicitId: boolean
  /** Somebody else looks after the connection: a cursor. */
  kept: boolean
}

/**
 * One client connection: takes its commands one at a time, finds or makes the plan, and sees to the answer.
 *
 * The fast path (one shard, an idle connection with the right settings, nothing to rewrite) is synchronous from the
 * client's bytes to the backend's socket; its answer comes back through `SessionRelay`. Everything else is an async
 * function behind `#detached`.
 */
export class Session implements SessionHandler, RelayOwner {
  readonly client: ClientConnection
  readonly proxy: ProxyContext
  state: SessionState
  readonly answer: Answer
  readonly shardSessions = new ShardSessions()
  readonly shards: ShardAccess
  readonly prepared: PreparedStatements
  readonly #relay: SessionRelay
  readonly #warnings: KeptWarnings
  /** Connections that work for the current statement beside the relay's: KILL QUERY and a vanished client stop them. */
  readonly working = new Set<Working>()
  /** The relay's connection, while an answer is being relayed. */
  #relaying: Relaying | undefined
  #retry: (() => void) | undefined
  /** The session's user variables being fetched, behind a statement that assigned some. */
  #readBack: Promise<void> | undefined
  #onRelayed: ((summary: ResponseSummary, relaying: Relaying, relay: SessionRelay) => void) | undefined
  /** What follows the current statement of a multi-statement text. */
  #rest = ''
  #plansFor:
    | { generation: number; target: Target; sqlMode: number; plans: ReturnType<ProxyContext['plansOf']> }
    | undefined
  #commitWarning: Warning | undefined
  /** Of the rows that the current statement answers. */
  #format: 'text' | 'binary' = 'text'
  /** Epoch ms of the last command's beginning. */
  lastCommandMs: number
  busy = false
  #killed: 'no' | 'query' | 'connection' | 'timeout' = 'no'
  #cancelDeadline: (() => void) | undefined

  constructor(proxy: ProxyContext, client: ClientConnection) {
    this.proxy = proxy
    this.client = client
    this.state = this.#freshState()
    this.answer = new Answer(client)
    this.#relay = new SessionRelay(this)
    this.#warnings = new KeptWarnings(proxy.clock)
    this.prepared = new PreparedStatements(this)
    this.shards = new ShardAccess(this)
    this.lastCommandMs = proxy.coarseNowMs
  }

  get statusFlags(): number {
    const { autocommit, inTransaction, readOnlyTransaction, sqlMode } = this.state
    return (
      (autocommit ? Status.AUTOCOMMIT : 0) |
      (inTransaction ? Status.IN_TRANS : 0) |
      (inTransaction && readOnlyTransaction ? Status.IN_TRANS_READONLY : 0) |
      ((sqlMode & NO_BACKSLASH_ESCAPES) !== 0 ? Status.NO_BACKSLASH_ESCAPES : 0)
    )
  }

  // ------------------------------------------------------------------------------------ SessionHandler

  onConnect(): void {
    this.proxy.sessions.set(this.client.id, this)
    const { database } = this.client.identity
    this.answer.begin(this.client.nextSequenceId)
    try {
      if (database !== '') this.useTarget(database)
    } catch (error) {
      this.client.close(error as SqlError)
      return
    }
    this.client.sendOk({ status: this.statusFlags })
  }

  onCommand(payload: Buffer, packet: Buffer): void {
    this.answer.begin(this.client.nextSequenceId)
    this.#killed = 'no'
    this.busy = true
    this.lastCommandMs = this.proxy.coarseNowMs
    try {
      switch (payload[0]) {
        case Command.QUERY:
          return this.#text(payload.latin1Slice(1), packet)
        case Command.INIT_DB:
          return this.#initDb(payload.utf8Slice(1))
        case Command.STMT_PREPARE:
          return this.prepared.prepare(payload.latin1Slice(1))
        case Command.STMT_EXECUTE:
          return this.prepared.execute(payload)
        case Command.STMT_SEND_LONG_DATA:
          return this.prepared.sendLongData(payload)
        case Command.STMT_RESET:
          return this.prepared.reset(payload.readUInt32LE(1))
        case Command.STMT_CLOSE:
          return this.prepared.close(payload.readUInt32LE(1))
        case Command.STMT_FETCH:
          return this.prepared.fetch(payload)
        case Command.FIELD_LIST:
          return this.#fieldList(packet)
        case Command.PROCESS_KILL:
          return this.#detached(() => this.kill(payload.readUInt32LE(1), 'connection'))
        default:
          throw new SqlError('ER_UNKNOWN_COM_ERROR', 'Unknown command')
      }
    } catch (error) {
      this.fail(error)
    }
  }

  onChangeUser(): void {
    this.#detached(async () => {
      this.#reset()
      const { database } = this.client.identity
      if (database !== '') this.useTarget(database)
      this.ok({})
    })
  }

  onResetConnection(): void {
    this.#detached(async () => {
      const { target } = this.state
      this.#reset()
      this.state.target = target // COM_RESET_CONNECTION keeps the default database
      this.ok({})
    })
  }

  onClientGone(): void {
    this.proxy.sessions.delete(this.client.id)
    this.#cancelDeadline?.()
    this.answer.drained()
    this.#stopWorking('the client is gone')
    this.#warnings.drop()
    this.prepared.closeAll()
    this.shardSessions.close()
  }

  onDrain(): void {
    this.#relaying?.connection.resume()
    this.answer.drained()
  }

  // ----------------------------------------------------------------------------------------- statements

  /** COM_QUERY: one statement, or several. */
  #text(sql: string, packet: Buffer): void {
    const scan = scanStatement(sql, this.state.sqlMode, this.proxy.serverVersionNumber)
    if (!scan.hasMore) return this.#statement(sql, scan, packet)
    if (!this.client.multiStatements) {
      this.raiseParseError(sql)
    }
    this.#rest = sql.slice(scan.end)
    this.answer.moreResults = true
    this.#statement(sql.slice(0, scan.end), scan, undefined)
  }

  /** Several statements where one is expected: 1064 near the second, as MySQL has it. */
  raiseParseError(sql: string): never {
    parseStatement(sql, this.parseOptions)
    throw new SqlError(
      'ER_PARSE_ERROR',
      'You have an error in your SQL syntax; several statements at once are off',
    )
  }

  #nextStatement(): void {
    const sql = this.#rest
    this.#rest = ''
    try {
      const scan = scanStatement(sql, this.state.sqlMode, this.proxy.serverVersionNumber)
      this.answer.moreResults = scan.hasMore
      this.answer.started = false
      this.#rest = scan.hasMore ? sql.slice(scan.end) : ''
      this.#statement(scan.hasMore ? sql.slice(0, scan.end) : sql, scan, undefined)
    } catch (error) {
      this.fail(error)
    }
  }

  #statement(sql: string, scan: Scan, packet: Buffer | undefined): void {
    this.statementBegins(scan)
    if (scan.params > 0) parseStatement(sql, { ...this.parseOptions, allowParams: false }) // raises 1064 at the `?`
    const plan = this.#planOfNext(sql, scan)
    const bindings = this.bindingsOf(sql, scan)
    this.run({
      plan,
      sql,
      bindings,
      verbatim: () => new TextStatement(packet ?? queryPacket(sql)),
      ofText: (query) => TextStatement.ofSql(query.sql),
      format: 'text',
    })
  }

  /** What the statement before left behind is forgotten, unless this one asks for it. */
  statementBegins(scan: Scan): void {
    const { state } = this
    if ((!this.#warnings.holding && state.warningCount === 0) || asksForWarnings(scan)) return
    this.#warnings.drop()
    state.warnings = []
  }

  /** Runs a planned statement; `fail` and the rest of the answer are seen to. */
  run(execution: Execution): void {
    if (this.state.transactionFailure !== undefined && execution.plan.kind !== 'Session') {
      throw new SqlError('ER_UNKNOWN_ERROR', `${this.state.transactionFailure}. Issue a ROLLBACK to go on`)
    }
    const { plan } = execution
    this.#format = execution.format
    const { queryTimeoutMs } = this.proxy.limits
    if (queryTimeoutMs > 0) this.#startDeadline(queryTimeoutMs)
    if (plan.kind === 'Session') {
      const statement = parseStatement(execution.sql, this.parseOptions)
      this.#detached(() => runSessionStatement(this, statement, execution))
      return
    }
    runPlan(this, execution)
  }

  #startDeadline(timeoutMs: number): void {
    this.#cancelDeadline = this.proxy.clock.after(timeoutMs, () => {
      this.#killed = 'timeout'
      this.#stopWorking('query timeout')
    })
  }

  planOf(sql: string, scan: Scan): Plan {
    const plans = this.#plans()
    const known = plans.get(scan.key)
    if (known !== undefined) return known
    const { statement, isShared } = normalize(sql, scan, this.parseOptions)
    const plan = planStatement(this, statement)
    if (isShared && cacheable(scan)) plans.set(scan.key, plan)
    return plan
  }

  /** A syntax error quotes the text to its end, the statements behind this one included. */
  #planOfNext(sql: string, scan: Scan): Plan {
    try {
      return this.planOf(sql, scan)
    } catch (error) {
      if (this.#rest === '' || !(error instanceof SqlError) || error.code !== 'ER_PARSE_ERROR') throw error
      parseStatement(sql + this.#rest, this.parseOptions)
      throw error
    }
  }

  get parseOptions() {
    return { mode: this.state.sqlMode, serverVersion: this.proxy.serverVersionNumber }
  }

  bindingsOf(sql: string, scan: Scan): StatementBindings {
    return new StatementBindings(
      { sql, scan, mode: this.state.sqlMode, charset: this.state.charset },
      this.sessionText,
    )
  }

  #plans(): ReturnType<ProxyContext['plansOf']> {
    const { generation } = this.proxy
    const { target, sqlMode } = this.state
    const known = this.#plansFor
    if (known?.generation === generation && known.target === target && known.sqlMode === sqlMode)
      return known.plans
    const plans = this.proxy.plansOf(target, sqlMode)
    this.#plansFor = { generation, target, sqlMode, plans }
    return plans
  }

  // ------------------------------------------------------------------------------- one shard, relayed

  /**
   * Sends a statement to one shard and relays the answer.
   */
  relayTo(shard: ShardEndpoints, statement: ShardStatement, options: RelayToOptions): void {
    const endpoint = this.proxy.gateway.endpointFor(shard, this.tabletType)
    const open = this.shardSessions.size === 0 ? undefined : this.shardSessions.get(shard)
    const start = this.transactionStart()
    if (open !== undefined || start !== undefined || options.reserve === true) {
      const { settings } = this.state
      if (open !== undefined && options.reserve === true) open.reserved = true
      if (open?.connection.settingsKey === settings.key && (start === undefined || open.inTransaction)) {
        return this.#relayOn(open, open, statement, options)
      }
      this.#detached(async () => {
        const session = await this.shardSessions.open(shard, open?.endpoint ?? endpoint, settings, start)
        if (options.reserve === true) session.reserved = true
        if (this.#giveUp()) return
        this.#relayOn(session, session, statement, options)
      })
      return
    }
    const connection = endpoint.pool.take(this.state.settings)
    if (connection !== undefined) {
      if (options.read) this.#retry = () => this.relayTo(shard, statement, { ...options, read: false })
      return this.#relayOn({ endpoint, connection }, undefined, statement, options)
    }
    this.#detached(async () => {
      const fresh = await endpoint.pool.acquire(this.state.settings)
      if (this.#giveUp()) return endpoint.pool.release(fresh)
      this.#relayOn({ endpoint, connection: fresh }, undefined, statement, options)
    })
  }

  #relayOn(
    on: Working,
    shardSession: ShardSession | undefined,
    statement: ShardStatement,
    options: Pick<RelayToOptions, 'shape' | 'statementId' | 'explicitId' | 'userVariables'>,
  ): void {
    const { endpoint, connection } = on
    const { shape = 'results', explicitId = false } = options
    const relaying: Relaying = { endpoint, connection, shardSession, shape, explicitId, kept: false }
    this.#relaying = relaying
    this.#relay.translate(endpoint.database, endpoint.tablet.keyspace, options.statementId)
    this.#relay.begin(
      {
        shape,
        status: this.statusFlags,
        moreResults: this.answer.moreResults,
        sequenceId: this.answer.sequenceId,
      },
      () => connection.pause(),
    )
    const { userVariables = [] } = options
    if (userVariables.length > 0) {
      runQuery(connection, this.shards.userVariablesText(userVariables)).catch((error) =>
        connection.destroy(error),
      )
      statement.send(connection, this.#relay)
      this.#readBack = this.#fetchUserVariables(connection, userVariables)
    } else statement.send(connection, this.#relay)
  }

  async #fetchUserVariables(connection: BackendConnection, names: readonly string[]): Promise<void> {
    const { userVariables } = this.state
    const answer = await runQuery(
      connection,
      `SELECT ${names.map((name) => `@${quoteIdentifier(name)}`).join(', ')}`,
    )
    for (const [i, text] of valuesOf(answer.columns, answer.rows[0]!).entries()) {
      if (text === 'NULL') userVariables.delete(names[i]!)
      else userVariables.set(names[i]!, text)
    }
  }

  /** A hook for the end of the next relayed answer, before its connection goes back; `kept` holds it. */
  onceRelayed(then: (summary: ResponseSummary, relaying: Relaying, relay: SessionRelay) => void): void {
    this.#onRelayed = then
  }

  /** Relays the answer of one more command on a connection that is kept for it (COM_STMT_FETCH). */
  relayOnKept(on: Working, packet: Buffer, shape: ResponseShape): void {
    const statement: ShardStatement = { format: 'binary', send: (c, reader) => c.send(packet, reader) }
    this.#relayOn(on, this.shardSessionOf(on), statement, { shape })
    this.#relaying!.kept = true
  }

  shardSessionOf(on: Working): ShardSession | undefined {
    return this.shardSessions.all().find((s) => s.connection === on.connection)
  }

  write(bytes: Buffer): boolean {
    this.answer.started = true
    return this.client.write(bytes)
  }

  relayDone(summary: ResponseSummary): void {
    const relaying = this.#relaying!
    const { endpoint, connection, shardSession } = relaying
    this.#onRelayed?.(summary, relaying, this.#relay)
    this.#relaying = undefined
    this.#onRelayed = undefined
    this.#retry = undefined
    this.answer.sequenceId = this.#relay.nextSequenceId
    if (relaying.shape !== 'prepare' || summary.errno !== 0) this.#noteResult(summary, relaying.explicitId)
    const hasConditions = (summary.warnings > 0 || summary.errno !== 0) && connection.state === 'idle'
    if (shardSession !== undefined) {
      // The answer to a prepare may carry no status at all.
      if (relaying.shape !== 'prepare') this.#afterShardSession(shardSession, summary)
      if (hasConditions && this.shardSessions.get(shardSession.shard) === shardSession) {
        this.#warnings.keepOwn(connection)
      }
    } else if (relaying.kept) {
      // its cursor holds the connection
    } else if ((summary.status & Status.IN_TRANS) !== 0 && summary.errno === 0)
      this.#adopt(endpoint, connection)
    else if (hasConditions && !this.client.closed) this.#warnings.keep(endpoint, connection)
    else endpoint.pool.release(connection)
    const failed = summary.errno !== 0
    const rolledBack = failed ? this.#afterFailure(summary.errno) : undefined
    const readBack = this.#readBack
    if (readBack === undefined && rolledBack === undefined) return this.statementDone(failed)
    this.#readBack = undefined
    // The next statement relies on both. What cannot be read is a lost connection, which the next one is told.
    Promise.all([rolledBack, readBack])
      .catch((error) => this.proxy.log.warn('user variables', { error }))
      .then(() => this.statementDone(failed))
      .catch((error) => this.broken(error))
  }

  relayLost(error: Error, nothingSent: boolean): void {
    const relaying = this.#relaying!
    this.#relaying = undefined
    this.#onRelayed = undefined
    const retry = this.#retry
    this.#retry = undefined
    relaying.connection.destroy()
    if (this.client.closed) return
    if (relaying.shardSession !== undefined) this.lostShardSession(relaying.shardSession)
    else if (retry !== undefined && nothingSent && this.#killed === 'no') return retry()
    this.answer.sequenceId = this.#relay.nextSequenceId
    if (!nothingSent && !this.#relay.atPacketBoundary) {
      // Half a row is with the client: no packet can follow it.
      this.client.close()
      return
    }
    this.fail(this.interruption ?? error)
  }

  /** What the status of an OK or EOF means for the session's own connection. */
  #afterShardSession(session: ShardSession, summary: ResponseSummary): void {
    const left = summary.errno === 0 && session.inTransaction && (summary.status & Status.IN_TRANS) === 0
    // A stored procedure committed, or the statement committed implicitly.
    if (left) this.shardSessions.leftTransaction(session)
    if (left && this.shardSessions.all().every((s) => !s.inTransaction) && !this.state.autocommit) return
    if (left && this.shardSessions.all().every((s) => !s.inTransaction)) this.state.inTransaction = false
  }

  /** A statement (CALL, for one) left a transaction open on a connection of the pool: it is the session's now. */
  #adopt(endpoint: TabletEndpoint, connection: BackendConnection): void {
    const shard = this.shardOf(endpoint)
    this.shardSessions.adopt({ shard, endpoint, connection, inTransaction: true, reserved: false })
    this.state.inTransaction = true
  }

  shardOf(endpoint: TabletEndpoint): ShardEndpoints {
    const { keyspace, shard } = endpoint.tablet
    const found = this.proxy.gateway.shardsOf(keyspace).shards.find((s) => s.name === shard)
    assert(found !== undefined, 'a tablet belongs to a shard')
    return found
  }

  lostShardSession(session: ShardSession): void {
    this.shardSessions.drop(session)
    if (!session.inTransaction) return
    this.state.transactionFailure = `The transaction was lost with the connection to ${session.endpoint.pool.name}`
  }

  /**
   * Errors after which InnoDB has rolled the whole transaction back: the other shards must follow, before the client may
   * begin another one. Undefined when there is nothing to wait for.
   */
  #afterFailure(errno: number): Promise<void> | undefined {
    if (errno !== ER_LOCK_DEADLOCK && errno !== ER_LOCK_TABLE_FULL) return undefined
    return this.state.inTransaction ? this.rollback() : undefined
  }

  // ------------------------------------------------------------------------------------------- answers

  /** Keeps what FOUND_ROWS(), ROW_COUNT() and LAST_INSERT_ID() will be asked for. */
  #noteResult(summary: ResponseSummary, explicitId: boolean): void {
    const { state } = this
    if (summary.errno !== 0) {
      state.rowCount = -1
      const { errorMessage } = this.#relay
      state.warnings = [{ level: 'Error', code: summary.errno, message: errorMessage }]
      return
    }
    state.warnings = []
    state.warningCount = summary.warnings
    if (summary.hasRows) {
      state.rowCount = -1
      state.foundRows = summary.rows
      return
    }
    state.rowCount = summary.affectedRows
    if (summary.lastInsertId !== 0 && !explicitId) state.lastInsertId = summary.lastInsertId
  }

  /** `explicitId`: as in RelayToOptions. */
  ok(ok: Partial<OkPacket>, explicitId = false): void {
    const { state } = this
    state.rowCount = ok.affectedRows ?? 0
    if (ok.lastInsertId !== undefined && ok.lastInsertId !== 0 && !explicitId) {
      state.lastInsertId = ok.lastInsertId
    }
    this.answer.ok(ok, this.statusFlags)
    this.statementDone(false)
  }

  resultSet(set: Omit<SmallResultSet, 'status'>): void {
    this.state.foundRows = set.rows.length
    this.state.rowCount = -1
    this.answer.resultSet({ ...set, status: this.statusFlags, binary: this.#format === 'binary' })
    this.statementDone(false)
  }

  /** Ends the statement with an error packet. */
  fail(error: unknown): void {
    if (this.client.closed) return
    const told = this.#told(error)
    this.#warnings.drop()
    this.state.rowCount = -1
    this.state.warnings = [
      { level: 'Error', code: told.errno, message: told.message },
      ...(this.#commitWarning === undefined ? [] : [this.#commitWarning]),
    ]
    this.#commitWarning = undefined
    const end = () => {
      this.answer.error(told)
      this.statementDone(true)
    }
    const rolledBack = told instanceof ServerError ? this.#afterFailure(told.errno) : undefined
    if (rolledBack === undefined) end()
    else rolledBack.then(end).catch((error) => this.broken(error))
  }

  /** The error in the words of the server and with the names that the client knows. */
  #told(error: unknown): SqlError | ServerError {
    const { proxy } = this
    if (error instanceof ServerError) {
      const message = proxy.inKeyspaceNames(error.message)
      return message === error.message
        ? error
        : new ServerError({ errno: error.errno, sqlState: error.sqlState, message })
    }
    if (!(error instanceof SqlError)) return this.#internal(error)
    if (error.code !== 'ER_PARSE_ERROR' || !proxy.isMariadb) return error
    const message = error.message.replace('your MySQL server version', 'your MariaDB server version')
    return new SqlError(error.code, message, { cause: error })
  }

  #internal(error: unknown): SqlError {
    this.proxy.log.error('internal error', { error })
    return new SqlError('ER_INTERNAL_ERROR', `Internal error: ${(error as Error).message ?? error}`, {
      cause: error,
    })
  }

  statementDone(failed: boolean): void {
    this.#onRelayed = undefined // of a statement that was not relayed after all
    this.#cancelDeadline?.()
    this.#cancelDeadline = undefined
    if (failed) this.#rest = ''
    const lastBytes = this.#relay.takeLastBytes()
    if (this.#rest !== '' && !this.client.closed) {
      if (lastBytes !== undefined) this.client.write(lastBytes)
      return this.#nextStatement()
    }
    this.busy = false
    if (lastBytes !== undefined && this.#killed !== 'connection') return this.client.finish(lastBytes)
    if (lastBytes !== undefined) this.client.write(lastBytes)
    if (this.#killed === 'connection') this.client.close()
    else this.client.commandDone()
  }

  /** Runs the slow part of a statement; whatever it throws is the statement's answer. */
  #detached(work: () => Promise<void>): void {
    work()
      .catch((error) => this.fail(error))
      .catch((error) => this.broken(error))
  }

  /** A bug of ours left the session in a state that nobody knows: it ends, and no other with it. */
  broken(error: unknown): void {
    this.proxy.log.error('session ended by a bug', { error, connection: this.client.id })
    this.#relaying?.connection.destroy()
    this.client.close()
  }

  detached(work: () => Promise<void>): void {
    this.#detached(work)
  }

  // ----------------------------------------------------------------------------- targets, transactions

  get tabletType(): Target['tabletType'] {
    return this.state.target.tabletType
  }

  #initDb(name: string): void {
    this.useTarget(name)
    this.ok({})
  }

  /** Throws for a keyspace or shard that does not exist, and for another tablet type within a transaction. */
  useTarget(text: string): void {
    const target = parseTarget(text, this.state.target)
    const { gateway } = this.proxy
    const isSystem = SYSTEM_SCHEMAS.has(target.keyspace.toLowerCase())
    if (!isSystem && target.keyspace !== '') {
      const shards = gateway.keyspaces.get(target.keyspace)
      if (shards === undefined) throw unknownDatabase(target.keyspace)
      if (target.shard !== undefined && !shards.shards.some((s) => s.name === target.shard)) {
        throw new SqlError(
          'ER_BAD_DB_ERROR',
          `Unknown shard '${target.shard}' of keyspace '${target.keyspace}'`,
        )
      }
    }
    if (this.state.inTransaction && target.tabletType !== this.state.target.tabletType) {
      throw new SqlError(
        'ER_CANT_DO_THIS_DURING_AN_TRANSACTION',
        "Can't change the tablet type in the middle of a transaction: COMMIT or ROLLBACK first",
      )
    }
    this.state.target = target
    // Unqualified names are the system schema's then.
    if (isSystem) this.state.setSetting(DATABASE, quoteIdentifier(target.keyspace))
    else if (this.state.settings.items.has(DATABASE)) this.state.setSetting(DATABASE, undefined)
  }

  /** Undefined outside a transaction; otherwise how one begins on a shard that it has not reached yet. */
  transactionStart(): TransactionStart | undefined {
    const { state } = this
    if (state.inTransaction) return state.transactionStart ?? PLAIN_START
    if (state.autocommit) return undefined
    // autocommit=0: the first statement that reaches a shard begins a transaction.
    this.beginTransaction({ begin: 'BEGIN', readOnly: false })
    return state.transactionStart
  }

  beginTransaction(how: { readonly begin: string; readonly readOnly: boolean }): void {
    const { state } = this
    state.transactionStart = { before: state.nextTransaction, begin: how.begin }
    state.nextTransaction = []
    state.readOnlyTransaction = how.readOnly
    state.inTransaction = true
  }

  /** COMMIT on all shards. Throws when a shard refused; the warnings then tell which shards have committed. */
  async commit(): Promise<void> {
    const { state } = this
    if (state.transactionFailure !== undefined) {
      const failure = state.transactionFailure
      await this.rollback()
      throw new SqlError('ER_UNKNOWN_ERROR', `${failure}: nothing was committed`)
    }
    state.inTransaction = false
    state.transactionStart = undefined
    const failed = await this.shardSessions.commit()
    if (failed !== undefined) this.throwCommitFailure(failed)
  }

  /** Tells of a COMMIT that not all shards took: an error, and a warning that SHOW WARNINGS repeats. */
  throwCommitFailure(failed: CommitFailure): never {
    if (failed.committed.length === 0) throw failed.error
    const text =
      `Commit is not atomic over several shards: ${failed.failed} failed (${failed.error.message}), ` +
      `committed: ${failed.committed.join(', ')}; rolled back: ${[failed.failed, ...failed.rolledBack].join(', ')}`
    this.#commitWarning = { level: 'Warning', code: 301, message: text }
    throw new SqlError('ER_UNKNOWN_ERROR', text, { cause: failed.error })
  }

  async rollback(): Promise<void> {
    const { state } = this
    state.inTransaction = false
    state.transactionStart = undefined
    state.transactionFailure = undefined
    await this.shardSessions.rollback()
  }

  /** The conditions of the statement before, for SHOW WARNINGS. */
  async fetchWarnings(): Promise<readonly Warning[]> {
    const kept = await this.#warnings.fetch()
    // Nothing is left of an error whose transaction has been rolled back since.
    if (kept !== undefined && kept.length > 0) this.state.warnings = kept
    const { warnings } = this.state
    return warnings.map((w) => ({ ...w, message: this.proxy.inKeyspaceNames(w.message) }))
  }

  /** What the session answers for functions about itself, as SQL text. */
  readonly sessionText = (name: string): string => sessionFunction(this, name)

  // ----------------------------------------------------------------------------------------------- kill

  /** KILL of another session (or this one). */
  async kill(id: number, what: 'query' | 'connection'): Promise<void> {
    const request = { id, what, user: this.client.identity.user }
    const here = killHere(this.proxy, request)
    checkKilled(here === 'unknown' ? ((await this.proxy.killElsewhere?.(request)) ?? here) : here, id)
    if (id !== this.client.id) this.ok({})
    else throw interrupted()
  }

  #allWorking(): readonly Working[] {
    return this.#relaying === undefined ? [...this.working] : [...this.working, this.#relaying]
  }

  killedBy(what: 'query' | 'connection'): void {
    const busy = this.#allWorking().length > 0
    if (busy) {
      this.#killed = what
      this.#stopWorking('killed')
    } else if (what === 'connection') this.client.close()
  }

  /** Why the statement is being stopped, if it is. */
  get interruption(): SqlError | undefined {
    if (this.#killed === 'no') return undefined
    return this.#killed === 'timeout' ? timedOut() : interrupted()
  }

  get killed(): boolean {
    return this.#killed !== 'no'
  }

  /** Kills what runs on the backends for this session. Their answers, errors mostly, come the usual way. */
  #stopWorking(reason: string): void {
    for (const { endpoint, connection } of this.#allWorking()) {
      const gone = this.client.closed
      this.proxy.gateway
        .control(endpoint, `KILL ${gone ? 'CONNECTION' : 'QUERY'} ${connection.threadId}`)
        .catch((error) => this.proxy.log.warn('kill failed', { tablet: endpoint.alias, reason, error }))
        .finally(() => {
          if (gone) connection.destroy()
        })
    }
  }

  /** A connection in mid-answer that nobody reads any more: stopped on the server, then closed. */
  abandon(on: Working): void {
    this.proxy.gateway
      .control(on.endpoint, `KILL CONNECTION ${on.connection.threadId}`)
      .catch((error) => this.proxy.log.warn('kill failed', { tablet: on.endpoint.alias, error }))
      .finally(() => on.connection.destroy())
  }

  /** After an await: throws what ends the statement if somebody killed it, or its client has gone. */
  throwIfKilled(): void {
    if (this.#killed !== 'no' || this.client.closed) throw this.interruption ?? interrupted()
  }

  /** After an await: the client may have gone, or somebody may have killed the statement. */
  #giveUp(): boolean {
    if (this.client.closed) return true
    if (this.#killed !== 'no') {
      this.fail(this.interruption)
      return true
    }
    return false
  }

  // ---------------------------------------------------------------------------------------------- other

  #freshState(): SessionState {
    const { identity, capabilities } = this.client
    return new SessionState({
      names: namesOf(identity.collationId, this.proxy.isMariadb),
      foundRows: (capabilities & Capability.FOUND_ROWS) !== 0,
      sqlMode: 0,
    })
  }

  #reset(): void {
    this.#warnings.drop()
    this.prepared.closeAll()
    this.shardSessions.dropAll()
    this.state = this.#freshState()
  }

  /** COM_FIELD_LIST: the columns of a table with their defaults, as any shard describes them. */
  #fieldList(packet: Buffer): void {
    const { keyspace } = this.state.target
    if (keyspace === '') throw noDatabaseSelected()
    const shard = this.shards.of(keyspace).shards[0]!
    const statement: ShardStatement = { format: 'text', send: (c, reader) => c.send(packet, reader) }
    this.relayTo(shard, statement, { read: true, shape: 'fields' })
  }
}

function timedOut(): SqlError {
  return new SqlError(
    'ER_QUERY_TIMEOUT',
    'Query execution was interrupted, maximum statement execution time exceeded',
  )
}

function interrupted(): SqlError {
  return new SqlError('ER_QUERY_INTERRUPTED', 'Query execution was interrupted')
}

/** Statements that ask about the one before must not disturb what it left behind. */
function asksForWarnings(scan: Scan): boolean {
  if (scan.kind !== 'SHOW' && scan.kind !== 'SELECT') return false
  const key = scan.key.toUpperCase()
  if (scan.kind === 'SHOW') return key.includes('WARNINGS') || key.includes('ERRORS')
  return key.includes('@@') && (key.includes('WARNING_COUNT') || key.includes('ERROR_COUNT'))
}

/** Plans of one-off texts would only push others out of the cache. */
function cacheable(scan: Scan): boolean {
  return scan.key.length < PLAN_KEY_BYTES_MAX
}

const PLAN_KEY_BYTES_MAX = 64 * 1024
