import type { Clock } from '../base/clock.ts'

export interface OutlierOptions {
  /** So many failures in a row take a replica out; 0: none does. */
  readonly failures: number
  /** For so long the first time. */
  readonly pauseMs: number
}

/** The pause grows to so many times the first one. */
const PAUSES_MAX = 32

/**
 * Whether a replica answers its health checks, but fails those who use it: so many connections or statements in a row that it could not
 * make, lost, or that ran out of time take it out for a while, twice as long each time, until one has passed without.
 */
export class Outlier {
  readonly #options: OutlierOptions
  readonly #clock: Clock
  /** It is out, or in again. */
  readonly #onChange: (pauseMs: number | undefined) => void
  #failures = 0
  #times = 1
  #lastOutMs = Number.NEGATIVE_INFINITY
  #cancelTimer: (() => void) | undefined

  constructor(options: OutlierOptions, clock: Clock, onChange: (pauseMs: number | undefined) => void) {
    this.#options = options
    this.#clock = clock
    this.#onChange = onChange
  }

  get isOut(): boolean {
    return this.#cancelTimer !== undefined
  }

  /** Called for every answer. */
  answered(): void {
    this.#failures = 0
  }

  failed(): void {
    const { failures, pauseMs } = this.#options
    // Those that are still there when it is out say nothing new.
    if (this.isOut || failures === 0 || ++this.#failures < failures) return
    this.#failures = 0
    const nowMs = this.#clock.now()
    const lastMs = this.#times * pauseMs
    const isSoon = nowMs - this.#lastOutMs < 2 * lastMs
    this.#times = isSoon ? Math.min(2 * this.#times, PAUSES_MAX) : 1
    this.#lastOutMs = nowMs
    const ms = this.#times * pauseMs
    this.#cancelTimer = this.#clock.after(ms, () => {
      this.#cancelTimer = undefined
      this.#onChange(undefined)
    })
    this.#onChange(ms)
  }

  close(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }
}
