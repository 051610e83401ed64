import { ServerError } from '../errors/server-error.ts'
import { noDatabaseSelected, SqlError, unknownDatabase } from '../errors/sql-error.ts'
import type { ResponseSummary } from '../mysql/client/response-reader.ts'
import { queryPacket } from '../mysql/client/simple-command.ts'
import { Capability, Command, Status } from '../mysql/codec/constants.ts'
import type { OkPacket } from '../mysql/codec/responses.ts'
import type { ClientConnection, SessionHandler, SmallResultSet } from '../mysql/server/session-handler.ts'
import type { Plan } from '../plan/plan.ts'
import { blanksToSpaces } from '../sql/charset-blanks.ts'
import { scan as scanStatement } from '../sql/fingerprint.ts'
import { normalize, parseStatement } from '../sql/parse.ts'
import { quoteIdentifier } from '../sql/print.ts'
import type { Scan } from '../sql/scan.ts'
import { NO_BACKSLASH_ESCAPES } from '../sql/sql-mode.ts'
import { trimText } from '../sql/trim-text.ts'
import { DATABASE } from '../tablet/settings.ts'
import { Answer } from './answer.ts'
import { namesOf } from './character-set.ts'
import { type Execution, runPlan } from './execute-plan.ts'
import { Interruption, interrupted } from './interruption.ts'
import { KeptWarnings } from './kept-warnings.ts'
import { checkKilled, killHere } from './kill.ts'
import { planStatement } from './plan-statement.ts'
import { PreparedStatements } from './prepared-statements.ts'
import type { ProxyContext } from './proxy-context.ts'
import { SYSTEM_SCHEMAS } from './run-show.ts'
import { sessionFunction } from './session-functions.ts'
import { SessionState, type Warning } from './session-state.ts'
import { runSessionStatement } from './session-statements.ts'
import { SessionTransaction } from './session-transaction.ts'
import { ShardAccess } from './shard-access.ts'
import { ShardSessions } from './shard-sessions.ts'
import { type ShardStatement, TextStatement } from './shard-statement.ts'
import { type Relaying, SingleShard } from './single-shard.ts'
import { StatementBindings } from './statement-bindings.ts'
import { parseTarget, printTarget, type Target } from './target.ts'
import { toldError } from './told-error.ts'

/**
 * One client connection: takes its commands one at a time, finds or makes the plan, and sees to the answer.
 *
 * The fast path (one shard, an idle connection with the right settings, nothing to rewrite) is synchronous and belongs
 * to `SingleShard`. Everything else is an async function behind `detached`.
 */
export class Session implements SessionHandler {
  readonly client: ClientConnection
  readonly proxy: ProxyContext
  state: SessionState
  readonly answer: Answer
  readonly shardSessions = new ShardSessions()
  readonly shards: ShardAccess
  readonly prepared: PreparedStatements
  readonly singleShard = new SingleShard(this)
  readonly transaction = new SessionTransaction(this)
  readonly interruption = new Interruption(this)
  readonly warnings: KeptWarnings
  /** What follows the current statement of a multi-statement text. */
  #rest = ''
  #plansFor:
    | { generation: number; target: Target; sqlMode: number; plans: ReturnType<ProxyContext['plansOf']> }
    | undefined
  /** Of the rows that the current statement answers. */
  #format: 'text' | 'binary' = 'text'
  /** Epoch ms of the last command's beginning. */
  lastCommandMs: number
  busy = false

  constructor(proxy: ProxyContext, client: ClientConnection) {
    this.proxy = proxy
    this.client = client
    this.state = this.#freshState()
    this.answer = new Answer(client)
    this.warnings = new KeptWarnings(proxy.clock)
    this.prepared = new PreparedStatements(this)
    this.shards = new ShardAccess(this)
    this.lastCommandMs = proxy.coarseNowMs
  }

  /** The connection whose answer is being relayed. */
  get relaying(): Relaying | undefined {
    return this.singleShard.relaying
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
    this.interruption.begin()
    this.busy = true
    this.lastCommandMs = this.proxy.coarseNowMs
    try {
      switch (payload[0]) {
        case Command.QUERY:
          return this.#text(this.#clientText(payload), packet)
        case Command.INIT_DB:
          return this.#initDb(payload.utf8Slice(1))
        case Command.STMT_PREPARE:
          return this.prepared.prepare(this.#clientText(payload))
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
          return this.detached(() => this.kill(payload.readUInt32LE(1), 'connection'))
        default:
          throw new SqlError('ER_UNKNOWN_COM_ERROR', 'Unknown command')
      }
    } catch (error) {
      this.fail(error)
    }
  }

  onChangeUser(): void {
    this.answer.begin(this.client.nextSequenceId)
    this.detached(async () => {
      this.#reset()
      const { database } = this.client.identity
      if (database !== '') this.useTarget(database)
      this.ok({})
    })
  }

  onResetConnection(): void {
    this.answer.begin(this.client.nextSequenceId)
    this.detached(async () => {
      const { target } = this.state
      this.#reset()
      this.useTarget(printTarget(target)) // COM_RESET_CONNECTION keeps the default database
      this.ok({})
    })
  }

  onClientGone(): void {
    this.proxy.sessions.delete(this.client.id)
    this.interruption.end()
    this.answer.drained()
    this.interruption.stopWorking('the client is gone')
    this.warnings.drop()
    this.prepared.closeAll()
    this.shardSessions.close()
  }

  onDrain(): void {
    this.relaying?.connection.resume()
    this.answer.drained()
  }

  // ----------------------------------------------------------------------------------------- statements

  /** The text of a COM_QUERY or COM_STMT_PREPARE, as the server reads it. */
  #clientText(payload: Buffer): string {
    return trimText(blanksToSpaces(payload.latin1Slice(1), this.state.charset, this.parseOptions))
  }

  /** COM_QUERY: one statement, or several. */
  #text(sql: string, packet: Buffer): void {
    const scan = scanStatement(sql, this.state.sqlMode, this.proxy.serverVersionNumber)
    if (!this.client.multiStatements && scan.hasMore) this.raiseParseError(sql)
    // With several statements allowed, what follows a `;` is one of them, be it nothing but a comment.
    if (!this.client.multiStatements || scan.end === sql.length) return this.#statement(sql, scan, packet)
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
    const sql = trimText(this.#rest)
    this.#rest = ''
    try {
      const scan = scanStatement(sql, this.state.sqlMode, this.proxy.serverVersionNumber)
      this.#rest = sql.slice(scan.end)
      this.answer.moreResults = this.#rest !== ''
      this.answer.started = false
      this.#statement(sql.slice(0, scan.end), scan, undefined)
    } catch (error) {
      this.fail(error)
    }
  }

  #statement(sql: string, scan: Scan, packet: Buffer | undefined): void {
    this.statementBegins(scan)
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
    if ((!this.warnings.holding && state.warningCount === 0) || asksForWarnings(scan)) return
    this.warnings.drop()
    state.warnings = []
  }

  /** Runs a planned statement; `fail` and the rest of the answer are seen to. */
  run(execution: Execution): void {
    if (this.state.transactionFailure !== undefined && execution.plan.root.kind !== 'Session') {
      throw new SqlError('ER_UNKNOWN_ERROR', `${this.state.transactionFailure}. Issue a ROLLBACK to go on`)
    }
    const { plan } = execution
    this.#format = execution.format
    const { queryTimeoutMs } = this.proxy.limits
    if (queryTimeoutMs > 0) this.interruption.startDeadline(queryTimeoutMs)
    if (plan.root.kind === 'Session') {
      const statement = parseStatement(execution.sql, this.parseOptions)
      this.detached(() => runSessionStatement(this, statement, execution))
      return
    }
    runPlan(this, execution)
  }

  planOf(sql: string, scan: Scan): Plan {
    const plans = this.#plans()
    const known = plans.get(scan.key)
    if (known !== undefined) return known
    const { statement, isShared } = normalize(sql, scan, this.parseOptions)
    const plan = planStatement(this, statement, { sql, scan })
    if (isShared && cacheable(scan)) plans.set(scan.key, plan)
    return plan
  }

  /** A syntax error quotes the text to its end, the statements behind this one included. */
  #planOfNext(sql: string, scan: Scan): Plan {
    try {
      if (scan.params > 0) this.#parsePlain(sql) // raises 1064 at the `?`
      return this.planOf(sql, scan)
    } catch (error) {
      if (this.#rest === '' || !(error instanceof SqlError) || error.code !== 'ER_PARSE_ERROR') throw error
      this.#parsePlain(sql + this.#rest)
      throw error
    }
  }

  /** Parses a text that is not prepared, for its error. */
  #parsePlain(sql: string): void {
    parseStatement(sql, { ...this.parseOptions, allowParams: false })
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

  // ------------------------------------------------------------------------------------------- answers

  /** Keeps what FOUND_ROWS(), ROW_COUNT() and LAST_INSERT_ID() will be asked for. */
  noteResult(
    summary: ResponseSummary,
    options: { readonly explicitId: boolean; readonly errorMessage: string },
  ): void {
    const { state } = this
    if (summary.errno !== 0) {
      state.rowCount = -1
      const { errorMessage } = options
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
    if (summary.lastInsertId !== 0 && !options.explicitId) state.lastInsertId = summary.lastInsertId
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
    const told = toldError(this.proxy, error)
    const commitWarning = this.transaction.takeWarning()
    this.warnings.drop()
    this.state.rowCount = -1
    this.state.warnings = [
      { level: 'Error', code: told.errno, message: told.message },
      ...(commitWarning === undefined ? [] : [commitWarning]),
    ]
    const end = () => {
      this.answer.error(told)
      this.statementDone(true)
    }
    const rolledBack = told instanceof ServerError ? this.transaction.afterFailure(told.errno) : undefined
    if (rolledBack === undefined) end()
    else rolledBack.then(end).catch((error) => this.broken(error))
  }

  statementDone(failed: boolean): void {
    this.interruption.end()
    if (failed) this.#rest = ''
    const lastBytes = this.singleShard.takeLastBytes()
    if (this.#rest !== '' && !this.client.closed) {
      if (lastBytes !== undefined) this.client.write(lastBytes)
      return this.#nextStatement()
    }
    this.busy = false
    const { endsConnection } = this.interruption
    if (lastBytes !== undefined && !endsConnection) return this.client.finish(lastBytes)
    if (lastBytes !== undefined) this.client.write(lastBytes)
    if (endsConnection) this.client.close()
    else this.client.commandDone()
  }

  /** Runs the slow part of a statement; whatever it throws is the statement's answer. */
  detached(work: () => Promise<void>): void {
    work()
      .catch((error) => this.fail(error))
      .catch((error) => this.broken(error))
  }

  /** A bug of ours left the session in a state that nobody knows: it ends, and no other with it. */
  broken(error: unknown): void {
    this.proxy.log.error('session ended by a bug', { error, connection: this.client.id })
    this.relaying?.connection.destroy()
    this.client.close()
  }

  // ----------------------------------------------------------------------------- targets, warnings

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

  /** The conditions of the statement before, for SHOW WARNINGS. */
  async fetchWarnings(): Promise<readonly Warning[]> {
    const kept = await this.warnings.fetch()
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

  // ---------------------------------------------------------------------------------------------- other

  #freshState(): SessionState {
    const { identity, capabilities } = this.client
    return new SessionState({
      names: namesOf(identity.collationId, this.proxy.isMariadb),
      foundRows: (capabilities & Capability.FOUND_ROWS) !== 0,
      sqlMode: this.proxy.defaultSqlMode,
      ignoreSpace: (capabilities & Capability.IGNORE_SPACE) !== 0,
    })
  }

  #reset(): void {
    this.warnings.drop()
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
    this.singleShard.relayTo(shard, statement, { read: true, shape: 'fields' })
  }
}

/** Statements that ask about the one before must not disturb what it left behind. */
function asksForWarnings(scan: Scan): boolean {
  if (scan.kind !== 'SHOW' && scan.kind !== 'SELECT') return false
  const key = scan.key.toUpperCase()
  if (scan.kind === 'SHOW') return key.includes('WARNINGS') || key.includes('ERRORS')
  return key.includes('@@') && (key.includes('WARNING_COUNT') || key.includes('ERROR_COUNT'))
}

/**
 * Plans of one-off texts would only push others out of the cache. An empty key is no statement's: comments and a lone `;`,
 * an error, have it alike.
 */
function cacheable(scan: Scan): boolean {
  return scan.key !== '' && scan.key.length < PLAN_KEY_BYTES_MAX
}

const PLAN_KEY_BYTES_MAX = 64 * 1024
