import type { Clock } from './clock.ts'
import { deferred } from './deferred.ts'

/** Somebody who has been taken out of a queue, and is owed an answer. */
export interface Waiter<Asked, Given> {
  readonly asked: Asked
  /** Epoch ms when it began to wait. */
  readonly sinceMs: number
  readonly resolve: (given: Given) => void
  readonly reject: (error: Error) => void
}

export interface WaitOptions {
  readonly timeoutMs: number
  /** What is thrown when that is over. */
  readonly timedOut: () => Error
  /** Its reason is thrown when it is aborted first. */
  readonly signal?: AbortSignal | undefined
}

/** Those who wait for something, in the order in which they came. How many may, whoever adds them decides. */
export class WaitQueue<Asked, Given> {
  readonly #clock: Clock
  readonly #waiters = new Map<Waiter<Asked, Given>, () => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#waiters.size
  }

  wait(asked: Asked, { timeoutMs, timedOut, signal }: WaitOptions): Promise<Given> {
    signal?.throwIfAborted()
    const { promise, resolve, reject } = deferred<Given>()
    const waiter = { asked, sinceMs: this.#clock.now(), resolve, reject }
    const giveUp = (error: Error) => {
      this.#remove(waiter)
      reject(error)
    }
    const abort = () => giveUp(signal!.reason)
    signal?.addEventListener('abort', abort, { once: true })
    const cancelTimer = this.#clock.after(timeoutMs, () => giveUp(timedOut()))
    this.#waiters.set(waiter, () => {
      cancelTimer()
      signal?.removeEventListener('abort', abort)
    })
    return promise
  }

  /** The first one, whose wait is over: neither its time nor its signal counts any more. */
  next(): Waiter<Asked, Given> | undefined {
    for (const waiter of this.#waiters.keys()) {
      this.#remove(waiter)
      return waiter
    }
    return undefined
  }

  #remove(waiter: Waiter<Asked, Given>): void {
    this.#waiters.get(waiter)?.()
    this.#waiters.delete(waiter)
  }
}
