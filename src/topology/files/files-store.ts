import { mkdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { systemClock } from '../../base/clock.ts'
import { deferred } from '../../base/deferred.ts'
import { replaceFile } from '../disk-cache.ts'
import { parsePath } from '../paths.ts'
import type {
  Change,
  Fence,
  Leadership,
  Listing,
  Revision,
  StoredRecord,
  TopologyStore,
  Watch,
  WatchHandlers,
} from '../store.ts'
import { fenced, TopologyError } from '../store.ts'
import {
  type Documents,
  readDocuments,
  setRecord,
  TOPOLOGY_FILE,
  toRecords,
  vschemaFile,
} from './documents.ts'
import { type FileLock, readHolder, tryLock, withLock } from './file-lock.ts'
import { FilesWatch, toListing } from './files-watch.ts'

const ELECTION_POLL_MS = 500

/** The topology in a directory of JSON files (`documents.ts`), for one machine or a mounted ConfigMap. */
export class FilesStore implements TopologyStore {
  readonly description: string
  readonly #dir: string
  readonly #clock: Clock
  readonly #watches = new Set<Watch>()
  readonly #leaderships = new Set<Leadership>()
  readonly #closing = new AbortController()

  constructor(options: { readonly dir: string; readonly clock?: Clock }) {
    this.#dir = resolve(options.dir)
    this.#clock = options.clock ?? systemClock
    this.description = `files in ${this.#dir}`
  }

  async get(path: string): Promise<StoredRecord | undefined> {
    return (await this.list()).records.find((record) => record.path === path)
  }

  async list(): Promise<Listing> {
    return toListing(await readDocuments(this.#dir))
  }

  /** VSchema files are written before topology.json: a table's home exists before something points to it. */
  async commit(changes: readonly Change[], fences: readonly Fence[] = []): Promise<void> {
    try {
      await mkdir(this.#dir, { recursive: true })
      await withLock(join(this.#dir, '.lock'), async () => {
        const documents = await readDocuments(this.#dir)
        for (const { path, token } of fences)
          if ((await readHolder(join(this.#dir, path))) !== token) throw fenced()
        checkExpectations(changes, toRecords(documents))
        await this.#write(documents, changes)
      })
    } catch (error) {
      throw this.#failure(error)
    }
  }

  /** The files are compared with what they held at `revision`; when that is not what they hold now, the watch ends. */
  watch(revision: Revision, handlers: WatchHandlers): Watch {
    const watch = new FilesWatch({ dir: this.#dir, clock: this.#clock, revision }, handlers, () =>
      this.#watches.delete(watch),
    )
    this.#watches.add(watch)
    return watch
  }

  /** On one machine a lock file is the election; the system tells when its holder is gone, so `ttlMs` is not needed. */
  async campaign(
    name: string,
    _value: string,
    options: { ttlMs: number; signal: AbortSignal },
  ): Promise<Leadership> {
    const signal = AbortSignal.any([options.signal, this.#closing.signal])
    const path = `.election-${encodeURIComponent(name)}`
    const file = join(this.#dir, path)
    for (;;) {
      signal.throwIfAborted()
      const lock = await tryLock(file).catch((error) => Promise.reject(this.#failure(error)))
      if (lock) return this.#lead(name, lock, path)
      await this.#pause(ELECTION_POLL_MS, signal)
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new TopologyError('closed', 'the topology store was closed'))
    for (const watch of [...this.#watches]) watch.close()
    await Promise.allSettled([...this.#leaderships].map((leadership) => leadership.resign()))
  }

  #lead(name: string, lock: FileLock, path: string): Leadership {
    const lost = new AbortController()
    const check = () => {
      if (lost.signal.aborted) return
      void lock.isHeld().then(
        (isHeld) => {
          if (!isHeld)
            lost.abort(new TopologyError('conflict', `leadership ${name}: the lock file was removed`))
          else this.#clock.after(ELECTION_POLL_MS, check)
        },
        (error) => lost.abort(this.#failure(error)),
      )
    }
    this.#clock.after(ELECTION_POLL_MS, check)
    const leadership: Leadership = {
      lost: lost.signal,
      fence: { path, token: lock.token },
      // Nobody takes the lock of a process that lives, be it stopped.
      isHeld: () => !lost.signal.aborted,
      resign: async () => {
        this.#leaderships.delete(leadership)
        if (lost.signal.aborted) return
        lost.abort(new TopologyError('closed', 'leadership was resigned'))
        await lock.release()
      },
    }
    this.#leaderships.add(leadership)
    return leadership
  }

  async #write(documents: Documents, changes: readonly Change[]): Promise<void> {
    const topology = structuredClone(documents.topology)
    let isTopologyChanged = false
    for (const change of changes) {
      const key = parsePath(change.path)
      const value = change.kind === 'put' ? parseObject(change.path, change.value) : undefined
      if (key?.kind === 'VSchema') {
        const file = vschemaFile(this.#dir, documents, key.keyspace)
        if (value) await replaceFile(file, prettyJson(value))
        else await rm(file, { force: true })
      } else {
        setRecord(topology, change.path, value)
        isTopologyChanged = true
      }
    }
    if (isTopologyChanged) await replaceFile(join(this.#dir, TOPOLOGY_FILE), prettyJson(topology))
  }

  async #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = deferred()
    const cancel = this.#clock.after(delayMs, resolve)
    signal.addEventListener('abort', () => resolve(), { once: true })
    await promise
    cancel()
  }

  #failure(error: unknown): TopologyError {
    if (error instanceof TopologyError) return error
    const { code, message } = error as NodeJS.ErrnoException
    const isReadOnly = code === 'EROFS' || code === 'EACCES' || code === 'EPERM'
    return isReadOnly
      ? new TopologyError(
          'denied',
          `${this.#dir} cannot be written (${code}); change the files where they come from, such as the ConfigMap`,
          { cause: error },
        )
      : new TopologyError('unavailable', `topology directory ${this.#dir}: ${message}`, { cause: error })
  }
}

function checkExpectations(changes: readonly Change[], records: readonly StoredRecord[]): void {
  const versions = new Map(records.map((record) => [record.path, record.version]))
  for (const { path, expect } of changes) {
    if (!expect) continue
    const actual = versions.get(path)
    const holds = expect.kind === 'absent' ? actual === undefined : actual === expect.version
    if (!holds)
      throw new TopologyError(
        'conflict',
        `${path}: changed by somebody else since it was read; read it again and repeat`,
      )
  }
}

function parseObject(path: string, text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text)
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw new TopologyError('invalid', `${path}: a record is a JSON object`)
}

function prettyJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
