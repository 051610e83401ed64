import type { Condition } from '../errors/condition.ts'
import type { BackendConnection } from '../mysql/client/backend-connection.ts'
import { readConditions } from '../mysql/client/conditions.ts'
import type { ResponseReader } from '../mysql/client/response-reader.ts'
import type { ShardStatement } from '../mysql/client/shard-statement.ts'
import { type CollectingReader, ping, runQuery } from '../mysql/client/simple-command.ts'
import { Status } from '../mysql/codec/constants.ts'
import type { Lease } from '../tablet/lease.ts'
import type { ShardTarget } from '../tablet/shard-target.ts'
import { type Branch, branchOf, xidSql } from './branch.ts'
import { settleAll } from './settle-all.ts'
import { PLAIN_START, type TransactionStart } from './transaction-start.ts'

/** As a plan's `reserves` has it. */
const TEMPORARY_TABLES = 'temporary table'

/** It says nothing that a server may refuse, and nothing of the moment at which it is said. */
function isMereBegin({ before, begin, branch }: TransactionStart): boolean {
  return begin === PLAIN_START.begin && before.length === 0 && branch === undefined
}

/** Rows that somebody is still reading. */
export interface OpenRows {
  readonly isEnded: boolean
  /** The connection is needed: the rest is read into memory, within a bound. */
  spool(): void
}

/**
 * What a session has open on one shard: a connection with a transaction, or one that is reserved for state it holds.
 *
 * One command runs at a time: answers come in the order of their commands, so that a second command behind rows that are
 * still being read would wait for a reader who may wait for its answer. Those rows are spooled first.
 */
export class Lane {
  readonly target: ShardTarget
  /** The primary's term when the lane was opened: under another one it is lost. */
  readonly term: string | undefined
  readonly lease: Lease
  /** SQL texts of names: locks that GET_LOCK() has taken here. Undefined: there may be others. */
  lockNames: readonly string[] | undefined = []
  readonly #reservedFor = new Set<string>()
  readonly #endedByBegin = new Set<string>()
  #inTransaction = false
  #branch: Branch | undefined
  #hasWritten = false
  #isAutocommitOff = false
  #rows: OpenRows | undefined

  constructor(target: ShardTarget, term: string | undefined, lease: Lease, inTransaction = false) {
    this.target = target
    this.term = term
    this.lease = lease
    this.#inTransaction = inTransaction
    this.#hasWritten = inTransaction
  }

  /** `shop/-80`, as messages call it. */
  get name(): string {
    return `${this.target.keyspace}/${this.target.shard}`
  }

  get connection(): BackendConnection {
    return this.lease.connection
  }

  get isLost(): boolean {
    return this.connection.state === 'closed'
  }

  get inTransaction(): boolean {
    return this.#inTransaction
  }

  /** The transaction may have changed something here. */
  get hasWritten(): boolean {
    return this.#hasWritten
  }

  noteWrite(): void {
    this.#hasWritten = true
  }

  /** The shard's part of an atomic transaction, where it is one that can be prepared. */
  get branch(): Branch | undefined {
    return this.#branch
  }

  /** Why the connection stays with the session after the transaction; empty where it does not. */
  get reservedFor(): ReadonlySet<string> {
    return this.#reservedFor
  }

  /** `isEndedByBegin`: BEGIN would end what it is reserved for. */
  reserve(why: string, isEndedByBegin = false): void {
    this.#reservedFor.add(why)
    if (isEndedByBegin) this.#endedByBegin.add(why)
  }

  unreserve(why: string): void {
    this.#reservedFor.delete(why)
    this.#endedByBegin.delete(why)
  }

  /** LOCK TABLES was said. */
  get locksTables(): boolean {
    return this.#endedByBegin.size > 0
  }

  /** It has temporary tables or locked ones, which no branch may have (MySQL: 4091, 1399). */
  get hasTables(): boolean {
    return this.locksTables || this.#reservedFor.has(TEMPORARY_TABLES)
  }

  /** The server's own autocommit is off: see `begin`. */
  get isAutocommitOff(): boolean {
    return this.#isAutocommitOff
  }

  async setAutocommit(on: boolean): Promise<void> {
    this.#isAutocommitOff = !on
    await this.query(`SET autocommit = ${on ? 1 : 0}`)
  }

  /**
   * Begins the transaction, in one round trip: what a server refuses leaves the connection in an unknown state. On MySQL a mere
   * BEGIN takes none: it rides with the first statement, which a server that refused it would refuse as well. MariaDB refuses a BEGIN
   * that a KILL QUERY meets, whoever says it, and what is behind it would commit by itself.
   */
  async begin(start: TransactionStart, savepoints: readonly string[]): Promise<void> {
    this.#inTransaction = true
    this.#hasWritten = false
    const { isMariadb } = this.connection
    if (!isMariadb && !this.locksTables && isMereBegin(start) && savepoints.length === 0) {
      this.makeWay()
      return this.lease.beginWithNext()
    }
    // LOCK TABLES goes with autocommit = 0: the session has not said BEGIN.
    const isLocked = this.locksTables
    if (isLocked) await this.setAutocommit(false)
    if (start.branch !== undefined)
      this.#branch = branchOf(start.branch.id, this.target, this.connection.threadId)
    const begin = this.#branch === undefined ? start.begin : `XA START ${xidSql(this.#branch)}`
    const statements = [
      ...start.before,
      ...(isLocked ? [] : [begin]),
      ...(start.branch?.behind ?? []),
      ...savepoints.map((name) => `SAVEPOINT ${name}`),
    ]
    await this.#queryAll(statements)
  }

  /** The transaction on this shard is over, by whoever's doing. */
  leave(): void {
    this.#inTransaction = false
    this.#branch = undefined
    this.#hasWritten = false
  }

  /** Commits this shard's part, whatever becomes of the others. Throws where it has not. */
  async commit(): Promise<void> {
    if (this.#branch === undefined) await this.query('COMMIT')
    else {
      const xid = xidSql(this.#branch)
      await this.#queryAll([`XA END ${xid}`, `XA COMMIT ${xid} ONE PHASE`])
    }
  }

  /** Answers what the server warns of: what it could not roll back. */
  async rollback(): Promise<readonly Condition[]> {
    if (this.#branch === undefined) return await this.queryWarned('ROLLBACK')
    else {
      const xid = xidSql(this.#branch)
      // It has ended where it is prepared, or rolled back already.
      this.query(`XA END ${xid}`).catch(() => {})
      return await this.queryWarned(`XA ROLLBACK ${xid}`)
    }
  }

  /** Whether the server has the transaction still, by the status of an answer. True where it is lost, which is told by what comes next on it. */
  async hasTransaction(): Promise<boolean> {
    this.makeWay()
    try {
      const { summary } = await ping(this.connection)
      return (summary.status & Status.IN_TRANS) !== 0
    } catch {
      return true
    }
  }

  /** As `query`, for what it warns of. */
  async queryWarned(sql: string): Promise<readonly Condition[]> {
    const { summary } = await this.query(sql)
    return summary.warnings > 0 ? await readConditions(this.connection) : []
  }

  /** From then on the branch can be committed and outlives its connection and its server. `last`: a statement of it, sent ahead. */
  async prepare(branch: Branch, last?: string): Promise<void> {
    const xid = xidSql(branch)
    await this.#queryAll([...(last === undefined ? [] : [last]), `XA END ${xid}`, `XA PREPARE ${xid}`])
  }

  async commitPrepared(branch: Branch): Promise<void> {
    await this.query(`XA COMMIT ${xidSql(branch)}`)
  }

  /** In one segment; throws the first failure when all have been answered. */
  async #queryAll(statements: readonly string[]): Promise<void> {
    await settleAll(this.connection.together(() => statements.map((sql) => this.query(sql))))
  }

  send(statement: ShardStatement, reader: ResponseReader): void {
    this.makeWay()
    statement.send(this.connection, reader)
  }

  /** As `send`, for rows that are read over a while. */
  sendForRows(statement: ShardStatement, reader: ResponseReader & OpenRows): void {
    this.send(statement, reader)
    this.#rows = reader
  }

  /** Runs one of the proxy's own statements. Throws what the server says of it. */
  query(sql: string): Promise<CollectingReader> {
    this.makeWay()
    return runQuery(this.connection, sql)
  }

  /** Rows that somebody is still reading are taken into memory, so that another command may be sent. */
  makeWay(): void {
    if (this.#rows?.isEnded === false) this.#rows.spool()
    this.#rows = undefined
  }
}
