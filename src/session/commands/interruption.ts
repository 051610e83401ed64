import type { Clock } from '../../base/clock.ts'
import { ServerError } from '../../errors/server-error.ts'
import { SqlError } from '../../errors/sql-error.ts'
import type { ClientConnection } from '../../mysql/server/session-handler.ts'
import type { Lease } from '../../tablet/lease.ts'
import type { StatementWatch } from '../../transaction/write-shards.ts'
import type { Directives } from '../settings/directives.ts'

const ER_QUERY_INTERRUPTED = 1317

/** What ends a statement before its time: KILL, its deadline, a client that is gone. */
export class Interruption implements StatementWatch {
  readonly #client: Pick<ClientConnection, 'closed' | 'close'>
  readonly #clock: Clock
  /** Connections that work for the current statement, beside the one whose answer is being relayed. */
  readonly working = new Set<Lease>()
  relaying: Lease | undefined
  /** The command that runs, as the client has sent it. */
  #command: Buffer | undefined
  #reason: 'none' | 'query' | 'connection' | 'timeout' | 'expired' = 'none'
  #expired: SqlError | undefined
  /** What the statement says of how it is to be run; undefined where it says nothing. */
  directives: Directives | undefined
  /** How many there have been. */
  commands = 0
  #cancelDeadline: (() => void) | undefined
  /** Made when somebody wants to hear of the end: the fast path waits for nothing. */
  #controller: AbortController | undefined

  constructor(client: Pick<ClientConnection, 'closed' | 'close'>, clock: Clock) {
    this.#client = client
    this.#clock = clock
  }

  /** A command begins: what was meant for the one before is over. */
  begin(command: Buffer): void {
    this.#command = command
    this.commands++
    this.#reason = 'none'
  }

  /** The statement is over; another one of the same command may follow. */
  statementEnds(): void {
    this.#cancelDeadline?.()
    this.#cancelDeadline = undefined
    this.#controller = undefined
    this.directives = undefined
    if (this.#reason === 'timeout' || this.#reason === 'expired') this.#reason = 'none'
  }

  commandEnds(): void {
    this.#command = undefined
  }

  /** One for each statement, whatever runs on its behalf. */
  startDeadline(timeoutMs: number): void {
    this.#cancelDeadline ??= this.#clock.after(timeoutMs, () => {
      this.#stop('timeout')
    })
  }

  get priority(): number | undefined {
    return this.directives?.priority
  }

  /** The statement's transaction has come to its end. */
  expire(error: SqlError): void {
    this.#expired = error
    this.#stop('expired')
  }

  /** KILL by another session. One of the connection closes it at once, without an answer to what it was about. */
  killedByOther(what: 'query' | 'connection'): void {
    if (what === 'connection') this.#client.close()
    else if (this.isBusy) this.#stop(what)
  }

  /** KILL by the session itself, which is told so first. */
  killedByItself(what: 'query' | 'connection'): void {
    this.#stop(what)
  }

  get isBusy(): boolean {
    return this.#command !== undefined
  }

  get command(): Buffer | undefined {
    return this.#command
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
    if (this.#reason === 'expired') return this.#expired
    return this.#reason === 'timeout' ? timedOut() : interrupted()
  }

  /** Aborted with `error` when the statement is to end. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.stopped !== undefined) this.#controller.abort(this.stopped)
    return this.#controller.signal
  }

  /** As `error`, or that the client has gone. */
  get stopped(): SqlError | undefined {
    return this.error ?? (this.#client.closed ? interrupted() : undefined)
  }

  /** After an await: throws what ends the statement if somebody killed it, or its client has gone. */
  throwIfKilled(): void {
    const { stopped } = this
    if (stopped !== undefined) throw stopped
  }

  /** What a failure that was brought about by stopping the statement is told as. */
  told(failure: unknown): unknown {
    const { error } = this
    if (error === undefined) return failure
    const isLost = failure instanceof SqlError && failure.code === 'CR_SERVER_LOST'
    const isStopped = failure instanceof ServerError && failure.errno === ER_QUERY_INTERRUPTED
    return isLost || isStopped ? error : failure
  }

  /** A session that is to end is not spared by what would stop its statement alone. */
  #stop(reason: 'query' | 'connection' | 'timeout' | 'expired'): void {
    if (this.#reason !== 'connection') this.#reason = reason
    this.stopWorking()
  }

  /** Stops what runs and what waits for this session. Their answers, errors mostly, come the usual way. */
  stopWorking(): void {
    const { relaying } = this
    this.#controller?.abort(this.error ?? interrupted())
    for (const lease of relaying === undefined ? this.working : [...this.working, relaying]) {
      if (this.#client.closed) lease.abandon()
      else {
        if (this.#reason === 'timeout') lease.hasRunLate = true
        lease.kill(this.error)
      }
    }
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
