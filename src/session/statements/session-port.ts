import type { ByteBudget } from '../../base/byte-budget.ts'
import type { BoundQuery } from '../../engine/bindings.ts'
import { isOfTheText, mergeConditions } from '../../engine/merge-conditions.ts'
import type { RowStream } from '../../engine/row-stream.ts'
import {
  type ClientFile,
  type Judge,
  type LeftByLoad,
  type OutsideOptions,
  queryOf,
  type ShardLoad,
  type ShardPort,
  type ShardQuery,
  type ShardWrite,
  type StoredAnswer,
  type StoredQuestion,
  type ToldConditions,
  type WriteAnswer,
} from '../../engine/shard-port.ts'
import type { Condition } from '../../errors/condition.ts'
import { ServerError } from '../../errors/server-error.ts'
import { SqlError } from '../../errors/sql-error.ts'
import { readConditions } from '../../mysql/client/conditions.ts'
import { type ShardStatement, TextStatement } from '../../mysql/client/shard-statement.ts'
import { framePayload } from '../../mysql/codec/framing.ts'
import { ResponseHeader } from '../../mysql/codec/responses.ts'
import type { ClientConnection } from '../../mysql/server/session-handler.ts'
import type { DdlObject } from '../../plan/write-primitives.ts'
import type { Lease } from '../../tablet/lease.ts'
import { type Settings, withItems } from '../../tablet/settings.ts'
import { committingFirst, type ShardTarget } from '../../tablet/shard-target.ts'
import { numbered } from '../../transaction/first-failure.ts'
import { type RunOnShardOptions, runOnShard } from '../../transaction/run-on-shard.ts'
import { settleAll } from '../../transaction/settle-all.ts'
import { openLoad } from '../../transaction/shard-load.ts'
import type { Transaction } from '../../transaction/transaction.ts'
import {
  type StatementWatch,
  type ShardWrite as TargetWrite,
  writeShards,
} from '../../transaction/write-shards.ts'
import type { Answer } from '../commands/answer.ts'
import type { Interruption } from '../commands/interruption.ts'
import type { ProxyContext } from '../proxy-context.ts'
import type { SessionState } from '../settings/session-state.ts'
import { FIRST_NULL, textValue } from '../settings/variable-value.ts'
import { ReceivedFile } from './client-file.ts'
import { conditionTexts } from './condition-texts.ts'
import { definitionOf, exclusively } from './ddl-port.ts'
import { type Execution, statementFor } from './execution.ts'
import { FetchedRows } from './fetched-rows.ts'
import { InnerStatements, type MakePort } from './inner-statements.ts'
import { SessionLoadStage } from './load-stage.ts'
import { SessionLookupTables } from './lookup-tables.ts'
import {
  copying,
  type EndedCopies,
  ofLane,
  ofLease,
  ScratchConnection,
  type ScratchHost,
} from './scratch-connection.ts'
import { withoutSelectLimit } from './select-limit.ts'
import type { ShardAccess } from './shard-access.ts'
import { ShardRows } from './shard-rows.ts'
import { storedValues } from './stored-values.ts'

export interface SessionPortContext {
  readonly proxy: Pick<
    ProxyContext,
    'gateway' | 'isMariadb' | 'limits' | 'sequences' | 'schemaChanged' | 'clock'
  >
  readonly transaction: Transaction
  readonly interruption: Interruption
  readonly shards: ShardAccess
  readonly memory: ByteBudget
  readonly state: SessionState
  readonly client: ClientConnection
  readonly answer: Answer
}

/** A user variable that a connection has with some value. */
const NOT_KNOWN = { items: '', type: '' }

/** Of what runs whatever becomes of the client's statement. A connection that is lost, or silent for too long, ends it. */
const UNWATCHED: StatementWatch = {
  signal: new AbortController().signal,
  working: new Set(),
  throwIfKilled() {},
}

const NO_CONDITIONS: ToldConditions = { conditions: [], count: 0 }

export interface PortOptions {
  /** In a transaction: what is written commits ahead of the rest. */
  readonly commitsFirst?: boolean
  /** The statement is one of the proxy's own about lookup tables: transaction_mode = 'single' is not about these. */
  readonly isOwn?: boolean
  /** Of a statement of the proxy's own: how many stand above it. */
  readonly depth?: number
  /** Statements of the proxy's own go through this one. */
  readonly asks?: SessionPort
}

/** The shards as the plan of one statement reaches them, in the session's transaction and with its settings. */
export class SessionPort implements ShardPort {
  readonly #context: SessionPortContext
  readonly #execution: Execution
  readonly #settings: Settings
  readonly #wholeSettings: Settings
  #scratch: ScratchConnection | undefined
  readonly #conditions: Promise<readonly Condition[]>[] = []
  /** As counted by the shards, which keep no more than max_error_count. */
  #warningCount = 0
  #hasLasting = false
  #conditionTexts: ReadonlySet<string> | undefined
  #lookups: SessionLookupTables | undefined
  readonly #commitsFirst: boolean
  readonly #isOwn: boolean
  readonly #depth: number
  readonly #asks: SessionPort | undefined

  /**
   * `settings`: of the connections; the session's own but for what only holds for whole answers, which one connection gives
   * alone that has `whole`.
   */
  constructor(
    context: SessionPortContext,
    execution: Execution,
    settings: Settings,
    whole = settings,
    options: PortOptions = {},
  ) {
    this.#context = context
    this.#commitsFirst = options.commitsFirst === true
    this.#isOwn = options.isOwn === true
    this.#depth = options.depth ?? 0
    this.#asks = options.asks
    this.#execution = execution
    this.#settings = settings
    this.#wholeSettings = whole
  }

  async openStreams({
    keyspace,
    shards,
    query,
    asText,
    kept,
    writes,
  }: ShardQuery): Promise<readonly RowStream[]> {
    const one = 'kind' in query ? this.#statement(query, asText) : undefined
    const { transaction } = this.#context
    if (transaction.isSingle && this.#execution.plan.locks && !this.#isOwn)
      transaction.noteWrite(shards.map((shard) => this.#target(keyspace, shard)))
    const opening = shards.map((shard, i) => {
      const target = this.#target(keyspace, shard)
      const own = queryOf({ query }, i)
      if (kept === true && own.kind === 'Text') return this.#openKept(target, own.sql)
      return this.#open(target, one ?? this.#statement(own, asText), writes)
    })
    try {
      return await Promise.all(opening)
    } catch {
      return closeOpened(opening)
    }
  }

  get warnings(): number {
    return this.#warningCount
  }

  async lostDates(): Promise<boolean> {
    if (this.#warningCount === 0) return false
    const told = (await Promise.all(this.#conditions)).flat()
    return told.length < this.#warningCount || told.some(isLostDate)
  }

  get hidesLostDates(): boolean {
    const { proxy, state } = this.#context
    return proxy.isMariadb && state.noZeroInDate
  }

  write(writes: readonly ShardWrite[], judge?: Judge): Promise<readonly WriteAnswer[]> {
    const { transaction, interruption } = this.#context
    const targets = writes.map((write) => this.#targetWrite(write))
    if (transaction.isSingle && !this.#isOwn) transaction.noteWrite(targets.map(({ target }) => target))
    const settings = writes[0]?.copiesRows ? copying(this.#settings) : this.#settings
    if (targets.length > 1) return writeShards(transaction, targets, settings, interruption, judge)
    return settleAll(targets.map((write) => this.#writeAlone(write, settings)))
  }

  async #writeAlone(write: TargetWrite, settings: Settings): Promise<WriteAnswer> {
    const { rows } = write
    try {
      return await this.#runOn(write, { settings, outsideTransaction: false })
    } catch (error) {
      throw rows !== undefined && error instanceof ServerError ? numbered({ error, rows }) : error
    }
  }

  outside(write: ShardWrite, options: OutsideOptions = {}): () => Promise<WriteAnswer> {
    const targeted = this.#targetWrite(write)
    const own = this.#settings
    const isUnchecked = options.foreignKeyChecks === false
    const settings = isUnchecked ? withItems(own, new Map([...own.items, ['foreign_key_checks', '0']])) : own
    const watch = options.isUndo ? UNWATCHED : this.#context.interruption
    return () => {
      this.noteLasting()
      return this.#runOn(targeted, { settings, outsideTransaction: true }, watch)
    }
  }

  exclusively<T>(keyspace: string, names: readonly string[], work: () => Promise<T>): Promise<T> {
    return exclusively(this.#context, this.#target(keyspace, 0), { keyspace, names }, work)
  }

  definition(keyspace: string, shard: number, object: DdlObject): Promise<string | undefined> {
    return definitionOf(this.#context.shards, this.#target(keyspace, shard), object)
  }

  /** Something has been done that stays, whatever becomes of the statement. */
  noteLasting(): void {
    this.#hasLasting = true
  }

  get hasLasting(): boolean {
    return this.#hasLasting
  }

  commit(): Promise<void> {
    this.noteLasting()
    return this.#context.transaction.commit()
  }

  schemaChanged(keyspace: string, tables: readonly string[]): Promise<void> {
    return this.#context.proxy.schemaChanged(keyspace, tables)
  }

  async asStored(keyspace: string, question: StoredQuestion): Promise<StoredAnswer> {
    const { proxy, shards, interruption } = this.#context
    const target = this.#target(keyspace, shards.pick(keyspace, shards.of(keyspace).shards.length))
    const lease = await proxy.gateway.acquire(target, this.#settings, interruption)
    return storedValues(lease, question, withoutSelectLimit(this.#settings), interruption)
  }

  async openScratch(keyspace: string, options?: { readonly isOfKeyspace: true }): Promise<ScratchConnection> {
    const { proxy, transaction, shards, interruption } = this.#context
    const own = options?.isOfKeyspace ? undefined : proxy.limits.copiesKeyspace
    if (own !== undefined && !shards.isKeyspace(own)) throw noCopiesKeyspace(own)
    const at = own ?? keyspace
    const target = this.#target(at, shards.pick(at, shards.of(at).shards.length))
    const lease = await transaction.gateway.acquire(target, this.#wholeSettings, interruption, 'scratch')
    const { stopped } = interruption
    if (stopped !== undefined) {
      lease.release()
      throw stopped
    }
    this.#scratch = this.#scratchOn(ofLease(lease))
    return this.#scratch
  }

  async openScratchOn(keyspace: string, shard: number): Promise<ScratchConnection> {
    const { transaction, interruption } = this.#context
    const target = this.#target(keyspace, shard)
    const lane = await transaction.reach(target, this.#wholeSettings, interruption)
    interruption.throwIfKilled()
    return this.#scratchOn(ofLane(lane, () => transaction.lost(lane)))
  }

  #scratchOn(host: ScratchHost): ScratchConnection {
    const { proxy, interruption, state, memory } = this.#context
    const { isMariadb } = proxy
    return new ScratchConnection(host, this.#execution, this.#wholeSettings, {
      state,
      isMariadb,
      interruption,
      memory,
    })
  }

  /** What a statement over copies of its tables has left behind, once its rows have ended; undefined for others. */
  ofCopies(): Promise<EndedCopies> | undefined {
    return this.#scratch?.ended
  }

  get lookups(): SessionLookupTables {
    if (this.#asks !== undefined) return this.#asks.lookups
    this.#lookups ??= new SessionLookupTables(this.#context, this.#execution.reading, this.#makeInner)
    return this.#lookups
  }

  get own(): InnerStatements {
    if (this.#asks !== undefined) return this.#asks.own
    const { reading } = this.#execution
    return new InnerStatements(this.#context, reading, this.#makeInner, { depth: this.#depth + 1 })
  }

  readonly #makeInner: MakePort = (context, execution, options) =>
    new SessionPort(context, execution, withoutSelectLimit(this.#settings), undefined, options)

  attempt<T>(work: () => Promise<T>): Promise<T> {
    return this.#context.transaction.attempt(work)
  }

  askForFile(name: Uint8Array): ClientFile {
    const { client, answer, interruption } = this.#context
    const request = Buffer.concat([Buffer.of(ResponseHeader.LOCAL_INFILE), name])
    answer.write(framePayload(request, answer.sequenceId++))
    const file = new ReceivedFile(client, interruption, (sequenceId) => {
      answer.sequenceId = sequenceId
    })
    client.expectFile(file, answer.sequenceId)
    return file
  }

  async openLoad({
    keyspace,
    shard,
    query,
  }: Pick<ShardWrite, 'keyspace' | 'shard' | 'query'>): Promise<ShardLoad> {
    const { transaction, interruption } = this.#context
    const target = this.#target(keyspace, shard)
    if (transaction.isSingle) transaction.noteWrite([target])
    transaction.gateway.noteWrite(target)
    const lane = await transaction.reach(target, this.#settings, interruption)
    const { assigns, userVariables } = this.#execution.plan
    // Of several shards' variables none is the session's.
    if (assigns === true) lane.lease.noteVariables(new Map(userVariables.map((name) => [name, NOT_KNOWN])))
    lane.noteWrite()
    return openLoad(lane, statementFor(this.#execution, query), interruption)
  }

  async openStage(keyspace: string, sql: string): Promise<SessionLoadStage> {
    const { proxy, shards, interruption } = this.#context
    const target = this.#target(keyspace, shards.pick(keyspace, shards.of(keyspace).shards.length))
    const lease = await proxy.gateway.acquire(target, this.#settings, interruption, 'scratch')
    const stage = new SessionLoadStage(lease, this.#execution, this.#settings, this.#context)
    try {
      await stage.make(sql)
      return stage
    } catch (error) {
      await stage.close()
      throw error
    }
  }

  get copying(): SessionPort {
    const options = { commitsFirst: this.#commitsFirst, isOwn: this.#isOwn, depth: this.#depth, asks: this }
    return new SessionPort(this.#context, this.#execution, copying(this.#settings), undefined, options)
  }

  leave({ variables, collation, insertId }: LeftByLoad): void {
    const { state } = this.#context
    for (const [name, bytes] of variables)
      state.userVariables.set(
        name,
        bytes === null ? { ...FIRST_NULL, collation } : textValue(bytes, collation),
      )
    if (insertId !== undefined) state.lastInsertId = insertId
  }

  async nextIds(keyspace: string, table: string, count: number): Promise<bigint> {
    const { proxy, interruption } = this.#context
    const first = await proxy.sequences.next(keyspace, table, count, interruption)
    interruption.throwIfKilled()
    return first
  }

  async passId(keyspace: string, table: string, id: bigint): Promise<void> {
    const { proxy, interruption } = this.#context
    await proxy.sequences.pass(keyspace, table, id, interruption)
    interruption.throwIfKilled()
  }

  /** Conditions of all queries, once their rows have ended, and how many there were before they were cut to max_error_count. */
  conditions(): ToldConditions | Promise<ToldConditions> {
    return this.#scratch === undefined && this.#conditions.length === 0
      ? NO_CONDITIONS
      : this.#allConditions()
  }

  async #allConditions(): Promise<ToldConditions> {
    const ofCopies = await this.ofCopies()
    // What is asked of copies warns like one server; what was asked to make them has been asked again of them.
    if (ofCopies !== undefined) return { conditions: ofCopies.conditions, count: ofCopies.warnings }
    const lists = await Promise.all(this.#conditions)
    const { saysNullsOnce } = this
    const isInCondition = (text: string) => this.isInCondition(text)
    const statement = { isQuery: true, isInCondition, saysNullsOnce }
    const merged = mergeConditions(lists, statement)
    const unseen = this.#warningCount - lists.flat().length
    const cut = unseen > 0 ? Math.max(...lists.map((list) => list.length)) : merged.length
    return { conditions: merged.slice(0, cut), count: merged.length + unseen }
  }

  get saysNullsOnce(): boolean {
    return !this.#context.proxy.isMariadb
  }

  isInCondition(text: string): boolean {
    const { reading, sql, bindings } = this.#execution
    this.#conditionTexts ??= conditionTexts(reading.parse(sql), bindings)
    return this.#conditionTexts.has(text)
  }

  #statement(query: BoundQuery, asText: boolean | undefined): ShardStatement {
    return asText && query.kind === 'Text'
      ? TextStatement.ofSql(query.sql)
      : statementFor(this.#execution, query)
  }

  #target(keyspace: string, shard: number): ShardTarget {
    const { shards, transaction } = this.#context
    const target = shards.target(keyspace, shard, this.#execution.reading.target.tabletType)
    return this.#commitsFirst && transaction.start() !== undefined ? committingFirst(target) : target
  }

  #targetWrite(write: ShardWrite): TargetWrite {
    const { keyspace, shard, query, rows, onlyNewRows = false, copiesRows } = write
    const statement =
      copiesRows && query.kind === 'Text'
        ? TextStatement.ofSql(query.sql)
        : statementFor(this.#execution, query)
    const target = this.#target(keyspace, shard)
    if (rows === undefined) return { target, statement }
    const execution = this.#execution
    const written = {
      // Asked for where something is to be told of a row, which is rare.
      get numbers() {
        return rows.numbers
      },
      first: (count: number) => statementFor(execution, rows.first(count)),
    }
    const followUp = (answer: WriteAnswer) => write.followUp?.(answer)
    // Others may enter the same values at once: in one order of shards.
    return { target, statement, rows: written, onlyNewRows: onlyNewRows && !this.#isOwn, followUp }
  }

  #runOn(
    write: TargetWrite,
    options: RunOnShardOptions,
    watch: StatementWatch = this.#context.interruption,
  ): Promise<WriteAnswer> {
    return runOnShard(this.#context.transaction, write, options, watch)
  }

  async #open(target: ShardTarget, statement: ShardStatement, writes = false): Promise<ShardRows> {
    const { transaction, interruption } = this.#context
    // What has committed commits behind itself as well, and is 1399 in a branch.
    const start = this.#execution.plan.commitsFirst ? transaction.startIfOpen() : transaction.start()
    if (transaction.lane(target) !== undefined || start !== undefined)
      return this.#openInLane(target, statement, writes)
    interruption.throwIfKilled() // between two inputs of a UNION ALL nothing runs that a KILL could meet
    const ready = transaction.gateway.take(target, this.#settings)
    const lease = ready ?? (await this.#acquire(target))
    const rows = this.#rowsOf(lease, statement, (ended) => {
      if (lease.connection.state === 'busy') lease.abandon()
      else this.#giveBack(lease, ended)
    })
    statement.send(lease.connection, rows)
    return rows.opened()
  }

  async #acquire(target: ShardTarget): Promise<Lease> {
    const { transaction, interruption } = this.#context
    const lease = await transaction.gateway.acquire(target, this.#settings, interruption)
    const { stopped } = interruption
    if (stopped === undefined) return lease
    lease.release()
    throw stopped
  }

  async #openInLane(target: ShardTarget, statement: ShardStatement, writes: boolean): Promise<ShardRows> {
    const { transaction, interruption } = this.#context
    const lane = await transaction.reach(target, this.#settings, interruption)
    interruption.throwIfKilled()
    if (writes) {
      lane.noteWrite()
      transaction.gateway.noteWrite(target)
    }
    const { connection } = lane
    const rows = this.#rowsOf(lane.lease, statement, (ended) => {
      if (lane.isLost) transaction.lost(lane)
      else if (ended.isEnded && ended.summary.warnings > 0)
        this.#noteConditions(ended, readConditions(connection))
      else connection.resume() // left early: the rest is read and thrown away, in front of the next statement
    })
    lane.sendForRows(statement, rows)
    return rows.opened()
  }

  async #openKept(target: ShardTarget, sql: string): Promise<FetchedRows> {
    const { transaction, interruption: watch } = this.#context
    const lane = await transaction.reach(target, this.#settings, watch)
    const rows = await FetchedRows.open(lane, sql, { watch, onLost: () => transaction.lost(lane) })
    const told = rows.summary.warnings > 0 ? await readConditions(lane.connection) : []
    const isTold = ({ message }: Condition) => told.some((condition) => condition.message === message)
    const { format, using } = this.#execution
    // A client that has prepared the statement was told of its text then.
    const isPrepared = format === 'binary' || using !== undefined
    const ofText = isPrepared ? [] : rows.prepared.filter((each) => isOfTheText(each.code) && !isTold(each))
    const warnings = rows.summary.warnings + ofText.length
    if (warnings > 0) this.#noteConditions({ summary: { warnings } }, Promise.resolve([...ofText, ...told]))
    return rows
  }

  #rowsOf(lease: Lease, { format }: ShardStatement, release: (rows: ShardRows) => void): ShardRows {
    const { interruption, memory } = this.#context
    interruption.working.add(lease)
    const { connection, tablet } = lease
    return new ShardRows(
      {
        connection,
        tablet,
        memory,
        release: (rows) => {
          interruption.working.delete(lease)
          release(rows)
        },
      },
      format,
    )
  }

  #giveBack(lease: Lease, rows: ShardRows): void {
    if (rows.summary.warnings === 0 || lease.connection.state !== 'idle') return lease.release()
    this.#noteConditions(
      rows,
      readConditions(lease.connection).finally(() => lease.release()),
    )
  }

  /** Asked for at the end; until then a failure has nobody else to hear it. */
  #noteConditions({ summary }: WithWarnings, reading: Promise<readonly Condition[]>): void {
    this.#warningCount += summary.warnings
    reading.catch(() => {})
    this.#conditions.push(reading)
  }
}

interface WithWarnings {
  readonly summary: Pick<ShardRows['summary'], 'warnings'>
}

/** Of streams some of which cannot be opened, closes the others when all have settled. Throws the first failure. */
async function closeOpened(opening: readonly Promise<RowStream>[]): Promise<never> {
  const attempts = await Promise.allSettled(opening)
  for (const attempt of attempts) if (attempt.status === 'fulfilled') await attempt.value.close()
  const failed = attempts.find((attempt) => attempt.status === 'rejected')
  throw failed?.reason
}

/** ER_TRUNCATED_WRONG_VALUE, in whatever language: `Incorrect date value: '2024-00-00' for column 'm' at row 1`. */
function isLostDate({ code, message }: Condition): boolean {
  const date = code === 1292 ? /'(\d{4}-\d\d-\d\d)[ ']/.exec(message)?.[1] : undefined
  return date !== undefined && date !== '0000-00-00'
}

function noCopiesKeyspace(name: string): SqlError {
  return new SqlError(
    'ER_BAD_DB_ERROR',
    `Unknown database '${name}', which federation.keyspace names for the copies of tables: set it to a keyspace that there is`,
  )
}
