import { assert } from '../../base/assert.ts'

const COUNTER_BITS = 24
const COUNTERS = 1 << COUNTER_BITS
const WORKERS_MAX = 1 << 8

/**
 * Connection ids of one worker: its number in the upper eight bits, a counter in the lower 24, so that an id names its
 * worker. The counter wraps and skips ids in use. 0 is nobody's.
 */
export class ConnectionIds {
  readonly #base: number
  readonly #used = new Set<number>()
  #counter = 0

  constructor(workerNumber: number) {
    assert(workerNumber >= 0 && workerNumber < WORKERS_MAX, 'worker numbers have eight bits')
    this.#base = workerNumber * COUNTERS
  }

  take(): number {
    let id: number
    do {
      this.#counter = (this.#counter + 1) % COUNTERS
      id = this.#base + this.#counter
    } while (id === 0 || this.#used.has(id))
    this.#used.add(id)
    return id
  }

  release(id: number): void {
    this.#used.delete(id)
  }
}

/** The worker that gave out a connection id. */
export function workerOf(connectionId: number): number {
  return Math.floor(connectionId / COUNTERS)
}
