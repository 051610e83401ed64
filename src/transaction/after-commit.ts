import { groupBy } from '../base/group-by.ts'

/** What waits for a commit, and by what it is withdrawn. */
export interface Waiting<Item> {
  readonly key: string
  readonly item: Item
}

type Work = (items: readonly unknown[]) => Promise<unknown>

interface Waits extends Waiting<unknown> {
  readonly work: Work
}

type Noted = Waits | { readonly key: string; readonly work?: undefined }

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
    const left = new Map<string, Waits>()
    for (const noted of this.#noted) {
      if (noted.work === undefined) left.delete(noted.key)
      else left.set(noted.key, noted)
    }
    this.clear()
    if (left.size === 0) return undefined
    const byWork = groupBy(left.values(), ({ work }) => work)
    return async () => {
      for (const [work, noted] of byWork) await work(noted.map(({ item }) => item))
    }
  }
}
