import { assert } from '../../base/assert.ts'
import { bindQuery } from '../../engine/bind.ts'
import { makeCopies } from '../../engine/federate.ts'
import { shardsMet } from '../../engine/met-shards.ts'
import { errorOfUnsupported } from '../../engine/run.ts'
import { emptyQuery, SqlError } from '../../errors/sql-error.ts'
import type { Description } from '../../mysql/client/describe.ts'
import {
  idPacket,
  PreparedStatement,
  preparePacket,
  rememberStatement,
} from '../../mysql/client/shard-statement.ts'
import { encodeColumnDef } from '../../mysql/codec/column-def.ts'
import { Command, HEADER_BYTES, Status } from '../../mysql/codec/constants.ts'
import {
  boundParams,
  type ExecuteValues,
  reorderParams,
  splitExecute,
} from '../../mysql/codec/execute-values.ts'
import { encodePrepareOk } from '../../mysql/codec/stmt-prepare.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Federate } from '../../plan/primitives.ts'
import type { Routing } from '../../plan/routing.ts'
import type { Query, Show, Statement } from '../../sql/ast.ts'
import type { ShardTarget } from '../../tablet/shard-target.ts'
import { valueLiteral } from '../../values/sql-literal.ts'
import { type StatementBeginsContext, statementBegins } from '../commands/statement-begins.ts'
import type { Pin } from '../proxy-context.ts'
import { requireMemory } from '../settings/held-map.ts'
import { prepareShow, type ShownContext } from '../show/run-show.ts'
import { reportOnOne } from '../show/table-reports.ts'
import type { CursorOptions, Execution, RelayedHook } from '../statements/execution.ts'
import { explainedAnywhere } from '../statements/explain.ts'
import { type RunContext, runStatement } from '../statements/run-statement.ts'
import { SessionPort } from '../statements/session-port.ts'
import { textExecution } from '../statements/text-execution.ts'
import { withVariables } from '../statements/user-variables.ts'
import { thrownWithWrittenNames } from '../statements/written-names.ts'
import { ClientStatement, type PreparedText, preparedBytes } from './client-statement.ts'
import { describePlan } from './describe-plan.ts'
import { ParamBindings } from './param-bindings.ts'
import { paramDefinition } from './param-definition.ts'
import { paramValue } from './param-value.ts'
import { checkPreparable } from './preparable.ts'
import { substituteParams } from './substitute-params.ts'

export type PreparedContext = RunContext & StatementBeginsContext & ShownContext

const CURSOR_TYPE_READ_ONLY = 1

const QUERIES: ReadonlySet<Statement['kind']> = new Set<Query['kind']>([
  ...(['Select', 'SetOperation', 'NestedQuery', 'ValuesQuery', 'TableQuery'] as const),
])

/** MariaDB's clients send prepare and execute at once: this id stands for the one they do not know yet. */
const LAST_PREPARED = 0xffff_ffff

const NO_LONG_DATA: ReadonlyMap<number, readonly Buffer[]> = new Map()

/** The prepared statements of one session: COM_STMT_…. */
export class PreparedStatements {
  readonly #context: PreparedContext
  readonly #statements = new Map<number, ClientStatement>()
  #lastId = 0
  /** What the last prepare has made; undefined when it failed. */
  #lastPrepared: ClientStatement | undefined

  constructor(context: PreparedContext) {
    this.#context = context
  }

  prepare(payload: Buffer): void {
    const { proxy, reader, replies, memory } = this.#context
    const reading = reader.current
    const sql = reading.ownText(reading.clientText(payload))
    const max = proxy.limits.preparedStatementsMax
    if (this.#statements.size >= max) {
      throw new SqlError(
        'ER_MAX_PREPARED_STMT_COUNT_REACHED',
        `Can't create more than max_prepared_stmt_count statements (current value: ${max})`,
      )
    }
    requireMemory(memory, preparedBytes(sql))
    const scan = reading.scan(sql)
    if (scan.hasMore) reading.refuseSeveral(sql)
    this.#lastPrepared = undefined
    statementBegins(this.#context, scan)
    const text = { id: ++this.#lastId, sql, scan, reading }
    const { locks, temporary } = this.#context
    if (!locks.isHeld) return this.#prepare(text)
    replies.detached(async () => {
      const statement = reading.parse(sql)
      if (statement.kind !== 'Ddl') await locks.check(statement, reading.target, temporary)
      this.#prepare(text)
    })
  }

  #prepare(text: PreparedText): void {
    const { shards, replies } = this.#context
    const { sql, scan, reading } = text
    const plan = reading.planOf(sql, scan)
    const { root, shortcut, mayGiveUp } = plan
    if (root.kind === 'Session') return replies.detached(() => this.#prepareOwn(text))
    if (root.kind === 'Unsupported' && shortcut === undefined) throw errorOfUnsupported(root)
    const isJoined = shortcut === undefined && mayGiveUp === true
    const copies = root.kind !== 'Federate' && isJoined ? reading.planOverCopies(sql, scan)?.root : root
    if (copies?.kind === 'Federate' && shortcut === undefined)
      return replies.detached(() => this.#prepareOverCopies(copies, plan, text))
    if (root.kind === 'WriteOverCopies')
      return replies.detached(() => this.#prepareOverCopies(root.copies, plan, text, root.routing))
    // Tables of several keyspaces: no server can look at all of them before it runs.
    const readsFirst =
      root.kind === 'ChosenWrite' ||
      root.kind === 'SelectedInsert' ||
      (root.kind === 'Insert' && root.reads !== undefined) ||
      (root.kind === 'CreateSelected' && root.defined !== undefined) ||
      (root.kind === 'Ddl' && root.like !== undefined)
    if (readsFirst && shortcut === undefined)
      return replies.detached(async () => this.#answerPrepared(text, withoutColumns(scan.params)))
    const bindings = reading.bindingsOf(sql, scan)
    const described = describePlan(plan, bindings)
    // What a shard alone has (temporary and pinned tables) no other can describe.
    const isOfOne = shortcut?.routing.kind === 'Pinned' || shortcut?.routing.kind === 'Shard'
    const shard = isOfOne ? shardsMet(shortcut.routing, bindings, shards)[0]! : 0
    this.#prepareOn(shards.target(described.keyspace, shard), described.sql ?? sql, text, plan.userVariables)
  }

  execute(payload: Buffer): void {
    const { proxy } = this.#context
    const statement = this.#find(payload.readUInt32LE(1))
    if (statement.isBroken)
      throw new SqlError('ER_WRONG_ARGUMENTS', 'Incorrect arguments to mysql_stmt_precheck')
    if (statement.longDataBytes > proxy.limits.maxAllowedPacket) {
      statement.clearLongData()
      throw new SqlError(
        'ER_WRONG_ARGUMENTS',
        "Parameter of prepared statement which is set through mysql_send_long_data() is longer than 'max_allowed_packet' bytes",
      )
    }
    const { longDataError } = statement
    if (longDataError !== undefined) {
      statement.clearLongData()
      throw longDataError
    }
    this.#closeCursor(statement)
    const values = valuesOf(statement, payload)
    const { sql, scan, reading } = statement
    statementBegins(this.#context, scan)
    const plan = reading.planOf(sql, scan)
    const bindings = new ParamBindings(reading.textOf(sql, scan), reading.sessionText, values)
    const execution = this.#executionOf(statement, values, { plan, bindings, reading })
    if (plan.root.kind === 'Session' && values.paramCount > 0) this.#runBound(execution, values)
    else runStatement(this.#context, execution)
  }

  /** The text that a COM_STMT_EXECUTE runs. */
  textOf(command: Buffer): Buffer | undefined {
    if (command[0] !== Command.STMT_EXECUTE || command.length < 5) return undefined
    const statement = this.#statements.get(command.readUInt32LE(1))
    return statement && Buffer.from(statement.sql, 'latin1')
  }

  /** No answer, by the protocol: what goes wrong is told by the next execute. */
  sendLongData(payload: Buffer): void {
    const { proxy, replies } = this.#context
    const statement = this.#statements.get(payload.readUInt32LE(1))
    const param = payload.readUInt16LE(5)
    statement?.addLongData(param, payload.subarray(7), proxy.limits.maxAllowedPacket)
    replies.done(false)
  }

  reset(id: number): void {
    const statement = this.#find(id)
    statement.reset()
    this.#closeCursor(statement)
    this.#context.replies.ok({})
  }

  /** No answer, by the protocol. */
  close(id: number): void {
    const statement = this.#statements.get(id)
    if (statement !== undefined) this.#forget(statement)
    if (statement === this.#lastPrepared) this.#lastPrepared = undefined
    this.#statements.delete(id)
    this.#context.replies.done(false)
  }

  /** Rows of an open cursor, relayed. */
  fetch(payload: Buffer): void {
    const statement = this.#find(payload.readUInt32LE(1))
    const { cursor } = statement
    if (cursor === undefined) {
      throw new SqlError('ER_STMT_HAS_NO_OPEN_CURSOR', `The statement (${statement.id}) has no open cursor.`)
    }
    const packet = Buffer.concat([idPacket(Command.STMT_FETCH, cursor.backendId), payload.subarray(5, 9)])
    packet.writeUIntLE(packet.length - 4, 0, 3)
    const onRelayed: RelayedHook = (summary) => {
      if (summary.errno !== 0 || (summary.status & Status.LAST_ROW_SENT) !== 0) this.#closeCursor(statement)
    }
    this.#context.singleShard.relayOnKept(cursor, packet, { shape: 'rows', onRelayed })
  }

  /** Open cursors on connections that nothing else holds. */
  get cursors(): readonly Pin[] {
    return [...this.#statements.values()].flatMap((statement) => {
      const { cursor } = statement
      if (cursor === undefined || cursor.lane !== undefined) return []
      const { keyspace, shard } = cursor.target
      return [{ shard: `${keyspace}/${shard}`, why: cursorOf(statement) }]
    })
  }

  closeAll(): void {
    for (const statement of this.#statements.values()) this.#forget(statement)
    this.#statements.clear()
    this.#lastPrepared = undefined
  }

  // ------------------------------------------------------------------------------------------- prepare

  /** A shard describes params and columns of `sql`, what the client's statement is for it. */
  #prepareOn(target: ShardTarget, sql: string, text: PreparedText, variables: readonly string[] = []): void {
    const { state, singleShard } = this.#context
    const settings = withVariables(state.settings, state, variables)
    const packet = preparePacket(sql)
    const onRelayed: RelayedHook = (summary, { lease, preparedId, preparedParams }) => {
      if (summary.errno !== 0) return
      rememberStatement(lease.connection, sql, preparedId)
      this.#add(text, preparedParams)
    }
    singleShard.relayTo(
      target,
      { format: 'binary', send: (connection, reader) => connection.send(packet, reader) },
      {
        settings,
        read: true,
        begins: false,
        shape: 'prepare',
        statementId: text.id,
        onRelayed,
        written: text,
      },
    )
  }

  /** No server has all of its tables. `home`: of a statement that writes, the shard where its other ones are. */
  async #prepareOverCopies(root: Federate, plan: Plan, text: PreparedText, home?: Routing): Promise<void> {
    const { state, interruption, shards } = this.#context
    const { sql, scan, reading } = text
    const execution = textExecution(reading, sql, { scan, plan })
    const settings = withVariables(state.settingsFor(reading), state, plan.userVariables)
    const port = new SessionPort(this.#context, execution, settings)
    const { bindings } = execution
    const scratch =
      home === undefined
        ? await port.openScratch(root.keyspace)
        : await port.openScratchOn(home.keyspace, shardsMet(home, bindings, shards)[0]!)
    const query = bindQuery(home === undefined ? root.asked : root.query, bindings)
    let described: Description
    try {
      await makeCopies(root, scratch)
      described = await scratch.describe(query, root)
    } catch (error) {
      throw thrownWithWrittenNames(error, text, this.#context.proxy)
    } finally {
      await scratch.close()
    }
    interruption.throwIfKilled()
    // A query that is named twice has its params twice there.
    const order = query.kind === 'Text' ? query.params : []
    const params = Array.from({ length: scan.params }, (_, param) => {
      return described.params[order.indexOf(param)] ?? paramDefinition
    })
    this.#answerPrepared(text, { ...described, params })
  }

  /** SET, SHOW and their kin: the session runs them itself. Only SHOW answers columns. */
  async #prepareOwn(text: PreparedText): Promise<void> {
    const { proxy } = this.#context
    const statement = text.reading.parse(text.sql)
    if (statement.kind === 'Empty' && !statement.comment) throw emptyQuery()
    checkPreparable(statement, proxy)
    // A query of information_schema: every server has its columns.
    if (QUERIES.has(statement.kind)) return this.#prepareOn(this.#context.shards.anyTarget(), text.sql, text)
    if (statement.kind === 'Explain' && statement.format !== 'VITESS') {
      const { keyspace, sql } = explainedAnywhere(statement, text)
      return this.#prepareOn(this.#context.shards.target(keyspace, 0), sql, text)
    }
    if (statement.kind === 'TableAdmin') {
      const { target, sql } = reportOnOne(this.#context, statement)
      return this.#prepareOn(target, sql, text)
    }
    const shown = statement.kind === 'Show' ? await this.#prepareShow(statement, text) : []
    if ('keyspace' in shown) {
      const { keyspace, shard } = shown
      return this.#prepareOn(this.#context.shards.target(keyspace, shard), shown.text, text)
    }
    this.#answerPrepared(text, {
      ...withoutColumns(text.scan.params),
      columns: shown.map((column) => encodeColumnDef(column, 0).subarray(HEADER_BYTES)),
    })
  }

  #answerPrepared(text: PreparedText, { params, columns, warnings }: Description): void {
    const { answer, replies } = this.#context
    this.#add(text, params.length)
    const { statusFlags } = replies
    answer.write(
      encodePrepareOk(
        { statementId: text.id, columns: columns.length, params: params.length, warnings },
        answer.sequenceId++,
      ),
    )
    if (params.length > 0) answer.definitions(params, statusFlags)
    if (columns.length > 0) answer.definitions(columns, statusFlags)
    replies.done(false)
  }

  #prepareShow(show: Show, { sql, reading }: PreparedText): ReturnType<typeof prepareShow> {
    return prepareShow(this.#context, { show, sql, target: reading.target }, reading)
  }

  #add(text: PreparedText, paramCount: number): void {
    this.#lastPrepared = new ClientStatement(text, paramCount, this.#context.memory)
    this.#statements.set(text.id, this.#lastPrepared)
  }

  #forget(statement: ClientStatement): void {
    this.#closeCursor(statement)
    statement.close()
  }

  #find(id: number): ClientStatement {
    const statement = id === LAST_PREPARED ? this.#lastPrepared : this.#statements.get(id)
    if (statement !== undefined) return statement
    throw new SqlError(
      'ER_UNKNOWN_STMT_HANDLER',
      `Unknown prepared statement handler (${id}) given to mysql_stmt_precheck`,
    )
  }

  // ------------------------------------------------------------------------------------------- execute

  #executionOf(
    statement: ClientStatement,
    values: ExecuteValues,
    { plan, bindings, reading }: Pick<Execution, 'plan' | 'bindings' | 'reading'>,
  ): Execution {
    const { sql } = statement
    let sent = sql
    const wantsCursor = (values.flags & CURSOR_TYPE_READ_ONLY) !== 0
    // Field by field: a spread costs a prepared point select 2 of its 50 µs.
    return {
      plan,
      bindings,
      reading,
      sql,
      format: 'binary',
      verbatim: (options) => new PreparedStatement(sql, withCursor(values, options)),
      ofText: (text, options) => {
        sent = text.sql
        return new PreparedStatement(sent, withCursor(reorderParams(values, text.params), options))
      },
      onRelayed: wantsCursor ? this.#cursorHook(statement, () => sent) : undefined,
    }
  }

  /** A statement that the session runs itself (`SET @x = ?`): its params become literals of its text. */
  #runBound(execution: Execution, values: ExecuteValues): void {
    const { proxy, state } = this.#context
    const { reading } = execution
    const literals = boundParams(values).map((bound) => valueLiteral(paramValue(bound), state.charset))
    const sql = substituteParams(reading.parse(execution.sql), execution.sql, literals, proxy)
    runStatement(this.#context, { ...execution, sql, bindings: reading.bindingsOf(sql, reading.scan(sql)) })
  }

  /** `sent` tells the text that the backend was given. */
  #cursorHook(statement: ClientStatement, sent: () => string): RelayedHook {
    return (summary, { target, lease, keep }) => {
      if ((summary.status & Status.CURSOR_EXISTS) === 0) return
      const { statements } = lease.connection
      const prepared = statements.get(sent())
      assert(prepared !== undefined, 'what was executed is prepared')
      statements.delete(sent()) // whoever executes the same text would close the cursor
      keep()
      const lane = this.#context.transaction.lanes.ofConnection(lease.connection)
      lane?.reserve(cursorOf(statement)) // rows are fetched behind COMMIT, too
      statement.cursor = { target, lease, lane, backendId: prepared.id }
    }
  }

  #closeCursor(statement: ClientStatement): void {
    const { cursor } = statement
    if (cursor === undefined) return
    statement.cursor = undefined
    const { lease, lane, backendId } = cursor
    lease.connection.sendUnanswered(idPacket(Command.STMT_CLOSE, backendId))
    if (lane === undefined) lease.release()
    else lane.unreserve(cursorOf(statement))
  }
}

/** Why a lane is reserved. */
function cursorOf({ id }: ClientStatement): string {
  return `the cursor of statement ${id}`
}

/** Where the values of an execute lie; its types are remembered for the next one that brings none. */
function valuesOf(statement: ClientStatement, payload: Buffer): ExecuteValues {
  const { paramCount, types } = statement
  const longData = statement.longData.size === 0 ? NO_LONG_DATA : new Map(statement.longData)
  statement.clearLongData()
  const values = splitExecute(payload, { paramCount, types, longData })
  statement.types = values.types
  return values
}

function withCursor(values: ExecuteValues, options: CursorOptions | undefined): ExecuteValues {
  return values.flags === 0 || options?.cursor === true ? values : { ...values, flags: 0 }
}

function withoutColumns(params: number): Description {
  return { params: new Array(params).fill(paramDefinition), columns: [], warnings: 0 }
}
