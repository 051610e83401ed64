import { type FSWatcher, watch } from 'node:fs'
import type { Clock } from '../../base/clock.ts'

/** Looked at this often even without a notice: network file systems and some containers send none. */
const POLL_MS = 2_000
/** Editors and `kubectl` touch several files for one change; they are read once, after this pause. */
const SETTLE_MS = 30

/**
 * Calls `onHint` when something in `dir` may have changed: a notice of the system, or simply some time. A mounted
 * ConfigMap changes by the swap of a symbolic link (`..data`) in the directory, which is a notice like any other.
 */
export class DirectoryWatch {
  readonly #clock: Clock
  readonly #onHint: () => void
  readonly #watchers: FSWatcher[] = []
  #cancel: () => void = () => {}
  #isClosed = false

  constructor(options: { readonly dirs: readonly string[]; readonly clock: Clock }, onHint: () => void) {
    this.#clock = options.clock
    this.#onHint = onHint
    for (const dir of options.dirs) this.#watchDirectory(dir)
    this.#schedule(POLL_MS)
  }

  close(): void {
    this.#isClosed = true
    this.#cancel()
    for (const watcher of this.#watchers) watcher.close()
  }

  #watchDirectory(dir: string): void {
    try {
      const watcher = watch(dir, { persistent: false }, () => this.#schedule(SETTLE_MS))
      watcher.on('error', () => watcher.close()) // polling goes on
      this.#watchers.push(watcher)
    } catch {
      // No notices to be had (the folder is gone, the system's limit of watches is reached): polling finds it.
    }
  }

  #schedule(delayMs: number): void {
    if (this.#isClosed) return
    this.#cancel()
    this.#cancel = this.#clock.after(delayMs, () => {
      this.#schedule(POLL_MS)
      this.#onHint()
    })
  }
}
