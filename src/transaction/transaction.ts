import type { Cancellation } from '../base/abort.ts'
import type { Condition } from '../errors/condition.ts'
import { SqlError } from '../errors/sql-error.ts'
import type { ResponseSummary } from '../mysql/client/response-reader.ts'
import { Status } from '../mysql/codec/constants.ts'
import type { Lease } from '../tablet/lease.ts'
import type { SessionGateway } from '../tablet/session-gateway.ts'
import type { Characteristics, Settings } from '../tablet/settings.ts'
import type { ShardTarget } from '../tablet/shard-target.ts'
import { AfterCommit } from './after-commit.ts'
import type { AtomicCommits } from './atomic-commits.ts'
import { AtomicTransaction } from './atomic-transaction.ts'
import { BestEffort } from './best-effort.ts'
import {
  type CommitFailure,
  type CommitProtocol,
  commitError,
  commitWarning,
  rollBack,
} from './commit-protocol.ts'
import type { Lane } from './lane.ts'
import { Lanes } from './lanes.ts'
import { NextCharacteristics } from './next-characteristics.ts'
import { RollbackWarnings } from './rollback-warnings.ts'
import { Savepoints } from './savepoints.ts'
import { settleAll } from './settle-all.ts'
import {
  type BeginWords,
  ORDINARY_SESSION,
  PLAIN_START,
  type SessionView,
  type TransactionStart,
} from './transaction-start.ts'
import { WrittenShards } from './written-shards.ts'

/** Deadlock, and the lock table being full: InnoDB rolls the whole transaction back, not the statement alone. */
const ER_LOCK_DEADLOCK = 1213
const ER_LOCK_TABLE_FULL = 1206
const ER_LOCK_WAIT_TIMEOUT = 1205

const STEPS_SAVEPOINT = '`_shardgate_steps`'
const ATTEMPT_SAVEPOINT = '`_shardgate_attempt`'

/** What may be written where: on one shard, on several that commit one after the other, on several that commit alike. */
export const TRANSACTION_MODES = ['single', 'multi', 'twopc'] as const
export type TransactionMode = (typeof TRANSACTION_MODES)[number]

export interface TransactionEnvironment {
  readonly gateway: Pick<
    SessionGateway,
    'acquire' | 'take' | 'termOf' | 'noteWrite' | 'isDue' | 'catchUp' | 'settingsOn'
  >
  /** Absent: nothing is atomic over shards. */
  readonly atomic?: AtomicCommits
}

/**
 * What a session has open on shards: the transaction, when and how it begins on a shard and ends on all of them, and the
 * connections that are reserved beyond it.
 */
export class Transaction {
  readonly lanes: Lanes
  readonly #environment: TransactionEnvironment
  readonly #savepoints = new Savepoints()
  readonly afterCommit = new AfterCommit()
  readonly rollbackWarnings = new RollbackWarnings()
  autocommit = true
  readonly next = new NextCharacteristics()
  /** What the open one was given so. */
  #given: Characteristics = {}
  mode: TransactionMode = 'multi'
  /** The open one has reached a primary; where `mode` was 'twopc' then it is atomic. */
  #hasBegun = false
  #atomic: AtomicTransaction | undefined
  readonly #written = new WrittenShards()
  #isOpen = false
  #isReadOnly = false
  #start: TransactionStart | undefined
  #asked: BeginWords = PLAIN_START
  /** What has ended the transaction before its time: only ROLLBACK helps. */
  #failure: SqlError | undefined
  /** It is being rolled back. */
  #expiring: Promise<unknown> | undefined
  /** Told when the transaction begins and ends. */
  watch: { begins(): void; ends(): void } | undefined
  #warning: Condition | undefined
  #committing = false
  #closed = false

  readonly #session: SessionView

  constructor(environment: TransactionEnvironment, session = ORDINARY_SESSION) {
    this.#environment = environment
    this.#session = session
    this.lanes = new Lanes(environment.gateway)
  }

  /** The shards as the session reaches them. */
  get gateway(): TransactionEnvironment['gateway'] {
    return this.#environment.gateway
  }

  /** A transaction writes on one shard. */
  get isSingle(): boolean {
    return this.mode === 'single'
  }

  /** BEGIN was said (or autocommit is off and a statement has run): COMMIT or ROLLBACK ends it. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  get isReadOnly(): boolean {
    return this.#isOpen && this.#isReadOnly
  }

  /** As SET TRANSACTION has said of the open one. */
  get isolation(): string | undefined {
    return this.#given.isolation
  }

  /** Undefined outside a transaction; otherwise how one begins on a shard that it has not reached yet. */
  start(): TransactionStart | undefined {
    if (this.#isOpen) return this.#start ?? PLAIN_START
    if (this.autocommit) return undefined
    // autocommit=0: the first statement that reaches a shard begins a transaction.
    this.begin({ begin: 'BEGIN' })
    return this.#start
  }

  /** As `start`, for a statement that touches no table: it begins nothing. */
  startIfOpen(): TransactionStart | undefined {
    return this.#isOpen ? this.start() : undefined
  }

  /** Begins another one like the open one when that has ended: COMMIT AND CHAIN. */
  get again(): () => void {
    const { begin } = this.#start ?? PLAIN_START
    const [given, isReadOnly] = [this.#given, this.#isReadOnly]
    return () => {
      this.next.set(given)
      this.begin({ begin })
      this.#isReadOnly = isReadOnly
    }
  }

  begin(how: BeginWords): void {
    this.#asked = how
    this.#given = this.next.take()
    const { isolation, access } = this.#given
    const level = isolation === undefined ? [] : [`ISOLATION LEVEL ${isolation}`]
    const parts = access === undefined ? level : [...level, access]
    this.#start = {
      before: parts.length === 0 ? [] : [`SET TRANSACTION ${parts.join(', ')}`],
      begin: how.begin,
    }
    const said = how.access ?? access
    this.#isReadOnly = said === undefined ? this.#session.isReadOnly() : said === 'READ ONLY'
    this.#isOpen = true
    this.watch?.begins()
  }

  /** SET TRANSACTION: what was said before stays, where it is about something else. Throws within a transaction. */
  setNext(characteristics: Characteristics): void {
    this.checkNext()
    this.next.set(characteristics)
  }

  /** Throws within a transaction. */
  checkNext(): void {
    if (!this.#isOpen) return
    throw new SqlError(
      'ER_CANT_CHANGE_TX_CHARACTERISTICS',
      "Transaction characteristics can't be changed while a transaction is in progress",
    )
  }

  /** What SET TRANSACTION has said, for a statement that is a transaction by itself; undefined when it has said nothing. */
  nextOfStatement(): Characteristics | undefined {
    return this.#isOpen || !this.autocommit ? undefined : this.next.lend()
  }

  statementEnds(failed: boolean): void {
    this.#warning = undefined
    this.next.statementEnds(failed)
  }

  /** Begins on these shards now, and as much at once as can be: when there is a connection to each. */
  async beginOn(targets: readonly ShardTarget[], settings: Settings, cancel?: Cancellation): Promise<void> {
    const waiting = { settings, start: undefined, savepoints: [], cancel }
    const { atomic } = this.#environment
    try {
      if (this.mode === 'twopc' && !this.#isReadOnly) await atomic?.requireTables(targets)
      await settleAll(targets.map((target) => this.lanes.reach(target, waiting)))
      await settleAll(targets.map((target) => this.reach(target, settings, cancel)))
    } catch (error) {
      await this.rollback()
      throw error
    }
  }

  /** A single transaction is about to write on the targets, or to lock rows there. Throws 1317 where it would need two shards. */
  noteWrite(targets: readonly ShardTarget[]): void {
    this.#written.note(targets, this.#isOpen || !this.autocommit)
  }

  /** Throws when only ROLLBACK is left. */
  checkUsable(): void {
    if (this.#failure === undefined) return
    const { code, message } = this.#failure
    throw new SqlError(code, `${message}. Issue a ROLLBACK to go on`)
  }

  // ----------------------------------------------------------------------------------------- lanes

  /** Some of it commits ahead of the rest. */
  get commitsInOrder(): boolean {
    return this.lanes.all().some(({ target }) => target.commitsFirst === true)
  }

  /** The session's lane to a target, if it has one. Throws when that was lost, with what it held. */
  lane(target: ShardTarget): Lane | undefined {
    const lane = this.lanes.get(target)
    if (lane === undefined || this.lanes.isCurrent(lane)) return lane
    this.lost(lane)
    this.checkUsable()
    throw new SqlError(
      'CR_SERVER_LOST',
      `The session's own connection to ${lane.lease.tablet.name} was lost, and with it: ${[...lane.reservedFor].join(', ')}`,
    )
  }

  /** The lane to a target with these settings, inside the transaction if there is one; opened if need be. */
  async reach(target: ShardTarget, settings: Settings, cancel?: Cancellation): Promise<Lane> {
    const lane = this.lane(target)
    const isPart = lane?.inTransaction === true
    try {
      const start = this.#startOn(target)
      return await this.lanes.reach(target, { settings, start, savepoints: this.#savepoints.names, cancel })
    } catch (error) {
      if (isPart && lane?.isLost === true) this.lost(lane)
      throw error
    }
  }

  #startOn(target: ShardTarget): TransactionStart | undefined {
    const start = this.start()
    // Rows of consistent lookup vindexes commit ahead, whatever becomes of the rest.
    if (start === undefined || target.tabletType !== 'PRIMARY' || target.commitsFirst === true) return start
    if (!this.#hasBegun) this.#beginsOn(target)
    if (this.#atomic === undefined || this.lanes.get(target)?.hasTables === true) return start
    return this.#atomic.startOn(target, start, this.#asked)
  }

  /** Temporary tables are to come to the shard: the transaction is plain there, unless it has begun elsewhere. */
  makeHome(target: ShardTarget): void {
    if (!this.#hasBegun && this.start() !== undefined) this.#beginsOn(target, true)
  }

  /** `isPlain`: it is not to be a branch there. */
  #beginsOn(target: ShardTarget, isPlain = false): void {
    this.#hasBegun = true
    const { atomic } = this.#environment
    if (this.mode !== 'twopc' || atomic === undefined || this.#isReadOnly) return
    // CALL and temporary tables come to shards that are addressed, or whole keyspaces: no branch takes all of what these do.
    const mayBeBranch =
      !isPlain &&
      !this.#session.isTargeted() &&
      (atomic.gateway.keyspaces.get(target.keyspace)?.shards.length ?? 0) > 1 &&
      !this.lanes.all().some(({ hasTables }) => hasTables)
    this.#atomic = new AtomicTransaction(mayBeBranch ? undefined : target)
  }

  /** A statement (CALL, for one) left a transaction open on a connection of the pool: it is the session's now. */
  adopt(target: ShardTarget, lease: Lease): void {
    this.lanes.adopt(target, lease)
    this.#isOpen = true
    this.watch?.begins()
    if (target.tabletType === 'PRIMARY') this.makeHome(target)
  }

  /** The lane is gone, and with it the shard's part of the transaction. */
  lost(lane: Lane): void {
    this.lanes.drop(lane)
    if (!lane.inTransaction) return
    const { name } = lane.lease.tablet
    this.#failure = new SqlError('CR_SERVER_LOST', `The transaction was lost with the connection to ${name}`)
  }

  /** What the status of an OK or EOF means for the lane that it came from. */
  afterStatement(lane: Lane, summary: ResponseSummary): void {
    const isOver = summary.errno === 0 && (summary.status & Status.IN_TRANS) === 0
    if (!isOver || !lane.inTransaction) return
    // A stored procedure committed, or the statement committed implicitly.
    this.lanes.leave(lane)
    if (this.autocommit && this.lanes.open().length === 0) this.#end()
  }

  /**
   * Errors after which InnoDB has rolled the whole transaction back: the other shards must follow, before the client may
   * begin another one. Undefined when there is nothing to wait for.
   */
  afterFailure(errno: number): Promise<unknown> | undefined {
    if (!this.#isOpen) return undefined
    if (errno === ER_LOCK_WAIT_TIMEOUT) return this.#afterTimeout()
    return errno === ER_LOCK_DEADLOCK || errno === ER_LOCK_TABLE_FULL ? this.rollback() : undefined
  }

  /** With innodb_rollback_on_timeout a server has rolled back all of its part, and what follows there would commit by itself. */
  async #afterTimeout(): Promise<void> {
    const lanes = this.lanes
      .open()
      .filter(({ branch, isAutocommitOff }) => branch === undefined && !isAutocommitOff)
    const isThere = await Promise.all(lanes.map((lane) => lane.hasTransaction()))
    if (this.#isOpen && isThere.includes(false)) await this.rollback()
  }

  // ------------------------------------------------------------------------------------------ ends

  /** All that has been written was answered in this turn of the event loop: whoever commits at once need not ask who is there. */
  isAnswered = false

  /** COMMIT on all shards. Throws when a shard refused; the warning then tells which shards have committed. */
  async commit(): Promise<void> {
    // A shard that has moved does not have what its old owner would commit now.
    for (const lane of this.lanes.open()) if (!this.lanes.isCurrent(lane)) this.lost(lane)
    if (this.#failure !== undefined) {
      const { code, message } = this.#failure
      await this.rollback()
      throw new SqlError(code, `${message}: nothing was committed`)
    }
    const behind = this.afterCommit.take()
    const protocol = this.#protocol()
    this.#end()
    this.#committing = true
    let failed: CommitFailure | undefined
    try {
      failed = (await this.#commitAhead()) ?? (await protocol.commit(this.lanes.open()))
      if (protocol.delayed !== undefined) this.#warning = commitWarning(protocol.delayed)
      if (failed === undefined && behind !== undefined) await this.#finish(behind)
    } finally {
      this.#committing = false
      if (this.#closed) this.lanes.close()
    }
    if (failed === undefined) return
    const { error, warning } = commitError(failed)
    if (warning !== undefined) this.#warning = commitWarning(warning)
    throw error
  }

  /** Rows of consistent lookup vindexes first: those of their owners rely on them. Alone they are in nobody's way. */
  async #commitAhead(): Promise<CommitFailure | undefined> {
    const ahead = this.lanes.open().filter(({ target }) => target.commitsFirst === true)
    if (ahead.length === 0) return undefined
    const failed = await new BestEffort(this.lanes).commit(ahead)
    if (failed === undefined) return undefined
    await rollBack(this.lanes, this.lanes.open())
    return { ...failed, committed: [] }
  }

  /** What is left undone is told: all of the transaction has been committed. */
  async #finish(behind: () => Promise<void>): Promise<void> {
    try {
      await behind()
    } catch (error) {
      const why = (error as Error).message
      this.#warning = commitWarning(
        `The transaction is committed; entries of consistent lookup vindexes that it no longer needs are still there: ${why}`,
      )
    }
  }

  #protocol(): CommitProtocol {
    const { atomic } = this.#environment
    if (this.#atomic === undefined || atomic === undefined) return new BestEffort(this.lanes, this)
    return this.#atomic.protocol(this.lanes, atomic)
  }

  /** Rolls back everywhere. Answers what the shards warn of: temporary tables, and tables without transactions, stay as they are. */
  async rollback(): Promise<readonly Condition[]> {
    const told = this.rollbackWarnings.telling()
    this.#failure = undefined
    this.#end()
    await this.#expiring
    return told(await rollBack(this.lanes, this.lanes.open()))
  }

  get isCommitting(): boolean {
    return this.#committing
  }

  /** Only ROLLBACK is left as of now, while a statement of it still runs: nothing that follows is to be committed. */
  condemn(error: SqlError): void {
    this.#failure = error
  }

  /** Rolls back everywhere between two statements; the client learns of it with its next one, until it says ROLLBACK. */
  async expire(error: SqlError): Promise<void> {
    this.watch?.ends()
    this.condemn(error)
    this.#expiring = rollBack(this.lanes, this.lanes.open())
    await this.#expiring
    this.#expiring = undefined
  }

  /** The warning of the commit that has just failed; taken once. */
  takeWarning(): Condition | undefined {
    const warning = this.#warning
    this.#warning = undefined
    return warning
  }

  /** Of the last one that ran `beside` and was rolled back: tables without transactions have kept what they got. */
  hasLeftBehind = false

  /**
   * A transaction for one statement, beside whatever the session has: on connections of its own, unless the session has reserved
   * some, for what these hold (temporary tables, locked tables) is nowhere else.
   */
  async aside<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    if (this.lanes.size > 0) return this.#forStatement(() => work(this))
    return this.beside(work)
  }

  /** On connections of its own, whatever the session has. */
  async beside<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const aside = new Transaction(this.#environment)
    aside.mode = this.mode
    aside.begin({ begin: 'BEGIN' })
    this.hasLeftBehind = false
    try {
      const result = await work(aside)
      await aside.commit()
      return result
    } catch (error) {
      const left = await aside.rollback()
      this.hasLeftBehind = left.length > 0
      throw error
    } finally {
      this.#warning ??= aside.takeWarning()
      aside.lanes.dropAll()
    }
  }

  async #forStatement<T>(work: () => Promise<T>): Promise<T> {
    const next = this.next.take() // the statement has been given it as settings
    this.begin({ begin: 'BEGIN' })
    this.next.set(next)
    try {
      const result = await work()
      await this.commit()
      return result
    } catch (error) {
      await this.rollback()
      throw error
    }
  }

  /** Within the open transaction, several writes that are one statement: what fails leaves none of them. */
  async allOrNothing<T>(work: () => Promise<T>): Promise<T> {
    await this.savepoint(STEPS_SAVEPOINT)
    try {
      const result = await work()
      await this.releaseSavepoint(STEPS_SAVEPOINT)
      return result
    } catch (error) {
      // A deadlock has ended a shard's part, savepoint and all.
      if (this.#isOpen && this.#failure === undefined)
        await this.rollbackTo(STEPS_SAVEPOINT).catch(() => this.rollback())
      throw error
    }
  }

  /** A part of what `allOrNothing` or a transaction of the statement's own runs: when it rejects, nothing of it is left. */
  async attempt<T>(work: () => Promise<T>): Promise<T> {
    await this.savepoint(ATTEMPT_SAVEPOINT)
    try {
      const result = await work()
      await this.releaseSavepoint(ATTEMPT_SAVEPOINT)
      return result
    } catch (error) {
      if (this.#isOpen && this.#failure === undefined) await this.rollbackTo(ATTEMPT_SAVEPOINT)
      throw error
    }
  }

  /** COM_RESET_CONNECTION, COM_CHANGE_USER: as a new session begins. What was open is rolled back by the servers. */
  reset(): void {
    this.lanes.dropAll()
    this.#end()
    this.#failure = undefined
    this.autocommit = true
    this.next.clear()
  }

  /** The client is gone. A COMMIT that it has sent is carried through on all shards first, as one server would. */
  close(): void {
    this.#closed = true
    this.watch?.ends()
    if (!this.#committing) this.lanes.close()
  }

  // ------------------------------------------------------------------------------------ savepoints

  /** `name` is quoted SQL. Outside a transaction MySQL takes a savepoint and forgets it with the statement. */
  async savepoint(name: string): Promise<void> {
    if (!this.#isOpen && this.autocommit) return
    this.checkUsable()
    this.#savepoints.requireRoom(name)
    await this.lanes.everywhere(`SAVEPOINT ${name}`)
    this.#savepoints.add(name)
    this.afterCommit.mark(name)
  }

  /** Answers what the shards warn of. */
  async rollbackTo(name: string): Promise<readonly Condition[]> {
    this.checkUsable()
    this.#savepoints.check(name)
    const told = await settleAll(
      this.lanes.open().map((lane) => lane.queryWarned(`ROLLBACK TO SAVEPOINT ${name}`)),
    )
    this.#savepoints.cutBehind(name, { itself: false })
    this.afterCommit.backTo(name)
    return this.rollbackWarnings.telling()(told.flat())
  }

  async releaseSavepoint(name: string): Promise<void> {
    this.checkUsable()
    this.#savepoints.check(name)
    await this.lanes.everywhere(`RELEASE SAVEPOINT ${name}`)
    this.#savepoints.cutBehind(name, { itself: true })
  }

  #end(): void {
    this.watch?.ends()
    this.#isOpen = false
    this.isAnswered = false
    this.#isReadOnly = false
    this.#start = undefined
    this.#hasBegun = false
    this.#atomic = undefined
    this.#written.clear()
    this.rollbackWarnings.clear()
    this.#savepoints.clear()
    this.afterCommit.clear()
  }
}
