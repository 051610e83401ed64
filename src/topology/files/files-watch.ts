import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import type { Listing, RecordEvent, Revision, Watch, WatchHandlers } from '../store.ts'
import { TopologyError } from '../store.ts'
import { DirectoryWatch } from './directory-watch.ts'
import { type Documents, readDocuments, toRecords } from './documents.ts'

interface FilesWatchOptions {
  readonly dir: string
  readonly clock: Clock
  readonly revision: Revision
}

/** Compares the files with what they held before, whenever there is a hint that they changed. */
export class FilesWatch implements Watch {
  readonly #options: FilesWatchOptions
  readonly #handlers: WatchHandlers
  readonly #onClose: () => void
  #directories: DirectoryWatch | undefined
  #isClosed = false
  #isReading = false
  #isHinted = false
  #last: Listing | undefined

  constructor(options: FilesWatchOptions, handlers: WatchHandlers, onClose: () => void) {
    this.#options = options
    this.#handlers = handlers
    this.#onClose = onClose
    void this.#look()
  }

  close(): void {
    this.#isClosed = true
    this.#directories?.close()
    this.#onClose()
  }

  /** Reads the files and tells what changed; one at a time, and once more when a hint came meanwhile. */
  async #look(): Promise<void> {
    this.#isHinted = true
    if (this.#isReading) return
    this.#isReading = true
    while (this.#isHinted && !this.#isClosed) {
      this.#isHinted = false
      try {
        const documents = await readDocuments(this.#options.dir)
        if (!this.#isClosed) this.#compare(toListing(documents), documents)
      } catch (error) {
        this.#end(error as Error)
      }
    }
    this.#isReading = false
  }

  #compare(now: Listing, documents: Documents): void {
    const before = this.#last
    this.#last = now
    const isMissed = before === undefined && now.revision !== this.#options.revision
    if (isMissed) {
      this.#end(new TopologyError('conflict', 'the files changed before the watch began'))
      return
    }
    if (now.revision !== before?.revision) {
      this.#watchDirectories(documents)
      this.#isHinted = true // once more: a change may have come before the new watchers did
    }
    this.#handlers.onEvents(before ? difference(before, now) : [], now.revision)
  }

  /** Folders come and go with keyspaces, so the set of watched ones is made anew after each change. */
  #watchDirectories({ vschemas }: Documents): void {
    this.#directories?.close()
    const dirs = [
      this.#options.dir,
      ...[...vschemas.keys()].map((keyspace) => join(this.#options.dir, keyspace)),
    ]
    this.#directories = new DirectoryWatch({ dirs, clock: this.#options.clock }, () => void this.#look())
  }

  #end(reason: Error): void {
    if (this.#isClosed) return
    this.close()
    this.#handlers.onEnd(reason)
  }
}

export function toListing(documents: Documents): Listing {
  const records = toRecords(documents)
  const digest = createHash('sha256').update(JSON.stringify(records.map((r) => [r.path, r.version])))
  return { records, revision: digest.digest('hex').slice(0, 24) }
}

function difference(before: Listing, now: Listing): RecordEvent[] {
  const old = new Map(before.records.map((record) => [record.path, record.version]))
  const events: RecordEvent[] = []
  for (const record of now.records) {
    if (old.get(record.path) !== record.version) events.push({ kind: 'put', record })
    old.delete(record.path)
  }
  for (const path of old.keys()) events.push({ kind: 'delete', path })
  return events
}
