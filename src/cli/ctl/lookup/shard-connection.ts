import type { Connection } from 'mysql2/promise'
import { type BackendAccess, connectControl } from '../../../tablet/connect-control.ts'
import { printAlias } from '../../../topology/alias.ts'
import type { Tablet } from '../../../topology/records.ts'
import { nameOf } from '../../check-connections.ts'

/** A row as the server sends it: text of each cell in UTF-8, bytes of binary ones; null for NULL. */
export type Cells = readonly (Buffer | null)[]

/** A server that says nothing for so long is given up. */
const SILENCE_MS = 300_000

/**
 * A connection to the primary of a shard. Locking reads lock no gaps, so that rows can be inserted between those that were read, and
 * nobody is waited for longer than a second: whoever waits holds locks that others may want.
 */
export class ShardConnection {
  readonly #connection: Connection
  readonly #what: string
  #isOpen = false

  private constructor(connection: Connection, what: string) {
    this.#connection = connection
    this.#what = what
  }

  static async connect(tablet: Tablet, access: BackendAccess): Promise<ShardConnection> {
    const connection = await connectControl(tablet, access)
    const own = new ShardConnection(connection, nameOf(tablet))
    try {
      for (const sql of SETTINGS) await own.query(sql)
      return own
    } catch (error) {
      own.close()
      throw error
    }
  }

  /** `sql` is a binary string, as literals and names are made. Throws `ShardFailure`. */
  async query(sql: string): Promise<readonly Cells[]> {
    try {
      const [rows] = await this.#connection.query({
        sql: Buffer.from(sql, 'latin1').toString(),
        rowsAsArray: true,
        typeCast: (field) => field.buffer(),
        timeout: SILENCE_MS,
      })
      return Array.isArray(rows) ? (rows as unknown as readonly Cells[]) : []
    } catch (error) {
      throw new ShardFailure(this.#what, error as Error)
    }
  }

  /** Within a transaction, which is begun where none is. */
  async queryIn(sql: string): Promise<readonly Cells[]> {
    if (!this.#isOpen) await this.query('START TRANSACTION')
    this.#isOpen = true
    return this.query(sql)
  }

  async end(how: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    await this.query(how)
  }

  /** For what is no row: reading a table's columns. */
  get raw(): Connection {
    return this.#connection
  }

  close(): void {
    this.#connection.destroy()
  }
}

/** Zero dates and the like are copied as they are; what does not fit is an error. */
const SETTINGS = [
  'SET NAMES utf8mb4',
  "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO'",
  'SET SESSION innodb_lock_wait_timeout = 1',
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
] as const

const ER_LOCK_WAIT_TIMEOUT = 1205
const ER_LOCK_DEADLOCK = 1213

/** What a server has said, with the server's name. */
export class ShardFailure extends Error {
  /** Others hold the rows: what is rolled back may be tried again. */
  readonly isLocked: boolean

  constructor(what: string, cause: Error) {
    super(`${what}: ${cause.message}`, { cause })
    const { errno } = cause as { readonly errno?: number }
    this.isLocked = errno === ER_LOCK_WAIT_TIMEOUT || errno === ER_LOCK_DEADLOCK
  }
}

/** Connections of one work, one to a server, each opened when it is first wanted. */
export class ShardConnections {
  readonly #access: BackendAccess
  readonly #open = new Map<string, ShardConnection>()

  constructor(access: BackendAccess) {
    this.#access = access
  }

  async to(tablet: Tablet): Promise<ShardConnection> {
    const name = printAlias(tablet.alias)
    const known = this.#open.get(name)
    if (known !== undefined) return known
    const connection = await ShardConnection.connect(tablet, this.#access)
    this.#open.set(name, connection)
    return connection
  }

  /** What is open on the tablet last: its rows are locked until all else is committed. */
  async commit(last: Tablet): Promise<void> {
    const own = printAlias(last.alias)
    for (const [name, connection] of this.#open) if (name !== own) await connection.end('COMMIT')
    await this.#open.get(own)?.end('COMMIT')
  }

  async rollBack(): Promise<void> {
    for (const connection of this.#open.values()) await connection.end('ROLLBACK')
  }

  close(): void {
    for (const connection of this.#open.values()) connection.close()
    this.#open.clear()
  }
}

const ATTEMPTS_MAX = 300
const PAUSE_MAX_MS = 2_000

/** Does the work again for as long as others hold the rows, some minutes at most, with nothing held in between. */
export async function untilLocked<T>(
  connections: readonly ShardConnections[],
  work: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt)
    } catch (error) {
      if (!(error instanceof ShardFailure && error.isLocked)) throw error
      for (const each of connections) await each.rollBack()
      if (attempt === ATTEMPTS_MAX)
        throw new Error(
          `${error.message}: rows have been locked for minutes; end the transaction that holds them (SHOW PROCESSLIST on that server), and run this again: it goes on where it stopped`,
          { cause: error },
        )
      await pause(Math.min(PAUSE_MAX_MS, 20 * attempt) * (0.5 + Math.random()))
    }
  }
}

export async function pause(delayMs: number): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, delayMs))
}
