import type { Clock } from '../../src/base/clock.ts'

/** A clock that stands still until it is moved; timers fire in order of their time. */
export class ManualClock implements Clock {
  #nowMs = 1_000_000
  #timers: { readonly atMs: number; readonly fn: () => void }[] = []

  now(): number {
    return this.#nowMs
  }

  after(delayMs: number, fn: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, fn }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Delays of the timers that are waiting, shortest first. */
  pending(): number[] {
    return this.#timers.map((timer) => timer.atMs - this.#nowMs).sort((a, b) => a - b)
  }

  /** Moves on by `ms` and lets promise callbacks run after each timer. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    for (;;) {
      const next = this.#timers.filter((t) => t.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (!next) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.#nowMs = next.atMs
      next.fn()
      await settle()
    }
    this.#nowMs = untilMs
    await settle()
  }
}

/** Lets everything run that waits for nothing but promises. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}
