import type { Clock } from '../base/clock.ts'

const STEPS = 10

/** The share of a replica that comes back: it grows in equal steps to the whole, for its caches are cold. */
export class SlowStart {
  readonly #overMs: number
  readonly #clock: Clock
  readonly #onChange: () => void
  #step = STEPS
  #cancelTimer: (() => void) | undefined

  /** `overMs` 0: at once. */
  constructor(overMs: number, clock: Clock, onChange: () => void) {
    this.#overMs = overMs
    this.#clock = clock
    this.#onChange = onChange
  }

  /** Above 0, and 1 in the end. */
  get share(): number {
    return this.#step / STEPS
  }

  begin(): void {
    if (this.#overMs === 0) return
    this.close()
    this.#step = 1
    this.#onChange()
    this.#wait()
  }

  close(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #wait(): void {
    this.#cancelTimer = this.#clock.after(this.#overMs / STEPS, () => {
      this.#cancelTimer = undefined
      this.#step++
      this.#onChange()
      if (this.#step < STEPS) this.#wait()
    })
  }
}
