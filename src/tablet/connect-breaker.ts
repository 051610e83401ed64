import { ServerError } from '../errors/server-error.ts'

/** Attempts that fail one after the other before there is a pause. */
const FAILURES_MAX = 3
const PAUSE_MIN_MS = 100
const PAUSE_MAX_MS = 5_000

/**
 * A server to which no connections can be made is left alone for a while: after some failures one attempt is made at a time, each
 * after a longer pause. `random`: 0 to 1, so that proxies do not come back together.
 */
export class ConnectBreaker {
  readonly #random: () => number
  #failures = 0
  #openUntilMs = 0
  #isProbing = false
  #last: Error | undefined

  constructor(random: () => number) {
    this.#random = random
  }

  /** Why no attempt may be made now; undefined when one may. */
  refusal(
    nowMs: number,
  ): { readonly error: Error; readonly failures: number; readonly waitMs: number } | undefined {
    if (this.#failures < FAILURES_MAX || (nowMs >= this.#openUntilMs && !this.#isProbing)) return undefined
    const waitMs = Math.max(0, this.#openUntilMs - nowMs)
    return { error: this.#last!, failures: this.#failures, waitMs }
  }

  /** So many attempts have failed, and none has succeeded since, that there may be a refusal. */
  get hasFailed(): boolean {
    return this.#failures >= FAILURES_MAX
  }

  /** An attempt begins. */
  begins(): void {
    this.#isProbing = this.#failures >= FAILURES_MAX
  }

  succeeded(): void {
    this.#failures = 0
    this.#isProbing = false
  }

  /** It answers others: that connections were lost on their way is over. What it said itself, for it has too many, may hold. */
  answersOthers(): void {
    if (!(this.#last instanceof ServerError)) this.succeeded()
  }

  failed(error: Error, nowMs: number): void {
    this.#failures++
    this.#isProbing = false
    this.#last = error
    if (this.#failures < FAILURES_MAX) return
    const pauseMs = Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** (this.#failures - FAILURES_MAX))
    this.#openUntilMs = nowMs + pauseMs * (0.5 + this.#random() / 2)
  }
}
