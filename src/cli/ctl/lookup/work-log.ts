import { type LookupWork, putLookupWork, readLookupWork } from '../../../topology/lookup-work.ts'
import { TopologyError, type TopologyStore } from '../../../topology/store.ts'
import type { Named } from './lookup-command.ts'

/** How often what is done is written down. */
const WORK_MS = 2_000

/** The record of a backfill. Throws for one that somebody else writes or has deleted meanwhile. */
export class WorkLog {
  readonly #store: TopologyStore
  readonly #named: Named
  readonly #base: LookupWork
  /** What earlier runs have done of the same. */
  readonly known: LookupWork['shards']
  #version: string | undefined
  #savedMs = Date.now()
  #saving = Promise.resolve()

  private constructor(
    store: TopologyStore,
    named: Named,
    base: LookupWork,
    known: LookupWork['shards'],
    version: string | undefined,
  ) {
    this.#store = store
    this.#named = named
    this.#base = base
    this.known = known
    this.#version = version
  }

  /** `of`: what is filled, as text. */
  static async open(store: TopologyStore, named: Named, of: string): Promise<WorkLog> {
    const found = await readLookupWork(store, named.keyspace, named.vindex)
    const { createdTable = false, declaredTable = false } = found?.work ?? {}
    const known = found?.work.of === of ? found.work.shards : {}
    return new WorkLog(store, named, { createdTable, declaredTable, of, shards: {} }, known, found?.version)
  }

  /** Writes it down if it is time to. */
  async note(shards: LookupWork['shards']): Promise<void> {
    if (Date.now() - this.#savedMs < WORK_MS) return
    this.#savedMs = Date.now()
    await this.save(shards)
  }

  /** One after the other: several shards are at work. */
  save(shards: LookupWork['shards']): Promise<void> {
    this.#saving = this.#saving.then(() => this.#write(shards))
    return this.#saving
  }

  async #write(shards: LookupWork['shards']): Promise<void> {
    const { keyspace, vindex } = this.#named
    try {
      await this.#store.commit([putLookupWork(keyspace, vindex, { ...this.#base, shards }, this.#version)])
    } catch (error) {
      if (error instanceof TopologyError && error.kind === 'conflict') throw this.#stopped(error)
      throw error
    }
    this.#version = (await readLookupWork(this.#store, keyspace, vindex))?.version
    if (this.#version === undefined) throw this.#stopped()
  }

  #stopped(cause?: unknown): Error {
    const { keyspace, vindex } = this.#named
    return new Error(
      `the backfill of ${keyspace}.${vindex} has stopped: another one is at work on it, or it was cancelled`,
      { cause },
    )
  }
}
