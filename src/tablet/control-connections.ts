import type mysql from 'mysql2/promise'
import type { Clock } from '../base/clock.ts'
import { SqlError } from '../errors/sql-error.ts'

/** Control connections to one server at most: KILLs take a millisecond each, and reading a schema blocks one of them. */
const CONNECTIONS_MAX = 2
/** Commands that may wait for one. More is a server that does not answer. */
const WAITING_MAX = 10_000
const IDLE_MS = 30_000

/** Something to do on a control connection; `settle` and `fail` count once, whoever calls first. */
interface Command {
  readonly isOver: boolean
  /** Does it; resolves with true when the connection is as it was. */
  perform(connection: mysql.Connection): Promise<boolean>
  fail(error: unknown): void
}

/**
 * A few connections of mysql2 to one server, shared by everything that is no traffic: KILL, reading schemas. A hundred
 * clients that vanish at once need a hundred KILLs, but no hundred connections.
 */
export class ControlConnections {
  readonly #name: string
  readonly #open: () => Promise<mysql.Connection>
  readonly #clock: Clock
  readonly #idle: mysql.Connection[] = []
  readonly #waiting: Command[] = []
  /** Connections being made, at work or idle. */
  #count = 0
  #closed = false
  #cancelIdleTimer: (() => void) | undefined

  /** `open` gives up by itself within the connect limit. */
  constructor(name: string, open: () => Promise<mysql.Connection>, clock: Clock) {
    this.#name = name
    this.#open = open
    this.#clock = clock
  }

  /**
   * Does `work` on a connection that nobody else has meanwhile. Throws when it has not ended within `timeoutMs`, the wait
   * for a connection included: the connection is closed then, as after any failure but an error of the server.
   */
  run<T>(work: (connection: mysql.Connection) => Promise<T>, timeoutMs: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let isOver = false
      let onTimeout = () => this.#forget(command)
      const settle = (end: () => void) => {
        if (isOver) return
        isOver = true
        cancelTimer()
        end()
      }
      const command: Command = {
        get isOver() {
          return isOver
        },
        perform: async (connection) => {
          const timedOut = new Promise<boolean>((done) => (onTimeout = () => done(false)))
          const done = work(connection).then(
            (answer) => {
              settle(() => resolve(answer))
              return true
            },
            (error) => {
              settle(() => reject(error))
              return isOfServer(error)
            },
          )
          return await Promise.race([done, timedOut])
        },
        fail: (error) => settle(() => reject(error)),
      }
      const cancelTimer = this.#clock.after(timeoutMs, () => {
        settle(() => reject(this.#problem(`did not answer within ${timeoutMs} ms`)))
        onTimeout()
      })
      this.#enter(command)
    })
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelIdleTimer?.()
    for (const command of this.#waiting.splice(0)) command.fail(this.#problem('was removed'))
    for (const connection of this.#idle.splice(0)) connection.destroy()
  }

  #enter(command: Command): void {
    if (this.#closed) return command.fail(this.#problem('was removed'))
    const idle = this.#idle.pop()
    if (idle !== undefined) return void this.#work(idle, command)
    if (this.#count < CONNECTIONS_MAX) return void this.#connectFor(command)
    if (this.#waiting.length < WAITING_MAX) this.#waiting.push(command)
    else command.fail(this.#problem(`has ${WAITING_MAX} control commands waiting`))
  }

  async #connectFor(command: Command): Promise<void> {
    this.#count++
    try {
      const connection = await this.#open()
      // What is lost while idle is noticed here; without a listener the event would end the process.
      connection.on('error', () => this.#lostWhileIdle(connection))
      await this.#work(connection, command)
    } catch (error) {
      this.#count--
      command.fail(error)
      this.#nextConnects()
    }
  }

  /** One command after the other, as long as there are some. */
  async #work(connection: mysql.Connection, command: Command): Promise<void> {
    for (let next: Command | undefined = command; next !== undefined; next = this.#waiting.shift()) {
      if (next.isOver) continue
      if (this.#closed) next.fail(this.#problem('was removed'))
      else if (!(await next.perform(connection))) {
        this.#drop(connection)
        return this.#nextConnects()
      }
    }
    this.#park(connection)
  }

  #park(connection: mysql.Connection): void {
    if (this.#closed) return this.#drop(connection)
    this.#idle.push(connection)
    this.#cancelIdleTimer?.()
    this.#cancelIdleTimer = this.#clock.after(IDLE_MS, () => {
      for (const idle of this.#idle.splice(0)) this.#drop(idle)
    })
  }

  #lostWhileIdle(connection: mysql.Connection): void {
    const at = this.#idle.indexOf(connection)
    if (at < 0) return
    this.#idle.splice(at, 1)
    this.#drop(connection)
  }

  #drop(connection: mysql.Connection): void {
    this.#count--
    connection.destroy()
  }

  #nextConnects(): void {
    const next = this.#waiting.shift()
    if (next !== undefined) this.#enter(next)
  }

  #forget(command: Command): void {
    const at = this.#waiting.indexOf(command)
    if (at >= 0) this.#waiting.splice(at, 1)
  }

  #problem(what: string): SqlError {
    return new SqlError('CR_SERVER_LOST', `Tablet ${this.#name} ${what} (control connection)`)
  }
}

/** An answer like any other: the connection is as good as before. */
function isOfServer(error: unknown): boolean {
  const { sqlState, fatal } = error as { sqlState?: string; fatal?: boolean }
  return sqlState !== undefined && sqlState !== '' && fatal !== true
}
