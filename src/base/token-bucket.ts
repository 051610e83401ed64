/** So many a second, and as many at once as come back in a second; one at least. */
export class TokenBucket {
  readonly #perSecond: number
  readonly #max: number
  #tokens: number
  #filledAtMs: number

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond
    this.#max = Math.max(1, perSecond)
    this.#tokens = this.#max
    this.#filledAtMs = nowMs
  }

  /** False where none is left. */
  take(nowMs: number): boolean {
    const earned = ((nowMs - this.#filledAtMs) / 1000) * this.#perSecond
    this.#tokens = Math.min(this.#max, this.#tokens + earned)
    this.#filledAtMs = nowMs
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}
