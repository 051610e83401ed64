import type { Clock } from '../base/clock.ts'
import { systemClock } from '../base/clock.ts'
import { deferred } from '../base/deferred.ts'
import type { Logger } from '../telemetry/log.ts'
import { silentLogger } from '../telemetry/log.ts'
import { Repeats } from '../telemetry/repeats.ts'
import { buildSnapshot, EMPTY_SNAPSHOT } from './build-snapshot.ts'
import type { DiskCache } from './disk-cache.ts'
import { RecordSet } from './record-set.ts'
import type { TopologySnapshot, TopologyStatus, TopologyView } from './snapshot.ts'
import type { Listing, Revision, TopologyStore } from './store.ts'
import { TopologyError } from './store.ts'

export interface FollowerOptions {
  readonly store: TopologyStore
  readonly cache?: DiskCache
  readonly logger?: Logger
  readonly clock?: Clock
  /** In [0, 1), for the jitter of retries. */
  readonly random?: () => number
  /** Everything is listed again this often even when the watch is well. Default 5 minutes. */
  readonly relistMs?: number
}

const RETRY_MIN_MS = 100
const RETRY_MAX_MS = 5_000
const RELIST_MS = 300_000

type Listener = (snapshot: TopologySnapshot, previous: TopologySnapshot) => void

/**
 * Keeps a snapshot of the store in memory: list, watch from the list's revision, and list again whenever the watch
 * ends, for whatever reason. A list is the whole truth, so nothing that happened between two watches is lost, also
 * when the store compacted its history meanwhile.
 *
 * While the store cannot be reached the last snapshot stays, marked stale; on the first start it comes from disk.
 */
export class TopologyFollower implements TopologyView {
  readonly #store: TopologyStore
  readonly #cache: DiskCache | undefined
  readonly #logger: Logger
  readonly #repeats: Repeats
  readonly #clock: Clock
  readonly #random: () => number
  readonly #relistMs: number
  readonly #records = new RecordSet()
  readonly #listeners = new Set<Listener>()
  readonly #ready = deferred()
  readonly #closing = new AbortController()
  #snapshot: TopologySnapshot = EMPTY_SNAPSHOT
  #status: TopologyStatus = {
    state: 'connecting',
    lastContactMs: 0,
    source: 'nothing',
    lists: 0,
    watchEnds: 0,
  }
  /** Since when the store is not followed: its watch has ended, or it does not answer. */
  #lostMs: number | undefined
  #running: Promise<void> | undefined
  #saving: Promise<void> | undefined

  constructor(options: FollowerOptions) {
    this.#store = options.store
    this.#cache = options.cache
    this.#logger = options.logger ?? silentLogger
    this.#clock = options.clock ?? systemClock
    this.#repeats = new Repeats(this.#logger, this.#clock)
    this.#random = options.random ?? Math.random
    this.#relistMs = options.relistMs ?? RELIST_MS
  }

  current(): TopologySnapshot {
    return this.#snapshot
  }

  onChange(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  status(): TopologyStatus {
    return this.#status
  }

  /**
   * Starts following. Resolves when there is something to serve from: the store's content or, when the store does
   * not answer, that of the cache. Without both it keeps trying; `signal` ends the wait, not the following.
   */
  async start(signal?: AbortSignal): Promise<void> {
    this.#running ??= this.#run()
    const aborted = signal && rejectOnAbort(signal)
    await (aborted ? Promise.race([this.#ready.promise, aborted]) : this.#ready.promise)
  }

  /** Stops following, after the last write of the cache; the snapshot stays readable. The store is its owner's to close. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#repeats.close()
    this.#status = { ...this.#status, state: 'closed' }
    this.#ready.resolve()
    await this.#running
    await this.#saving
  }

  async #run(): Promise<void> {
    let failures = 0
    while (!this.#closing.signal.aborted) {
      try {
        const listing = await this.#store.list()
        if (this.#closing.signal.aborted) return
        failures = 0
        this.#takeListing(listing)
        await this.#watchUntilEnd(listing.revision)
      } catch (error) {
        if (this.#closing.signal.aborted) return
        await this.#fail(error as Error)
        await this.#pause(Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** failures))
        failures = Math.min(failures + 1, 10)
      }
    }
  }

  #takeListing(listing: Listing): void {
    const changed = this.#records.replace(listing.records)
    if (this.#lostMs !== undefined) {
      this.#logger.info('topology is followed again', { afterMs: this.#clock.now() - this.#lostMs, changed })
      this.#lostMs = undefined
    }
    const isNews = changed || this.#snapshot.stale || this.#snapshot.version === 0
    this.#contact('store')
    this.#status = { ...this.#status, lists: this.#status.lists + 1 }
    if (isNews) this.#publish(listing.revision, false)
    if (changed) this.#saveToCache(listing.revision)
    this.#ready.resolve()
  }

  /** Returns when it is time to list again; throws when the store is out of reach. */
  async #watchUntilEnd(from: Revision): Promise<void> {
    const end = deferred<Error | undefined>()
    const watch = this.#store.watch(from, {
      onEvents: (events, revision) => {
        const changed = this.#records.apply(events)
        this.#contact('store')
        if (!changed) return
        this.#publish(revision, false)
        this.#saveToCache(revision)
      },
      onEnd: (reason) => end.resolve(reason),
    })
    const cancelRelist = this.#clock.after(this.#relistMs, () => end.resolve(undefined))
    const stop = () => end.resolve(undefined)
    this.#closing.signal.addEventListener('abort', stop)
    try {
      const reason = await end.promise
      if (!reason) return
      this.#status = { ...this.#status, watchEnds: this.#status.watchEnds + 1, lastError: reason.message }
      this.#lostMs ??= this.#clock.now()
      this.#logger.warn('topology watch ended, listing again', { reason: reason.message })
      if (reason instanceof TopologyError && reason.kind === 'unavailable') throw reason
    } finally {
      this.#closing.signal.removeEventListener('abort', stop)
      cancelRelist()
      watch.close()
    }
  }

  async #fail(error: Error): Promise<void> {
    const wasFollowing = this.#status.state === 'following'
    this.#lostMs ??= this.#clock.now()
    this.#status = { ...this.#status, state: 'stale', lastError: error.message }
    if (this.#status.source === 'nothing') await this.#loadCache()
    if (this.#closing.signal.aborted) return
    if (wasFollowing) {
      this.#logger.warn('topology is stale: serving from what was last known', { reason: error.message })
      this.#publish(this.#snapshot.revision, true)
    } else if (this.#status.source === 'nothing') {
      this.#repeats.tell('warn', 'no topology', 'topology not available yet', { reason: error.message })
    }
  }

  async #loadCache(): Promise<void> {
    try {
      const cached = await this.#cache?.load()
      if (!cached) return
      this.#records.replace(cached.records)
      this.#status = { ...this.#status, source: 'cache' }
      const savedAt = new Date(cached.savedAtMs).toISOString()
      this.#logger.warn('topology comes from the cache on disk: the store does not answer', { savedAt })
      this.#publish(cached.revision, true)
      this.#ready.resolve()
    } catch (error) {
      this.#logger.warn('topology cache not used', { reason: (error as Error).message })
    }
  }

  #saveToCache(revision: Revision): void {
    this.#saving = this.#cache
      ?.save({ records: this.#records.stored(), revision }, this.#clock.now())
      .catch((error: Error) => this.#logger.warn('topology cache not written', { reason: error.message }))
  }

  #contact(source: 'store'): void {
    const { lastError: _over, ...rest } = this.#status
    this.#status = { ...rest, state: 'following', source, lastContactMs: this.#clock.now() }
  }

  #publish(revision: Revision, stale: boolean): void {
    const previous = this.#snapshot
    const about = { revision, stale }
    this.#snapshot = buildSnapshot(this.#records.parsed(), this.#records.problems(), previous, about)
    for (const listener of [...this.#listeners]) {
      try {
        listener(this.#snapshot, previous)
      } catch (error) {
        // A listener's bug must not stop the topology for everybody else.
        this.#logger.error('topology listener failed', { error })
      }
    }
  }

  /** Half of the delay is jitter: a fleet of proxies must not come back to etcd in one instant. */
  #pause(delayMs: number): Promise<void> {
    const { promise, resolve } = deferred()
    const cancel = this.#clock.after(delayMs / 2 + (delayMs / 2) * this.#random(), resolve)
    const stop = () => {
      cancel()
      resolve()
    }
    this.#closing.signal.addEventListener('abort', stop, { once: true })
    return promise.finally(() => this.#closing.signal.removeEventListener('abort', stop))
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
