import { SqlError } from '../errors/sql-error.ts'
import type { BackendConnection } from '../mysql/client/backend-connection.ts'
import type { TabletEndpoint } from '../tablet/gateway.ts'
import type { Session } from './session.ts'

/** A backend connection at work for the current statement. */
export interface Working {
  readonly endpoint: TabletEndpoint
  readonly connection: BackendConnection
}

/** What ends a statement before its time: KILL, its deadline, a client that is gone. */
export class Interruption {
  readonly #session: Session
  /** Connections that work for the current statement, beside the one whose answer is being relayed. */
  readonly working = new Set<Working>()
  #reason: 'none' | 'query' | 'connection' | 'timeout' = 'none'
  #cancelDeadline: (() => void) | undefined

  constructor(session: Session) {
    this.#session = session
  }

  /** A command begins: what was meant for the one before is over. */
  begin(): void {
    this.#reason = 'none'
  }

  /** The statement is over. */
  end(): void {
    this.#cancelDeadline?.()
    this.#cancelDeadline = undefined
  }

  startDeadline(timeoutMs: number): void {
    this.#cancelDeadline = this.#session.proxy.clock.after(timeoutMs, () => {
      this.#reason = 'timeout'
      this.stopWorking('query timeout')
    })
  }

  /** KILL, by this session or another. */
  killedBy(what: 'query' | 'connection'): void {
    if (this.#session.busy) {
      this.#reason = what
      this.stopWorking('killed')
    } else if (what === 'connection') this.#session.client.close()
  }

  get isKilled(): boolean {
    return this.#reason !== 'none'
  }

  /** The connection ends with the statement. */
  get endsConnection(): boolean {
    return this.#reason === 'connection'
  }

  /** Why the statement is being stopped, if it is. */
  get error(): SqlError | undefined {
    if (this.#reason === 'none') return undefined
    return this.#reason === 'timeout' ? timedOut() : interrupted()
  }

  /** After an await: throws what ends the statement if somebody killed it, or its client has gone. */
  throwIfKilled(): void {
    if (this.isKilled || this.#session.client.closed) throw this.error ?? interrupted()
  }

  /** Kills what runs on the backends for this session. Their answers, errors mostly, come the usual way. */
  stopWorking(reason: string): void {
    const { client, relaying } = this.#session
    const gone = client.closed
    for (const on of relaying === undefined ? this.working : [...this.working, relaying]) {
      if (gone) this.abandon(on)
      else this.#kill(on, reason)
    }
  }

  /**
   * A connection in mid-answer that nobody reads any more: its statement is stopped on the server, then it is closed.
   * KILL CONNECTION would do both, but was seen to crash MariaDB 10.11 when the thread ends by itself at that moment.
   */
  abandon(on: Working): void {
    this.#kill(on, 'nobody reads the answer', true)
  }

  #kill({ endpoint, connection }: Working, reason: string, destroys = false): void {
    const { gateway, log } = this.#session.proxy
    const killed = gateway
      .control(endpoint, `KILL QUERY ${connection.threadId}`)
      .catch((error) => log.warn('kill failed', { tablet: endpoint.alias, reason, error }))
      .finally(() => {
        if (destroys) connection.destroy()
      })
    connection.expectKill(killed)
  }
}

function timedOut(): SqlError {
  return new SqlError(
    'ER_QUERY_TIMEOUT',
    'Query execution was interrupted, maximum statement execution time exceeded',
  )
}

export function interrupted(): SqlError {
  return new SqlError('ER_QUERY_INTERRUPTED', 'Query execution was interrupted')
}
