import type { Characteristics } from '../tablet/settings.ts'

const NONE: Characteristics = {}

/** What `SET TRANSACTION …` without scope has said, until a transaction begins or a statement that is one by itself has run. */
export class NextCharacteristics {
  #next = NONE
  #isInUse = false

  /** What was said before stays, where it is about something else. */
  set(characteristics: Characteristics): void {
    this.#keep({ ...this.#next, ...characteristics })
  }

  /** What is set for the whole session is for the next transaction, too: what was said of that before goes. */
  forget({ isolation, access }: { readonly isolation?: boolean; readonly access?: boolean }): void {
    const { isolation: level, access: kind } = this.#next
    this.#keep({
      ...(isolation !== true && level !== undefined && { isolation: level }),
      ...(access !== true && kind !== undefined && { access: kind }),
    })
  }

  /** For the transaction that begins. */
  take(): Characteristics {
    const next = this.#next
    this.clear()
    return next
  }

  /** For a statement that is a transaction by itself; undefined when nothing was said. */
  lend(): Characteristics | undefined {
    if (this.#next === NONE) return undefined
    this.#isInUse = true
    return this.#next
  }

  /** A statement has ended. One that failed was no transaction: the next has what it was given. */
  statementEnds(failed: boolean): void {
    if (!this.#isInUse) return
    this.#isInUse = false
    if (!failed) this.#next = NONE
  }

  clear(): void {
    this.#next = NONE
  }

  #keep(next: Characteristics): void {
    this.#next = Object.keys(next).length === 0 ? NONE : next
  }
}
