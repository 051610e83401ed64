import { SqlError } from '../errors/sql-error.ts'
import type { BackendConnection } from '../mysql/client/backend-connection.ts'
import { runQuery } from '../mysql/client/simple-command.ts'
import { applySettings } from '../tablet/apply-settings.ts'
import type { ShardEndpoints, TabletEndpoint } from '../tablet/gateway.ts'
import type { Settings } from '../tablet/settings.ts'

/** How the transaction was asked for; the shards are told when the first statement reaches them. */
export interface TransactionStart {
  /** Statements before START TRANSACTION: `SET TRANSACTION …` of the next transaction. */
  readonly before: readonly string[]
  /** `BEGIN`, or `START TRANSACTION READ ONLY, WITH CONSISTENT SNAPSHOT`. */
  readonly begin: string
}

/** A session's own connection to one shard: an open transaction there, or state that binds it (temporary tables). */
export interface ShardSession {
  readonly shard: ShardEndpoints
  readonly endpoint: TabletEndpoint
  readonly connection: BackendConnection
  inTransaction: boolean
  /** Kept after the transaction, for its state. */
  reserved: boolean
}

export interface CommitFailure {
  readonly committed: readonly string[]
  readonly failed: string
  readonly rolledBack: readonly string[]
  readonly error: Error
}

/**
 * The connections that a session keeps, in the order in which its transaction reached the shards.
 *
 * A transaction begins on a shard with the first statement that goes there and is committed shard by shard in that
 * order (best effort: atomic only while one shard wrote). Savepoints are set on all open shards and repeated on those
 * that are opened later, so that ROLLBACK TO means the same everywhere.
 */
export class ShardSessions {
  readonly #sessions = new Map<string, ShardSession>()
  #savepoints: string[] = []
  #committing = false
  #closed = false

  get size(): number {
    return this.#sessions.size
  }

  get savepoints(): readonly string[] {
    return this.#savepoints
  }

  all(): readonly ShardSession[] {
    return [...this.#sessions.values()]
  }

  ofConnection(connection: BackendConnection): ShardSession | undefined {
    return this.all().find((session) => session.connection === connection)
  }

  /** The session's connection to a shard, if it has one that is still open. */
  get(shard: ShardEndpoints): ShardSession | undefined {
    return this.#sessions.get(keyOf(shard))
  }

  /**
   * The connection to a shard, opened if need be, with the session's settings and, if `start` is given, inside the
   * transaction. Throws what the server said of any of it.
   */
  async open(
    shard: ShardEndpoints,
    endpoint: TabletEndpoint,
    settings: Settings,
    start: TransactionStart | undefined,
  ): Promise<ShardSession> {
    let session = this.get(shard)
    if (session === undefined) {
      const connection = await endpoint.pool.acquire(settings)
      if (this.#closed) {
        endpoint.pool.release(connection)
        throw sessionEnded()
      }
      session = { shard, endpoint, connection, inTransaction: false, reserved: false }
      this.#sessions.set(keyOf(shard), session)
    }
    const { connection } = session
    if (connection.settingsKey !== settings.key) {
      await applySettings(connection, settings, session.endpoint.database)
    }
    if (start !== undefined && !session.inTransaction) {
      session.inTransaction = true
      // Sent at once, answered in order: one round trip. A failure leaves the connection in an unknown state.
      const statements = [...start.before, start.begin, ...this.#savepoints.map((s) => `SAVEPOINT ${s}`)]
      try {
        await Promise.all(statements.map((sql) => runQuery(connection, sql)))
      } catch (error) {
        this.drop(session)
        throw error
      }
    }
    return session
  }

  /** Takes over a connection on which a transaction is open already. */
  adopt(session: ShardSession): void {
    this.#sessions.set(keyOf(session.shard), session)
  }

  /** Commits shard by shard. The first failure stops it: what was not committed yet is rolled back. */
  async commit(): Promise<CommitFailure | undefined> {
    this.#savepoints = []
    this.#committing = true
    try {
      const open = this.all().filter((s) => s.inTransaction)
      await Promise.all(open.map(({ connection }) => connection.killing))
      return await this.#commit(open)
    } finally {
      this.#committing = false
      if (this.#closed) this.dropAll()
    }
  }

  async #commit(open: readonly ShardSession[]): Promise<CommitFailure | undefined> {
    const committed: string[] = []
    // What is known to be lost must not be found out after others have committed.
    const lost = open.findIndex((s) => s.connection.state === 'closed')
    if (lost > 0) open = [open[lost]!, ...open.filter((_, i) => i !== lost)]
    for (const [i, session] of open.entries()) {
      try {
        await runQuery(session.connection, 'COMMIT')
        committed.push(nameOf(session))
        this.#leave(session)
      } catch (error) {
        const rest = open.slice(i)
        await this.#rollback(rest)
        const rolledBack = rest.slice(1).map(nameOf)
        return { committed, failed: nameOf(session), rolledBack, error: error as Error }
      }
    }
    return undefined
  }

  /** Rolls back everywhere. A shard that cannot be told loses its connection, which rolls back too. */
  async rollback(): Promise<void> {
    this.#savepoints = []
    await this.#rollback(this.all().filter((s) => s.inTransaction))
  }

  async #rollback(sessions: readonly ShardSession[]): Promise<void> {
    await Promise.all(
      sessions.map(async (session) => {
        try {
          await runQuery(session.connection, 'ROLLBACK')
          this.#leave(session)
        } catch {
          this.drop(session) // the server ends the transaction with the connection
        }
      }),
    )
  }

  /** `name` is quoted SQL. A name that exists already moves to the end, as in MySQL. */
  async savepoint(name: string): Promise<void> {
    await this.everywhere(`SAVEPOINT ${name}`)
    this.#savepoints = [...this.#savepoints.filter((s) => !sameName(s, name)), name]
  }

  async rollbackTo(name: string): Promise<void> {
    const at = this.#position(name)
    await this.everywhere(`ROLLBACK TO SAVEPOINT ${name}`)
    this.#savepoints = this.#savepoints.slice(0, at + 1)
  }

  async releaseSavepoint(name: string): Promise<void> {
    const at = this.#position(name)
    await this.everywhere(`RELEASE SAVEPOINT ${name}`)
    this.#savepoints = this.#savepoints.slice(0, at)
  }

  /** The transaction on this shard ended by itself: a deadlock's rollback, an implicit commit. */
  leftTransaction(session: ShardSession): void {
    this.#leave(session)
  }

  /** Closes a connection whose state is not known any more. */
  drop(session: ShardSession): void {
    if (this.#sessions.get(keyOf(session.shard)) === session) this.#sessions.delete(keyOf(session.shard))
    session.connection.destroy()
  }

  /** Closes all connections: what was open is rolled back by the servers. */
  dropAll(): void {
    for (const session of this.all()) this.drop(session)
    this.#savepoints = []
  }

  /** The client is gone. A COMMIT that it has sent is carried through on all shards first, as one server would. */
  close(): void {
    this.#closed = true
    if (!this.#committing) this.dropAll()
  }

  #leave(session: ShardSession): void {
    session.inTransaction = false
    if (session.reserved) return
    this.#sessions.delete(keyOf(session.shard))
    session.endpoint.pool.release(session.connection)
  }

  #position(name: string): number {
    const at = this.#savepoints.findIndex((s) => sameName(s, name))
    if (at < 0) throw new SqlError('ER_SP_DOES_NOT_EXIST', `SAVEPOINT ${unquote(name)} does not exist`)
    return at
  }

  /** Runs a statement on these of the session's connections, by default on all that are in the transaction. */
  async everywhere(
    sql: string,
    sessions: readonly ShardSession[] = this.all().filter((s) => s.inTransaction),
  ): Promise<void> {
    await Promise.all(sessions.map((s) => runQuery(s.connection, sql)))
  }
}

function sessionEnded(): SqlError {
  return new SqlError('ER_QUERY_INTERRUPTED', 'Query execution was interrupted')
}

function keyOf(shard: ShardEndpoints): string {
  return `${shard.keyspace}/${shard.name}`
}

function nameOf(session: ShardSession): string {
  return keyOf(session.shard)
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/** The name between the backticks that the printer put round it. */
function unquote(name: string): string {
  return name.startsWith('`') ? name.slice(1, -1).replaceAll('``', '`') : name
}
