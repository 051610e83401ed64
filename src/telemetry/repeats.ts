import type { Clock } from '../base/clock.ts'
import type { LogFields, Logger } from './log.ts'

/** How long what has been told is only counted. */
const WINDOW_MS = 60_000
/** Different things told in one window at most; those beyond share one line. */
const KEYS_MAX = 100
const OTHERS = 'others'

interface Told {
  readonly tell: (repeated: number) => void
  /** Not told yet. */
  repeated: number
}

/**
 * Tells the first of what comes again and again, and counts the rest: one line with `repeated` a minute while it goes on.
 * A scan of ports or a database that is away must not fill a disk.
 */
export class Repeats {
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #told = new Map<string, Told>()
  #cancel: (() => void) | undefined

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger
    this.#clock = clock
  }

  /** `key` says what counts as the same; the fields are those of the first. */
  tell(level: 'info' | 'warn' | 'error', key: string, message: string, fields: LogFields): void {
    const known = this.#told.get(key) ?? (this.#told.size >= KEYS_MAX ? this.#told.get(OTHERS) : undefined)
    if (known !== undefined) {
      known.repeated++
      return
    }
    const isOther = this.#told.size >= KEYS_MAX
    const about = isOther ? {} : fields
    const tell = (repeated: number) =>
      this.#logger[level](message, { ...about, ...(repeated > 0 && { repeated }) })
    this.#told.set(isOther ? OTHERS : key, { tell, repeated: 0 })
    this.#logger[level](message, fields)
    this.#cancel ??= this.#clock.after(WINDOW_MS, () => this.#endWindow())
  }

  /** It is over: what was counted is told, and the next one is the first again. */
  end(key: string): void {
    const known = this.#told.get(key)
    this.#told.delete(key)
    if (known !== undefined && known.repeated > 0) known.tell(known.repeated)
  }

  /** Tells what was counted; nothing is counted any more. */
  close(): void {
    this.#cancel?.()
    for (const key of [...this.#told.keys()]) this.end(key)
  }

  /** Whatever did not come again in the window is forgotten. */
  #endWindow(): void {
    this.#cancel = undefined
    for (const [key, known] of this.#told) {
      if (known.repeated === 0) this.#told.delete(key)
      else known.tell(known.repeated)
      known.repeated = 0
    }
    if (this.#told.size > 0) this.#cancel = this.#clock.after(WINDOW_MS, () => this.#endWindow())
  }
}
