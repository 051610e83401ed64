import type { Clock } from '../../../src/base/clock.ts'

/** The system's clock, until it is frozen: then the process that has it stands, as far as it can tell; thawed, it is late at once. */
export class FreezableClock implements Clock {
  #frozenMs: number | undefined
  readonly #late: (() => void)[] = []

  now(): number {
    return this.#frozenMs ?? Date.now()
  }

  after(delayMs: number, fn: () => void): () => void {
    let isCancelled = false
    const fire = () => {
      if (isCancelled) return
      if (this.#frozenMs === undefined) fn()
      else this.#late.push(fire)
    }
    const timer = setTimeout(fire, delayMs)
    timer.unref()
    return () => {
      isCancelled = true
      clearTimeout(timer)
    }
  }

  freeze(): void {
    this.#frozenMs ??= Date.now()
  }

  thaw(): void {
    this.#frozenMs = undefined
    for (const fire of this.#late.splice(0)) setTimeout(fire, 0)
  }
}
