import { ByteBudget } from '../base/byte-budget.ts'
import { noDatabaseSelected, SqlError, unknownDatabase } from '../errors/sql-error.ts'
import type { ShardStatement } from '../mysql/client/shard-statement.ts'
import { Capability, Command, HEADER_BYTES } from '../mysql/codec/constants.ts'
import type { ClientConnection, SessionHandler } from '../mysql/server/session-handler.ts'
import { TEMPORARY_TABLES } from '../plan/reserves.ts'
import { permitFields } from '../policy/permit.ts'
import type { Statement } from '../sql/ast.ts'
import { SessionGateway } from '../tablet/session-gateway.ts'
import { Transaction } from '../transaction/transaction.ts'
import { DEFAULT_COLLATION_ID } from '../values/charsets.ts'
import { Answer } from './commands/answer.ts'
import { Interruption } from './commands/interruption.ts'
import { KeptWarnings } from './commands/kept-warnings.ts'
import { kill } from './commands/kill.ts'
import { Replies } from './commands/replies.ts'
import { TextCommands } from './commands/text-commands.ts'
import { TransactionWatch } from './commands/transaction-watch.ts'
import { preparedBytes } from './prepared/client-statement.ts'
import { PreparedStatements } from './prepared/prepared-statements.ts'
import type { SqlPrepareContext } from './prepared/sql-prepare.ts'
import type { LiveSession, Pin, ProxyContext } from './proxy-context.ts'
import { namesOf } from './settings/character-set.ts'
import { HeldMap } from './settings/held-map.ts'
import { type SessionDefaults, SessionState } from './settings/session-state.ts'
import { onlyKeyspace, printTarget } from './settings/target.ts'
import { useTarget } from './settings/use-target.ts'
import type { Execution } from './statements/execution.ts'
import { runOwnStatement } from './statements/own-statements.ts'
import { RowPlaces } from './statements/row-places.ts'
import { ShardAccess } from './statements/shard-access.ts'
import { SingleShard } from './statements/single-shard.ts'
import { StatementReader } from './statements/statement-reader.ts'
import { TableLocks } from './statements/table-locks.ts'
import { TemporaryTables } from './statements/temporary-tables.ts'
import { UserPlace } from './statements/user-place.ts'

/**
 * One client connection: its parts, and which of them takes a command. The parts know of each other what they ask for in
 * their constructors, and nothing of the session.
 */
export class Session implements SessionHandler, LiveSession {
  readonly client: ClientConnection
  readonly proxy: ProxyContext
  readonly state: SessionState
  readonly answer: Answer
  readonly gateway: SessionGateway
  readonly transaction: Transaction
  readonly temporary: TemporaryTables
  readonly locks: TableLocks
  readonly interruption: Interruption
  readonly warnings: KeptWarnings
  readonly replies: Replies
  readonly shards: ShardAccess
  readonly reader: StatementReader
  readonly singleShard: SingleShard
  readonly rowPlaces: RowPlaces
  readonly userPlace: UserPlace
  /** What the client makes the session hold. */
  readonly memory: ByteBudget
  readonly preparedTexts: SqlPrepareContext['preparedTexts']
  readonly #texts: TextCommands
  readonly #prepared: PreparedStatements
  /** Epoch ms of the last command's beginning. */
  lastCommandMs: number

  constructor(proxy: ProxyContext, client: ClientConnection) {
    this.proxy = proxy
    this.client = client
    this.memory = new ByteBudget(proxy.limits.sessionMemoryMax, proxy.memory)
    this.state = new SessionState(this.#defaults(client.identity.collationId), this.memory)
    this.preparedTexts = new HeldMap(this.memory, ({ sql }) => preparedBytes(sql))
    this.answer = new Answer(client)
    this.gateway = new SessionGateway({
      gateway: proxy.gateway,
      clock: proxy.clock,
      isMariadb: () => proxy.isMariadb,
      isInTransaction: () =>
        this.transaction.lanes.open().some(({ target }) => target.tabletType === 'PRIMARY'),
    })
    this.gateway.begin(this.state.readAfterWrite)
    this.transaction = new Transaction(
      { gateway: this.gateway, atomic: proxy.atomic },
      {
        isReadOnly: () => this.state.isReadOnly,
        isTargeted: () => this.state.target.shard !== undefined,
      },
    )
    this.transaction.mode = this.state.initialMode
    this.temporary = new TemporaryTables(this.transaction, () => proxy.isMariadb)
    this.locks = new TableLocks(this.transaction)
    this.interruption = new Interruption(client, proxy.clock)
    const watch = new TransactionWatch(this, proxy.clock)
    this.transaction.watch = {
      begins: () => watch.begins(this.state.transactionTimeouts(proxy.limits)),
      ends: () => {
        watch.ends()
        this.rowPlaces.leave()
      },
    }
    this.rowPlaces = new RowPlaces(this)
    this.userPlace = new UserPlace(this)
    this.warnings = new KeptWarnings(proxy.clock)
    this.replies = new Replies(this)
    this.shards = new ShardAccess(this)
    this.reader = new StatementReader(this)
    this.singleShard = new SingleShard(this)
    this.#texts = new TextCommands(this)
    this.#prepared = new PreparedStatements(this)
    this.lastCommandMs = proxy.coarseNowMs
  }

  runOwn(statement: Statement, execution: Execution): Promise<void> {
    return runOwnStatement(this, statement, execution)
  }

  get running(): LiveSession['running'] {
    const { command } = this.interruption
    const isQuery = command?.[0] === Command.QUERY
    const text = isQuery ? command.subarray(1) : command && this.#prepared.textOf(command)
    if (text === undefined) return undefined
    const encoding = this.state.charset.startsWith('utf8') ? 'utf8' : 'latin1'
    return { command: isQuery ? 'Query' : 'Execute', text: text.toString(encoding) }
  }

  get isInTransaction(): boolean {
    return this.transaction.isOpen
  }

  get pins(): readonly Pin[] {
    const ofLanes = this.transaction.lanes.all().flatMap((lane) => {
      const tables = this.temporary.on(lane).map((name) => `${TEMPORARY_TABLES} ${name}`)
      const others = [...lane.reservedFor].filter((why) => why !== TEMPORARY_TABLES)
      const open = lane.inTransaction ? ['open transaction'] : []
      return [...open, ...others, ...tables].map((why) => ({ shard: lane.name, why }))
    })
    return [...ofLanes, ...this.#prepared.cursors]
  }

  keepAlive(): void {
    this.transaction.lanes.keepAlive()
  }

  // ------------------------------------------------------------------------------------ SessionHandler

  get statusFlags(): number {
    return this.replies.statusFlags
  }

  get warningCount(): number {
    return this.state.warningCount
  }

  onConnect(): void {
    this.proxy.sessions.set(this.client.id, this)
    this.answer.begin(this.client.nextSequenceId)
    this.#enterDatabase()
  }

  onCommand(payload: Buffer, packet: Buffer): void {
    this.answer.begin(this.client.nextSequenceId)
    this.interruption.begin(payload)
    this.lastCommandMs = this.proxy.coarseNowMs
    try {
      this.#command(payload, packet)
    } catch (error) {
      this.replies.fail(error)
    }
  }

  onPing(): void {
    this.state.rowCount = 0
  }

  onChangeUser(): void {
    this.answer.begin(this.client.nextSequenceId)
    this.#reset(this.client.identity.collationId)
    this.#enterDatabase()
  }

  onResetConnection(): void {
    this.answer.begin(this.client.nextSequenceId)
    this.replies.detached(async () => {
      const { target } = this.state
      this.#reset(DEFAULT_COLLATION_ID) // the server's, whatever the login said
      useTarget(this, printTarget(target)) // COM_RESET_CONNECTION keeps the default database
      this.state.tracker.drop()
      this.replies.ok({})
    })
  }

  onClientGone(): void {
    this.proxy.sessions.delete(this.client.id)
    this.interruption.stopWorking()
    this.interruption.statementEnds()
    this.answer.drained()
    this.warnings.drop()
    this.#prepared.closeAll()
    this.transaction.close()
    this.userPlace.leave()
    this.memory.close()
  }

  onDrain(): void {
    this.interruption.relaying?.connection.resume()
    this.answer.drained()
  }

  /** Answers a login. One too many, or for a database that is not there, ends the connection, as MySQL's does. */
  #enterDatabase(): void {
    const { database } = this.client.identity
    try {
      this.userPlace.connect()
      if (database !== '') useTarget(this, database)
    } catch (error) {
      this.client.close(error as SqlError)
      return
    }
    const stateChanges = this.state.tracker.take()
    this.client.sendOk({ status: this.statusFlags, ...(stateChanges && { stateChanges }) })
  }

  #command(payload: Buffer, packet: Buffer): void {
    switch (payload[0]) {
      case Command.QUERY:
        this.proxy.questions++
        return this.#texts.run(payload, packet)
      case Command.INIT_DB:
        if (payload.length === 1) throw noDatabaseSelected()
        useTarget(this, initDbName(payload))
        return this.replies.ok({})
      case Command.STMT_PREPARE:
        return this.#prepared.prepare(payload)
      case Command.STMT_EXECUTE:
        this.proxy.questions++
        return this.#prepared.execute(payload)
      case Command.STMT_SEND_LONG_DATA:
        return this.#prepared.sendLongData(payload)
      case Command.STMT_RESET:
        return this.#prepared.reset(payload.readUInt32LE(1))
      case Command.STMT_CLOSE:
        return this.#prepared.close(payload.readUInt32LE(1))
      case Command.STMT_FETCH:
        return this.#prepared.fetch(payload)
      case Command.FIELD_LIST:
        return this.#fieldList(packet)
      case Command.PROCESS_KILL:
        return this.replies.detached(() => kill(this, payload.readUInt32LE(1), 'connection'))
      default:
        throw new SqlError('ER_UNKNOWN_COM_ERROR', 'Unknown command')
    }
  }

  /** COM_FIELD_LIST: the columns of a table with their defaults, as any shard describes them. */
  #fieldList(packet: Buffer): void {
    const keyspace = this.state.target.keyspace || onlyKeyspace(this.proxy.gateway)
    if (keyspace === undefined) throw noDatabaseSelected()
    permitFields({ keyspace, table: fieldListTable(packet) }, this.client, this.proxy)
    const statement: ShardStatement = { format: 'text', send: (c, reader) => c.send(packet, reader) }
    this.singleShard.relayTo(this.shards.target(keyspace, 0), statement, { read: true, shape: 'fields' })
  }

  #defaults(collationId: number): SessionDefaults {
    const { capabilities } = this.client
    return {
      names: namesOf(collationId, this.proxy.isMariadb),
      kind: {
        foundRows: (capabilities & Capability.FOUND_ROWS) !== 0,
        multiResults: (capabilities & Capability.MULTI_RESULTS) !== 0,
      },
      sqlMode: this.proxy.defaultSqlMode,
      ignoreSpace: (capabilities & Capability.IGNORE_SPACE) !== 0,
      isTracked: (capabilities & Capability.SESSION_TRACK) !== 0,
      transactionMode: this.proxy.limits.transactionMode,
      readAfterWrite: this.proxy.limits.readAfterWrite,
    }
  }

  #reset(collationId: number): void {
    this.warnings.drop()
    this.#prepared.closeAll()
    this.preparedTexts.clear()
    this.transaction.reset()
    this.temporary.clear()
    this.locks.forget()
    this.state.reset(this.#defaults(collationId))
    this.gateway.begin(this.state.readAfterWrite)
    this.transaction.mode = this.state.initialMode
  }
}

/** The name in a COM_FIELD_LIST, up to its NUL; a pattern for columns follows. */
function fieldListTable(packet: Buffer): string {
  const payload = packet.subarray(HEADER_BYTES + 1)
  const end = payload.indexOf(0)
  return payload.toString('utf8', 0, end < 0 ? payload.length : end)
}

/** The name in a COM_INIT_DB: MySQL reads it as a C string, as some old clients send it. */
function initDbName(payload: Buffer): string {
  const [name] = payload.utf8Slice(1).split('\0')
  if (name === '') throw unknownDatabase('')
  return name!
}
