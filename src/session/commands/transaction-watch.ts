import type { Clock } from '../../base/clock.ts'
import { SqlError } from '../../errors/sql-error.ts'
import type { Transaction } from '../../transaction/transaction.ts'
import type { Interruption } from './interruption.ts'

export interface TransactionTimeouts {
  /** Milliseconds from its beginning, and between two of its statements; 0: any time. */
  readonly wholeMs: number
  readonly idleMs: number
}

export interface WatchedSession {
  readonly transaction: Transaction
  readonly interruption: Pick<Interruption, 'isBusy' | 'commands' | 'expire'>
}

/** An idle session is noticed within a quarter of its time more. */
const LOOKS = 4
const LOOK_MIN_MS = 25

/**
 * Ends transactions that take too long. It looks at the open one now and then, so that statements pay nothing for it: an idle
 * session is one that two looks have found alike, and its time begins with the first of them.
 */
export class TransactionWatch {
  readonly #session: WatchedSession
  readonly #clock: Clock
  #timeouts: TransactionTimeouts = { wholeMs: 0, idleMs: 0 }
  #beganMs = 0
  #idleSinceMs = 0
  #seenCommands = -1
  #cancel: (() => void) | undefined

  constructor(session: WatchedSession, clock: Clock) {
    this.#session = session
    this.#clock = clock
  }

  begins(timeouts: TransactionTimeouts): void {
    this.ends()
    if (timeouts.wholeMs === 0 && timeouts.idleMs === 0) return
    this.#timeouts = timeouts
    this.#beganMs = this.#clock.now()
    this.#seenCommands = -1
    this.#lookLater()
  }

  ends(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #lookLater(): void {
    const { wholeMs, idleMs } = this.#timeouts
    const waits = [...(wholeMs > 0 ? [wholeMs] : []), ...(idleMs > 0 ? [idleMs] : [])]
    const delayMs = Math.max(LOOK_MIN_MS, Math.min(...waits) / LOOKS)
    this.#cancel = this.#clock.after(delayMs, () => this.#look())
  }

  #look(): void {
    const { interruption, transaction } = this.#session
    const { wholeMs, idleMs } = this.#timeouts
    const nowMs = this.#clock.now()
    if (interruption.isBusy || interruption.commands !== this.#seenCommands) {
      this.#seenCommands = interruption.commands
      this.#idleSinceMs = nowMs
    }
    const isOver = wholeMs > 0 && nowMs - this.#beganMs >= wholeMs
    const isIdle = idleMs > 0 && nowMs - this.#idleSinceMs >= idleMs
    // A COMMIT is carried through.
    if (transaction.isCommitting || (!isOver && !isIdle)) return this.#lookLater()
    const error = isOver
      ? timedOut('timeouts.transaction', wholeMs)
      : timedOut('timeouts.idle_transaction', idleMs)
    // What runs is stopped first. Its answer is the error, mostly: SLEEP() has one of its own.
    if (interruption.isBusy) {
      transaction.condemn(error)
      interruption.expire(error)
      return this.#lookLater()
    }
    void transaction.expire(error)
  }
}

/** As vtgate's, which says ABORTED. */
function timedOut(setting: string, ms: number): SqlError {
  return new SqlError(
    'ER_QUERY_INTERRUPTED',
    `The transaction was rolled back: it has exceeded ${setting} (${ms} ms)`,
  )
}
