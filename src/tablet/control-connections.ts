import type mysql from 'mysql2/promise'
import type { Clock } from '../base/clock.ts'
import { SqlError } from '../errors/sql-error.ts'

/** Commands that may wait for one. More is a server that does not answer. */
const WAITING_MAX = 10_000
const IDLE_MS = 30_000

/** Something to do on a control connection; `settle` and `fail` count once, whoever calls first. */
interface Command {
  readonly isOver: boolean
  /** Does it, and tells what has become of the connection; 'stale': it was lost while it was idle, and nothing was done. */
  perform(connection: mysql.Connection, wasIdle: boolean): Promise<'good' | 'lost' | 'stale'>
  fail(error: unknown): void
}

export interface ControlOptions {
  /** Gives up by itself within the connect limit. */
  open(): Promise<mysql.Connection>
  readonly connectionsMax: number
}

/**
 * A few connections of mysql2 to one server, shared by what is no traffic.
 */
export class ControlConnections {
  readonly #name: string
  readonly #options: ControlOptions
  readonly #clock: Clock
  readonly #idle: mysql.Connection[] = []
  readonly #waiting: Command[] = []
  /** What each connection at work does. */
  readonly #working = new Map<mysql.Connection, Command>()
  /** Connections being made, at work or idle. */
  #count = 0
  #closed = false
  #cancelIdleTimer: (() => void) | undefined

  constructor(name: string, options: ControlOptions, clock: Clock) {
    this.#name = name
    this.#options = options
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
        perform: async (connection, wasIdle) => {
          const timedOut = new Promise<'lost'>((done) => (onTimeout = () => done('lost')))
          const done = work(connection).then(
            (answer) => {
              settle(() => resolve(answer))
              return 'good' as const
            },
            (error) => {
              const isGood = isOfServer(error)
              if (!isGood && wasIdle && !isOver) return 'stale' as const
              settle(() => reject(error))
              return isGood ? ('good' as const) : ('lost' as const)
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

  /** Commands fail now, those at work too: a server that is stopped would keep their connections, and they the process. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelIdleTimer?.()
    for (const command of [...this.#waiting.splice(0), ...this.#working.values()])
      command.fail(this.#problem('was removed'))
    for (const connection of this.#working.keys()) connection.destroy()
    for (const connection of this.#idle.splice(0)) connection.destroy()
  }

  #enter(command: Command): void {
    if (this.#closed) return command.fail(this.#problem('was removed'))
    const idle = this.#idle.pop()
    if (idle !== undefined) return void this.#work(idle, command, true)
    if (this.#count < this.#options.connectionsMax) return void this.#connectFor(command)
    if (this.#waiting.length < WAITING_MAX) this.#waiting.push(command)
    else command.fail(this.#problem(`has ${WAITING_MAX} control commands waiting`))
  }

  async #connectFor(command: Command): Promise<void> {
    this.#count++
    try {
      const connection = await this.#options.open()
      // What is lost while idle is noticed here; without a listener the event would end the process.
      connection.on('error', () => this.#lostWhileIdle(connection))
      await this.#work(connection, command, false)
    } catch (error) {
      this.#count--
      command.fail(error)
      this.#nextConnects()
    }
  }

  /** One command after the other, as long as there are some. */
  async #work(connection: mysql.Connection, command: Command, isIdle: boolean): Promise<void> {
    let wasIdle = isIdle
    for (let next: Command | undefined = command; next !== undefined; next = this.#waiting.shift()) {
      if (next.isOver) continue
      if (this.#closed) {
        next.fail(this.#problem('was removed'))
        continue
      }
      this.#working.set(connection, next)
      const state = await next.perform(connection, wasIdle)
      this.#working.delete(connection)
      if (state !== 'good') {
        this.#drop(connection)
        if (state === 'stale') this.#waiting.unshift(next)
        return this.#nextConnects()
      }
      wasIdle = false
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
