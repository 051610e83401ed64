import { assert } from '../base/assert.ts'
import { bindQuery } from '../engine/bind.ts'
import { describeInsert } from '../engine/describe-insert.ts'
import { emptyQuery, notSupported, SqlError } from '../errors/sql-error.ts'
import { runCommand } from '../mysql/client/simple-command.ts'
import { encodeColumnDef } from '../mysql/codec/column-def.ts'
import { Command, HEADER_BYTES, Status } from '../mysql/codec/constants.ts'
import { encodePrepareOk } from '../mysql/codec/stmt-prepare.ts'
import type { Plan } from '../plan/plan.ts'
import type { Primitive } from '../plan/primitives.ts'
import type { Routing } from '../plan/routing.ts'
import type { QueryText } from '../plan/text.ts'
import type { Statement } from '../sql/ast.ts'
import { scan as scanStatement } from '../sql/fingerprint.ts'
import { parseStatement } from '../sql/parse.ts'
import type { Scan } from '../sql/scan.ts'
import type { ShardEndpoints } from '../tablet/gateway.ts'
import type { Value } from '../values/value.ts'
import type { Execution } from './execute-plan.ts'
import { boundParams, type ExecuteValues, reorderParams, splitExecute } from './execute-values.ts'
import { integerParam } from './integer-param.ts'
import type { Working } from './interruption.ts'
import { paramDefinition } from './param-definition.ts'
import { paramValue } from './param-value.ts'
import { prepareShow } from './run-show.ts'
import type { Session } from './session.ts'
import type { CursorOptions } from './shard-runner.ts'
import { idPacket, PreparedStatement, preparePacket, rememberStatement } from './shard-statement.ts'
import { paramLiteral } from './sql-literal.ts'
import { substituteParams } from './sql-prepare.ts'
import { inUtf8, StatementBindings, type StatementText } from './statement-bindings.ts'

/** A statement that the client has prepared. Backend connections prepare it when it first runs on them. */
interface ClientStatement {
  readonly id: number
  readonly sql: string
  readonly scan: Scan
  readonly paramCount: number
  /** Types block of the last execute that carried one; they hold until the next. */
  types: Buffer | undefined
  readonly longData: Map<number, Buffer[]>
  longDataBytes: number
  cursor: Cursor | undefined
}

/** An open server-side cursor: its connection stays with the statement until the rows have been fetched. */
interface Cursor {
  readonly working: Working
  readonly backendId: number
  /** False when the connection is the session's own anyway. */
  readonly ownsConnection: boolean
}

const CURSOR_TYPE_READ_ONLY = 1

/** MariaDB's clients send prepare and execute at once: this id stands for the one they do not know yet. */
const LAST_PREPARED = 0xffff_ffff

const UNPREPARABLE_BY_MARIADB: ReadonlySet<Statement['kind']> = new Set(['Prepare', 'Execute', 'Deallocate'])

const DIAGNOSTICS: ReadonlySet<string> = new Set(['WARNINGS', 'ERRORS', 'COUNT WARNINGS', 'COUNT ERRORS'])

/** As MySQL 9.7 has it. */
const UNPREPARABLE: ReadonlySet<Statement['kind']> = new Set([
  ...UNPREPARABLE_BY_MARIADB,
  'Use',
  'Savepoint',
  'RollbackTo',
  'ReleaseSavepoint',
  'Begin',
])

const NO_LONG_DATA: ReadonlyMap<number, readonly Buffer[]> = new Map()

/** The prepared statements of one session. */
export class PreparedStatements {
  readonly #session: Session
  readonly #statements = new Map<number, ClientStatement>()
  #lastId = 0
  /** What the last prepare has made; undefined when it failed. */
  #lastPrepared: ClientStatement | undefined

  constructor(session: Session) {
    this.#session = session
  }

  get size(): number {
    return this.#statements.size
  }

  prepare(sql: string): void {
    const session = this.#session
    const max = session.proxy.limits.preparedStatementsMax
    if (this.#statements.size >= max) {
      throw new SqlError(
        'ER_MAX_PREPARED_STMT_COUNT_REACHED',
        `Can't create more than max_prepared_stmt_count statements (current value: ${max})`,
      )
    }
    const { sqlMode } = session.state
    const scan = scanStatement(sql, sqlMode, session.proxy.serverVersionNumber)
    if (scan.hasMore) session.raiseParseError(sql)
    this.#lastPrepared = undefined
    session.statementBegins(scan)
    const plan = session.planOf(sql, scan)
    const id = ++this.#lastId
    const { root, shortcut } = plan
    if (root.kind === 'Session') return session.detached(() => this.#prepareOwn(id, sql, scan))
    if (root.kind === 'Unsupported' && shortcut === undefined) throw notSupported(root.construct)
    const routing = prepareRouting(plan)
    const bindings = session.bindingsOf(sql, scan)
    const shard = session.shards.of(routing.keyspace).shards[0]!
    const query = preparedText(plan)
    const bound = query === undefined ? undefined : bindQuery(query, bindings)
    const described = root.kind === 'Insert' ? describeInsert(root, bindings) : bound
    this.#prepareOn(shard, described?.kind === 'Text' ? described.sql : sql, { id, sql, scan })
  }

  /** A shard describes params and columns of `text`, what the client's statement is for it. */
  #prepareOn(
    shard: ShardEndpoints,
    text: string,
    { id, sql, scan }: Pick<ClientStatement, 'id' | 'sql' | 'scan'>,
  ): void {
    const session = this.#session
    const packet = preparePacket(text)
    session.singleShard.onceRelayed((summary, working, relay) => {
      if (summary.errno !== 0) return
      rememberStatement(working.connection, text, relay.preparedId)
      this.#add(id, sql, scan, relay.preparedParams)
    })
    session.singleShard.relayTo(
      shard,
      { format: 'binary', send: (connection, reader) => connection.send(packet, reader) },
      { read: true, shape: 'prepare', statementId: id },
    )
  }

  execute(payload: Buffer): void {
    const statement = this.#find(payload.readUInt32LE(1), 'mysqld_stmt_execute')
    const session = this.#session
    if (statement.longDataBytes > session.proxy.limits.maxAllowedPacket) {
      this.#clearLongData(statement)
      throw new SqlError(
        'ER_WRONG_ARGUMENTS',
        "Parameter of prepared statement which is set through mysql_send_long_data() is longer than 'max_allowed_packet' bytes",
      )
    }
    this.#closeCursor(statement)
    const values = this.#values(statement, payload)
    const { sql, scan } = statement
    session.statementBegins(scan)
    const bindings = new ParamBindings(
      { sql, scan, mode: session.state.sqlMode, charset: session.state.charset },
      session.sessionText,
      values,
    )
    const plan = session.planOf(sql, scan)
    let sent = sql
    if ((values.flags & CURSOR_TYPE_READ_ONLY) !== 0) this.#expectCursor(statement, () => sent)
    const execution: Execution = {
      plan,
      sql,
      bindings,
      format: 'binary',
      verbatim: (options) => new PreparedStatement(sql, withCursor(values, options)),
      ofText: (text, options) => {
        sent = text.sql
        return new PreparedStatement(sent, withCursor(reorderParams(values, text.params), options))
      },
    }
    if (plan.root.kind === 'Session' && values.paramCount > 0) this.#runBound(execution, values)
    else session.run(execution)
    statement.longData.clear()
    statement.longDataBytes = 0
  }

  /** A statement that the session runs itself (`SET @x = ?`): its params become literals of its text. */
  #runBound(execution: Execution, values: ExecuteValues): void {
    const session = this.#session
    const { charset } = session.state
    const literals = boundParams(values).map((bound) => paramLiteral(paramValue(bound), charset))
    const sql = substituteParams(session, execution.sql, literals)
    const scan = scanStatement(sql, session.state.sqlMode, session.proxy.serverVersionNumber)
    session.run({ ...execution, sql, bindings: session.bindingsOf(sql, scan) })
  }

  /** No answer, by the protocol: what goes wrong is told by the next execute. */
  sendLongData(payload: Buffer): void {
    const statement = this.#statements.get(payload.readUInt32LE(1))
    const param = payload.readUInt16LE(5)
    if (statement !== undefined && param < statement.paramCount) {
      const data = payload.subarray(7)
      statement.longDataBytes += data.length
      if (statement.longDataBytes <= this.#session.proxy.limits.maxAllowedPacket) {
        const pieces = statement.longData.get(param)
        if (pieces === undefined) statement.longData.set(param, [data])
        else pieces.push(data)
      }
    }
    this.#session.client.commandDone()
  }

  reset(id: number): void {
    const statement = this.#find(id, 'mysqld_stmt_reset')
    this.#clearLongData(statement)
    this.#closeCursor(statement)
    this.#session.ok({})
  }

  /** No answer, by the protocol. */
  close(id: number): void {
    const statement = this.#statements.get(id)
    if (statement !== undefined) this.#closeCursor(statement)
    if (statement === this.#lastPrepared) this.#lastPrepared = undefined
    this.#statements.delete(id)
    this.#session.client.commandDone()
  }

  /** Rows of an open cursor, relayed. */
  fetch(payload: Buffer): void {
    const statement = this.#find(payload.readUInt32LE(1), 'mysqld_stmt_fetch')
    const { cursor } = statement
    if (cursor === undefined) {
      throw new SqlError('ER_STMT_HAS_NO_OPEN_CURSOR', `The statement (${statement.id}) has no open cursor.`)
    }
    const packet = Buffer.concat([idPacket(Command.STMT_FETCH, cursor.backendId), payload.subarray(5, 9)])
    packet.writeUIntLE(packet.length - 4, 0, 3)
    this.#session.singleShard.onceRelayed((summary) => {
      if (summary.errno !== 0 || (summary.status & Status.LAST_ROW_SENT) !== 0) this.#closeCursor(statement)
    })
    this.#session.singleShard.relayOnKept(cursor.working, packet, 'rows')
  }

  closeAll(): void {
    for (const statement of this.#statements.values()) this.#closeCursor(statement)
    this.#statements.clear()
    this.#lastPrepared = undefined
  }

  #add(id: number, sql: string, scan: Scan, paramCount: number): void {
    this.#lastPrepared = {
      id,
      sql,
      scan,
      paramCount,
      types: undefined,
      longData: new Map(),
      longDataBytes: 0,
      cursor: undefined,
    }
    this.#statements.set(id, this.#lastPrepared)
  }

  #find(id: number, asker: string): ClientStatement {
    const statement = id === LAST_PREPARED ? this.#lastPrepared : this.#statements.get(id)
    if (statement === undefined) {
      throw new SqlError(
        'ER_UNKNOWN_STMT_HANDLER',
        `Unknown prepared statement handler (${id}) given to ${asker}`,
      )
    }
    return statement
  }

  /** SET, SHOW and their kin: the session runs them itself. Only SHOW answers columns. */
  async #prepareOwn(id: number, sql: string, scan: Scan): Promise<void> {
    const session = this.#session
    const statement = parseStatement(sql, session.parseOptions)
    if (statement.kind === 'Empty' && !statement.comment) throw emptyQuery()
    if (isUnpreparable(statement, session.proxy.isMariadb)) {
      throw new SqlError(
        'ER_UNSUPPORTED_PS',
        'This command is not supported in the prepared statement protocol yet',
      )
    }
    const shown = statement.kind === 'Show' ? await prepareShow(session, statement, sql) : []
    if ('shard' in shown) return this.#prepareOn(shown.shard, shown.text, { id, sql, scan })
    this.#add(id, sql, scan, scan.params)
    const { answer, statusFlags } = session
    const { params } = scan
    answer.write(
      encodePrepareOk({ statementId: id, columns: shown.length, params, warnings: 0 }, answer.sequenceId++),
    )
    if (params > 0) answer.definitions(new Array(params).fill(paramDefinition), statusFlags)
    if (shown.length > 0) {
      const payloads = shown.map((column) => encodeColumnDef(column, 0).subarray(HEADER_BYTES))
      answer.definitions(payloads, statusFlags)
    }
    session.statementDone(false)
  }

  #values(statement: ClientStatement, payload: Buffer): ExecuteValues {
    const { paramCount, types } = statement
    const longData = statement.longData.size === 0 ? NO_LONG_DATA : new Map(statement.longData)
    const values = splitExecute(payload, { paramCount, types, longData })
    statement.types = values.types
    return values
  }

  /** `sent` tells the text that the backend was given. */
  #expectCursor(statement: ClientStatement, sent: () => string): void {
    this.#session.singleShard.onceRelayed((summary, working) => {
      if ((summary.status & Status.CURSOR_EXISTS) === 0) return
      const prepared = working.connection.statements.get(sent())
      assert(prepared !== undefined, 'what was executed is prepared')
      working.kept = true
      statement.cursor = {
        working,
        backendId: prepared.id,
        ownsConnection: this.#session.shardSessions.ofConnection(working.connection) === undefined,
      }
    })
  }

  #closeCursor(statement: ClientStatement): void {
    const { cursor } = statement
    if (cursor === undefined) return
    statement.cursor = undefined
    const { endpoint, connection } = cursor.working
    const reset = runCommand(connection, idPacket(Command.STMT_RESET, cursor.backendId))
    if (cursor.ownsConnection)
      reset.then(
        () => endpoint.pool.release(connection),
        () => connection.destroy(),
      )
    else reset.catch(() => connection.destroy())
  }

  #clearLongData(statement: ClientStatement): void {
    statement.longData.clear()
    statement.longDataBytes = 0
  }
}

function withCursor(values: ExecuteValues, options: CursorOptions | undefined): ExecuteValues {
  return values.flags === 0 || options?.cursor === true ? values : { ...values, flags: 0 }
}

/** Bindings whose params are decoded when the first of them is asked for: a plan may need none. */
class ParamBindings extends StatementBindings {
  readonly #values: ExecuteValues
  readonly #charset: string
  #decoded: readonly Value[] | undefined

  constructor(text: StatementText, sessionText: (name: string) => string, values: ExecuteValues) {
    super(text, sessionText)
    this.#values = values
    this.#charset = text.charset
  }

  override paramValue(param: number): Value {
    if (this.#decoded === undefined) {
      const integer = integerParam(this.#values, param)
      if (integer !== undefined) return integer
    }
    this.#decoded ??= boundParams(this.#values).map((bound) => inUtf8(paramValue(bound), this.#charset))
    return this.#decoded[param]!
  }
}

/** The server refuses to prepare it: ER_UNSUPPORTED_PS. */
export function isUnpreparable(statement: Statement, isMariadb: boolean): boolean {
  if (isMariadb) return UNPREPARABLE_BY_MARIADB.has(statement.kind)
  if (statement.kind === 'Show') return DIAGNOSTICS.has(statement.what)
  return UNPREPARABLE.has(statement.kind) || (statement.kind === 'Empty' && statement.comment)
}

/** The statement as one shard must see it; undefined where the client's own text has to do. */
function preparedText({ root, shortcut }: Plan): QueryText | undefined {
  return root.kind === 'Ddl' ? root.query : shortcut?.query
}

/** The keyspace whose first shard describes the statement's params and columns. */
function prepareRouting({ root, shortcut }: Plan): Pick<Routing, 'keyspace'> {
  return shortcut?.routing ?? { keyspace: keyspaceOf(root) }
}

/** Any keyspace that the tree of primitives reaches. */
function keyspaceOf(root: Primitive): string {
  if (root.kind === 'Route') return root.routing.keyspace
  if ('keyspace' in root) return root.keyspace
  if ('input' in root) return keyspaceOf(root.input)
  return root.kind === 'Concatenate' ? keyspaceOf(root.inputs[0]!) : ''
}
