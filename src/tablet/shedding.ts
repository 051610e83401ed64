/**
 * Whether those who wait are too many to be served in time: CoDel. A queue that is empty now and then is a burst, which it is there
 * for; one in which somebody has waited longer than `targetMs` at every moment of an interval is standing, and does nothing but make
 * everybody late. Then one after the other has to go, the faster the longer it lasts.
 * Source: RFC 8289, "Controlled Delay Active Queue Management".
 */
export class Shedding {
  readonly #targetMs: number
  readonly #intervalMs: number
  /** When the queue will have been standing for an interval; undefined while it is not. */
  #standingAtMs: number | undefined
  #isShedding = false
  /** In this time of shedding. */
  #count = 0
  #nextAtMs = 0

  constructor(targetMs: number) {
    this.#targetMs = targetMs
    this.#intervalMs = Math.max(INTERVAL_MS, targetMs)
  }

  /** Asked whenever somebody is about to be served: whether another has to go. `waitedMs`: whoever has waited longest. */
  mustShed(waitedMs: number, nowMs: number): boolean {
    if (waitedMs < this.#targetMs) {
      this.#standingAtMs = undefined
      this.#isShedding = false
      return false
    }
    this.#standingAtMs ??= nowMs + this.#intervalMs
    if (nowMs < this.#standingAtMs) return false
    if (this.#isShedding && nowMs < this.#nextAtMs) return false
    // One that comes soon after another goes on as fast as that was.
    const isSoon = nowMs - this.#nextAtMs < 16 * this.#intervalMs
    if (this.#isShedding) this.#count++
    else this.#count = isSoon ? Math.max(1, this.#count - 2) : 1
    this.#isShedding = true
    this.#nextAtMs = nowMs + this.#intervalMs / Math.sqrt(this.#count)
    return true
  }
}

const INTERVAL_MS = 100
