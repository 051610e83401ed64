import type { RowBatch, RowFormat, RowStream, StreamColumn } from './row-stream.ts'

/** Makes of one batch another, which may be empty; `endOfRows` says that nothing more is wanted. */
export interface BatchMap {
  map(batch: RowBatch): RowBatch
  readonly endOfRows?: boolean
  /** As of a stream. */
  readonly skippedRows?: number
}

/**
 * A stream whose batches are made one by one from those of its input. When the map wants no more rows, the input is
 * closed at once, so that the shards stop sending.
 */
export class MapStream implements RowStream {
  readonly columns: readonly StreamColumn[]
  readonly format: RowFormat
  readonly #input: RowStream
  readonly #map: BatchMap

  constructor(input: RowStream, map: BatchMap, columns: readonly StreamColumn[] = input.columns) {
    this.columns = columns
    this.format = input.format
    this.#input = input
    this.#map = map
  }

  get skippedRows(): number {
    return this.#map.skippedRows ?? this.#input.skippedRows ?? 0
  }

  async next(): Promise<RowBatch | undefined> {
    for (;;) {
      if (this.#map.endOfRows === true) {
        await this.#input.close()
        return undefined
      }
      const batch = await this.#input.next()
      if (batch === undefined) return undefined
      const mapped = this.#map.map(batch)
      if (mapped.length > 0) return mapped
    }
  }

  close(): Promise<void> {
    return this.#input.close()
  }
}
