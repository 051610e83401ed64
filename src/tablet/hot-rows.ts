import type { Clock } from '../base/clock.ts'
import { WaitQueue } from '../base/wait-queue.ts'
import { SqlError } from '../errors/sql-error.ts'

export interface HotRowOptions {
  /** Writers of one row that its server has at once; the others wait here. */
  readonly concurrency: number
  /** Those that may wait for one row; one more is refused. */
  readonly queueMax: number
  readonly waitTimeoutMs: number
  /** Nobody waits: it is only counted who would. */
  readonly isDryRun: boolean
}

export interface HotRowCounts {
  /** Writers that wait at this moment. */
  readonly waiting: number
  /** All that have begun to, or in a dry run would have. */
  readonly waited: number
  /** Refused, for too many waited. */
  readonly refused: number
  readonly timedOut: number
}

interface Row {
  writers: number
  /** Made when somebody has to wait. */
  queue: WaitQueue<() => void, void> | undefined
}

/**
 * Writers of one row wait for it in the proxy, first in first out, instead of in InnoDB, where each waits for all before it: finding
 * deadlocks among them costs more than the work itself.
 *
 * A row is known here while somebody writes it, and no longer. Who holds a place has a right to be in the row's server, not to the row:
 * that is InnoDB's to give, so that nothing depends on this for being right.
 */
export class HotRows {
  readonly #options: HotRowOptions
  readonly #clock: Clock
  readonly #rows = new Map<string, Row>()
  #waiting = 0
  #waited = 0
  #refused = 0
  #timedOut = 0

  constructor(options: HotRowOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  get counts(): HotRowCounts {
    return { waiting: this.#waiting, waited: this.#waited, refused: this.#refused, timedOut: this.#timedOut }
  }

  /** Takes a place at the row; false where there is none. `leave` gives it back. */
  enter(key: string): boolean {
    const row = this.#rows.get(key)
    if (row === undefined) {
      this.#rows.set(key, { writers: 1, queue: undefined })
      return true
    }
    if (row.writers < this.#options.concurrency) {
      row.writers++
      return true
    }
    if (!this.#options.isDryRun) return false
    this.#waited++
    row.writers++
    return true
  }

  /**
   * Resolves with a place at a row that had none; `entered` is called at that moment, for the place is to be given back whatever becomes
   * of who waits for the promise. Throws 1203 when too many wait, 1205 when the wait is over, and the reason of `signal`.
   * `timeoutMs`: what the session waits for locks, where it says so.
   */
  async wait(
    key: string,
    {
      entered,
      timeoutMs,
      signal,
    }: {
      readonly entered: () => void
      readonly timeoutMs: number | undefined
      readonly signal: AbortSignal
    },
  ): Promise<void> {
    const row = this.#rows.get(key)!
    const { queueMax, waitTimeoutMs } = this.#options
    row.queue ??= new WaitQueue(this.#clock)
    if (row.queue.size >= queueMax) {
      this.#refused++
      throw tooMany(queueMax)
    }
    this.#waited++
    this.#waiting++
    const timedOut = () => {
      this.#timedOut++
      return waitedTooLong()
    }
    try {
      await row.queue.wait(entered, {
        timeoutMs: Math.min(waitTimeoutMs, timeoutMs ?? waitTimeoutMs),
        timedOut,
        signal,
      })
    } finally {
      this.#waiting--
    }
  }

  /** The place goes to whoever has waited longest. */
  leave(key: string): void {
    const row = this.#rows.get(key)!
    const next = row.queue?.next()
    if (next !== undefined) {
      next.asked()
      next.resolve()
    } else if (--row.writers === 0) this.#rows.delete(key)
  }
}

function tooMany(queueMax: number): SqlError {
  return new SqlError(
    'ER_TOO_MANY_USER_CONNECTIONS',
    `hot row protection: ${queueMax} statements wait already to write the same row (hot_rows.queue)`,
  )
}

/** In the words of InnoDB, after which applications try again. */
function waitedTooLong(): SqlError {
  return new SqlError(
    'ER_LOCK_WAIT_TIMEOUT',
    'Lock wait timeout exceeded; try restarting transaction (innodb_lock_wait_timeout or hot_rows.wait_timeout: others write the same row)',
  )
}
