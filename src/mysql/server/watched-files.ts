import { readFile } from 'node:fs/promises'
import type { Clock } from '../../base/clock.ts'

export interface WatchOptions {
  readonly clock: Clock
  readonly intervalMs?: number
  /** The files changed and what is in them was taken over. */
  readonly onReload?: () => void
  /** The files changed into something unusable, or cannot be read; the value before stays. */
  readonly onError: (error: Error) => void
}

const DEFAULT_INTERVAL_MS = 1_000

/**
 * A value made from files, and made anew when they change.
 *
 * Contents are compared, not times: mounted secrets are replaced by switching links, which file events and
 * modification times miss. A change is taken over when it has stood still for one interval, so that a file that is
 * being written is not read by half.
 */
export class WatchedFiles<T> {
  readonly #paths: readonly string[]
  readonly #make: (contents: readonly Buffer[]) => T
  readonly #options: WatchOptions
  #value: T
  /** Contents that `#value` was made from, or that were found unusable. */
  #settled: readonly Buffer[]
  /** Contents seen at the last look, if they were others. */
  #candidate: readonly Buffer[] | undefined
  #lastError: string | undefined
  #cancel: () => void = () => {}
  #closed = false

  private constructor(
    paths: readonly string[],
    make: (contents: readonly Buffer[]) => T,
    options: WatchOptions,
    contents: readonly Buffer[],
  ) {
    this.#paths = paths
    this.#make = make
    this.#options = options
    this.#settled = contents
    this.#value = make(contents)
    this.#schedule()
  }

  /** Rejects when the files cannot be read or used: only a first value is owed. */
  static async open<T>(
    paths: readonly string[],
    make: (contents: readonly Buffer[]) => T,
    options: WatchOptions,
  ): Promise<WatchedFiles<T>> {
    return new WatchedFiles(paths, make, options, await readAll(paths))
  }

  get value(): T {
    return this.#value
  }

  close(): void {
    this.#closed = true
    this.#cancel()
  }

  /** Looks now; `settle` takes a change over without waiting for it to stand still. */
  async look(settle = false): Promise<void> {
    try {
      const contents = await readAll(this.#paths)
      if (this.#closed) return
      if (sameContents(contents, this.#settled)) this.#candidate = undefined
      else if (settle || (this.#candidate && sameContents(contents, this.#candidate))) this.#take(contents)
      else this.#candidate = contents
    } catch (error) {
      this.#report(error as Error)
    }
  }

  #take(contents: readonly Buffer[]): void {
    this.#settled = contents
    this.#candidate = undefined
    this.#value = this.#make(contents)
    this.#lastError = undefined
    this.#options.onReload?.()
  }

  /** A file that stays away is reported once, not every second. */
  #report(error: Error): void {
    if (error.message === this.#lastError) return
    this.#lastError = error.message
    this.#options.onError(error)
  }

  #schedule(): void {
    this.#cancel = this.#options.clock.after(this.#options.intervalMs ?? DEFAULT_INTERVAL_MS, () => {
      void this.look().finally(() => {
        if (!this.#closed) this.#schedule()
      })
    })
  }
}

function readAll(paths: readonly string[]): Promise<Buffer[]> {
  return Promise.all(paths.map((path) => readFile(path)))
}

function sameContents(a: readonly Buffer[], b: readonly Buffer[]): boolean {
  return a.every((content, i) => content.equals(b[i]!))
}
