import type { Clock } from '../../base/clock.ts'
import type { Condition } from '../../errors/condition.ts'
import { readConditions } from '../../mysql/client/conditions.ts'
import type { Lease } from '../../tablet/lease.ts'

/** How long an idle session may keep a connection in case SHOW WARNINGS follows. */
const KEEP_MS = 200

/**
 * The connection on which the last statement left warnings: it stays with the session until the next statement shows
 * that nobody asks for them. A session that goes idle meanwhile has them read, and gives the connection back.
 */
export class KeptWarnings {
  readonly #clock: Clock
  #kept: { readonly lease: Lease; readonly isOwn: boolean } | undefined
  #cancelTimer: (() => void) | undefined
  #read: Promise<readonly Condition[]> | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The session keeps the connection anyway: a lane's. */
  keepOwn(lease: Lease): void {
    this.drop()
    this.#kept = { lease, isOwn: true }
  }

  keep(lease: Lease): void {
    this.drop()
    this.#kept = { lease, isOwn: false }
    this.#cancelTimer = this.#clock.after(KEEP_MS, () => void this.fetch())
  }

  get holding(): boolean {
    return this.#kept !== undefined || this.#read !== undefined
  }

  /** The warnings; undefined when the last statement left none on a backend. A failure is told to whoever asks. */
  fetch(): Promise<readonly Condition[]> | undefined {
    if (this.#read === undefined && this.#kept !== undefined) {
      const { lease, isOwn } = this.#kept
      this.#kept = undefined
      this.#cancelTimer?.()
      this.#read = readConditions(lease.connection).finally(() => {
        if (!isOwn) lease.release()
      })
      this.#read.catch(() => {}) // perhaps nobody asks
    }
    return this.#read
  }

  drop(): void {
    this.#cancelTimer?.()
    this.#read = undefined
    const kept = this.#kept
    this.#kept = undefined
    if (kept?.isOwn === false) kept.lease.release()
  }
}
