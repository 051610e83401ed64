import type { RowBatch, RowFormat, RowStream, StreamColumn } from './row-stream.ts'

/** So much is held of one stream: some thousand groups, and what a client would have waited for anyway of more. */
const HELD_BYTES = 262_144

/**
 * The same rows, of which the first HELD_BYTES are read by `load`: what goes wrong with them does while nothing has been answered,
 * and the statement may be answered in another way. `ended` is called once, when there are no more rows; what it throws, the
 * stream throws.
 */
export class HeldRows implements RowStream {
  readonly columns: readonly StreamColumn[]
  readonly format: RowFormat
  readonly #input: RowStream
  readonly #ended: () => Promise<void>
  #held: RowBatch[] = []
  #state: 'open' | 'ended' | 'closed' = 'open'

  constructor(input: RowStream, ended: () => Promise<void>) {
    this.columns = input.columns
    this.format = input.format
    this.#input = input
    this.#ended = ended
  }

  get skippedRows(): number {
    return this.#input.skippedRows ?? 0
  }

  /** Throws what the rows, or their end, throw; whoever has made the stream closes it then. */
  async load(): Promise<void> {
    const held: RowBatch[] = []
    let bytes = 0
    while (bytes < HELD_BYTES) {
      const batch = await this.#read()
      if (batch === undefined) break
      held.push(batch)
      for (const row of batch) bytes += row.length
    }
    this.#held = held
  }

  async next(): Promise<RowBatch | undefined> {
    return this.#held.shift() ?? (await this.#read())
  }

  close(): Promise<void> {
    this.#state = 'closed'
    this.#held = []
    return this.#input.close()
  }

  async #read(): Promise<RowBatch | undefined> {
    if (this.#state !== 'open') return undefined
    const batch = await this.#input.next()
    if (batch !== undefined || this.#state !== 'open') return batch
    this.#state = 'ended'
    await this.#ended()
    return undefined
  }
}
