import type { Clock } from '../base/clock.ts'
import { deferred } from '../base/deferred.ts'

/** Counts, from the beginning of the process. */
export interface BufferCounts {
  /** Statements that wait at this moment. */
  readonly waiting: number
  /** All that have begun to. */
  readonly waited: number
  /** Those that were not served in the end, by why. */
  readonly evicted: Readonly<Record<Eviction, number>>
}

export type Eviction = 'window exceeded' | 'buffer full' | 'cancelled'

interface Waiter {
  readonly resolve: () => void
  /** Out of the queue, with an error. */
  readonly giveUp: (why: Eviction, error: Error) => void
  readonly isServed: () => boolean
}

/** Statements that wait for a primary: bounded in number, each for a bounded time. */
export class WaitingStatements {
  readonly #max: number
  readonly #clock: Clock
  /** In the order in which they came. */
  readonly #waiters = new Set<Waiter>()
  #waited = 0
  readonly #evicted: Record<Eviction, number> = { 'window exceeded': 0, 'buffer full': 0, cancelled: 0 }

  constructor(max: number, clock: Clock) {
    this.#max = max
    this.#clock = clock
  }

  get size(): number {
    return this.#waiters.size
  }

  get counts(): BufferCounts {
    return { waiting: this.#waiters.size, waited: this.#waited, evicted: this.#evicted }
  }

  /**
   * Resolves with the first `serve` at which `isServed`. Throws `unavailable` when `timeoutMs` are over, or when others need the place:
   * of a full queue whoever has waited longest goes. Throws the reason of `signal`.
   */
  wait(options: {
    readonly isServed: () => boolean
    readonly timeoutMs: number
    readonly signal: AbortSignal | undefined
    readonly unavailable: (why: Eviction) => Error
  }): Promise<void> {
    const { isServed, timeoutMs, signal, unavailable } = options
    signal?.throwIfAborted()
    if (this.#waiters.size >= this.#max) {
      const [oldest] = this.#waiters
      oldest!.giveUp('buffer full', unavailable('buffer full'))
    }
    const { promise, resolve, reject } = deferred<void>()
    const ended = () => {
      cancelTimer()
      signal?.removeEventListener('abort', abort)
      this.#waiters.delete(waiter)
    }
    const waiter: Waiter = {
      isServed,
      resolve: () => {
        ended()
        resolve()
      },
      giveUp: (why, error) => {
        ended()
        this.#evicted[why]++
        reject(error)
      },
    }
    const abort = () => waiter.giveUp('cancelled', signal!.reason)
    signal?.addEventListener('abort', abort, { once: true })
    const cancelTimer = this.#clock.after(timeoutMs, () =>
      waiter.giveUp('window exceeded', unavailable('window exceeded')),
    )
    this.#waiters.add(waiter)
    this.#waited++
    return promise
  }

  /** Lets those go on that may. */
  serve(): void {
    for (const waiter of [...this.#waiters]) if (waiter.isServed()) waiter.resolve()
  }

  /** Lets all go on: whom they wait for is no more, as they will find. */
  release(): void {
    for (const waiter of [...this.#waiters]) waiter.resolve()
  }
}
