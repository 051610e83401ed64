import type { Clock } from './clock.ts'
import { deferred } from './deferred.ts'

/** Somebody who has been taken out of a queue, and is owed an answer. */
export interface Waiter<Asked, Given> {
  readonly asked: Asked
  /** The less the more urgent. */
  readonly priority: number
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
  /** Default 0. */
  readonly priority?: number | undefined
}

interface Level<Asked, Given> {
  readonly priority: number
  /** In the order in which they came, each with what ends its time and signal. */
  readonly waiters: Map<Waiter<Asked, Given>, () => void>
}

/**
 * Those who wait for something: the most urgent first, and among these whoever came first. How many may wait, whoever adds them
 * decides. Of few priorities, for each has a list of its own.
 */
export class WaitQueue<Asked, Given> {
  readonly #clock: Clock
  /** By priority. */
  readonly #levels: Level<Asked, Given>[] = []
  #size = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#size
  }

  wait(asked: Asked, { timeoutMs, timedOut, signal, priority = 0 }: WaitOptions): Promise<Given> {
    signal?.throwIfAborted()
    const { promise, resolve, reject } = deferred<Given>()
    const waiter = { asked, priority, sinceMs: this.#clock.now(), resolve, reject }
    const giveUp = (error: Error) => {
      this.#remove(waiter)
      reject(error)
    }
    const abort = () => giveUp(signal!.reason)
    signal?.addEventListener('abort', abort, { once: true })
    const cancelTimer = this.#clock.after(timeoutMs, () => giveUp(timedOut()))
    this.#level(priority).waiters.set(waiter, () => {
      cancelTimer()
      signal?.removeEventListener('abort', abort)
    })
    this.#size++
    return promise
  }

  /** The most urgent one, whose wait is over: neither its time nor its signal counts any more. */
  next(): Waiter<Asked, Given> | undefined {
    return this.#take(this.#levels.find(({ waiters }) => waiters.size > 0))
  }

  /** The least urgent one that is less urgent than `priority`, in the same way; of several the one that has waited longest. */
  leastUrgent(priority: number): Waiter<Asked, Given> | undefined {
    const level = this.#levels.findLast(({ waiters }) => waiters.size > 0)
    return level === undefined || level.priority <= priority ? undefined : this.#take(level)
  }

  /** Since when somebody has been waiting; undefined where nobody is. */
  get oldestMs(): number | undefined {
    let oldestMs: number | undefined
    for (const { waiters } of this.#levels)
      for (const { sinceMs } of waiters.keys()) {
        if (oldestMs === undefined || sinceMs < oldestMs) oldestMs = sinceMs
        break
      }
    return oldestMs
  }

  #level(priority: number): Level<Asked, Given> {
    const known = this.#levels.find((level) => level.priority === priority)
    if (known !== undefined) return known
    const level = { priority, waiters: new Map() }
    this.#levels.push(level)
    this.#levels.sort((a, b) => a.priority - b.priority)
    return level
  }

  #take(level: Level<Asked, Given> | undefined): Waiter<Asked, Given> | undefined {
    for (const waiter of level?.waiters.keys() ?? []) {
      this.#remove(waiter)
      return waiter
    }
    return undefined
  }

  #remove(waiter: Waiter<Asked, Given>): void {
    const { waiters } = this.#level(waiter.priority)
    waiters.get(waiter)?.()
    if (waiters.delete(waiter)) this.#size--
  }
}
