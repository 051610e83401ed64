/** What waits for a commit, and by what it is withdrawn. */
export interface Waiting<Item> {
  readonly key: string
  readonly item: Item
}

type Work = (items: readonly unknown[]) => Promise<unknown>

interface Noted {
  readonly key: string
  /** Absent: what waits under the key is withdrawn. */
  readonly work?: Work
  readonly item?: unknown
}

/**
 * What is to be done once a transaction has committed, in the order in which it was noted: what came behind a savepoint is
 * forgotten when it is rolled back, and what that had withdrawn waits again.
 */
export class AfterCommit {
  #noted: Noted[] = []
  readonly #marks = new Map<string, number>()

  add<Item>(items: readonly Waiting<Item>[], work: (items: readonly Item[]) => Promise<unknown>): void {
    for (const { key, item } of items) this.#noted.push({ key, item, work: work as Work })
  }

  /** It is not to be done after all. */
  withdraw(key: string): void {
    if (this.#noted.length > 0) this.#noted.push({ key })
  }

  mark(savepoint: string): void {
    this.#marks.set(savepoint.toLowerCase(), this.#noted.length)
  }

  backTo(savepoint: string): void {
    const length = this.#marks.get(savepoint.toLowerCase())
    if (length !== undefined) this.#noted.length = Math.min(length, this.#noted.length)
  }

  clear(): void {
    this.#noted = []
    this.#marks.clear()
  }

  /** All that waits, as one piece of work; undefined for nothing. It waits no more. */
  take(): (() => Promise<void>) | undefined {
    const left = new Map<string, Noted>()
    for (const noted of this.#noted) {
      if (noted.work === undefined) left.delete(noted.key)
      else left.set(noted.key, noted)
    }
    this.clear()
    const byWork = new Map<Work, unknown[]>()
    for (const { work, item } of left.values()) {
      if (work === undefined) continue
      const items = byWork.get(work)
      if (items === undefined) byWork.set(work, [item])
      else items.push(item)
    }
    if (byWork.size === 0) return undefined
    return async () => {
      for (const [work, items] of byWork) await work(items)
    }
  }
}
