import { createHash } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { makeFolder } from '../base/make-folder.ts'
import type { Listing } from './store.ts'

/** Number of the file's layout; a file of another number is not read. */
const FORMAT = 1

const fileSchema = z.object({
  format: z.literal(FORMAT),
  store: z.string(),
  savedAtMs: z.number(),
  revision: z.string(),
  sha256: z.string(),
  records: z.array(z.object({ path: z.string(), value: z.string(), version: z.string() })),
})

/**
 * The last known topology on disk, so that a proxy starts while its store is down. One JSON file, replaced as a
 * whole: written beside, synced, renamed. A file that is torn, altered, of another layout or of another store is
 * told from a good one (checksum, format, store) and never used.
 */
export class DiskCache {
  readonly #file: string
  readonly #store: string
  #writing: Promise<void> = Promise.resolve()
  #next: Listing | undefined

  /** `store` is the store's description: a cache of one store is nothing to another. */
  constructor(file: string, store: string) {
    this.#file = file
    this.#store = store
  }

  /** Undefined when there is no file. Throws when there is one that cannot be used, with the reason. */
  async load(): Promise<(Listing & { readonly savedAtMs: number }) | undefined> {
    let text: string
    try {
      text = await readFile(this.#file, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    const parsed = fileSchema.safeParse(parseJson(text))
    if (!parsed.success) throw new Error(`${this.#file} is not a topology cache of format ${FORMAT}`)
    const { records, revision, savedAtMs, sha256, store } = parsed.data
    if (sha256 !== checksum(store, revision, records)) throw new Error(`${this.#file} is damaged (checksum)`)
    if (store !== this.#store)
      throw new Error(`${this.#file} holds the topology of ${store}, not of ${this.#store}`)
    return { records, revision, savedAtMs }
  }

  /** Writes `listing`, or a later one if more come while an earlier write is under way. Rejects when it cannot. */
  save(listing: Listing, nowMs: number): Promise<void> {
    const isQueued = this.#next !== undefined
    this.#next = listing
    if (isQueued) return this.#writing
    this.#writing = this.#writing
      .catch(() => {}) // told to whoever asked for that write
      .then(() => {
        const latest = this.#next!
        this.#next = undefined
        return this.#write(latest, nowMs)
      })
    return this.#writing
  }

  async #write({ records, revision }: Listing, savedAtMs: number): Promise<void> {
    const content = {
      format: FORMAT,
      store: this.#store,
      savedAtMs,
      revision,
      sha256: checksum(this.#store, revision, records),
      records,
    }
    await replaceFile(this.#file, JSON.stringify(content))
  }
}

/** Puts `text` in place of `file` in one step: readers see the old content or the new, also after a power cut. */
export async function replaceFile(file: string, text: string): Promise<void> {
  await makeFolder(dirname(file))
  const beside = `${file}.${process.pid}.tmp`
  try {
    const handle = await open(beside, 'w', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(beside, file)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}

function checksum(store: string, revision: string, records: Listing['records']): string {
  return createHash('sha256')
    .update(JSON.stringify([store, revision, records.map((r) => [r.path, r.value, r.version])]))
    .digest('hex')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // said by the schema check of the caller, with the file's name
  }
}
