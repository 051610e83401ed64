import { type BatchMap, MapStream } from './map-stream.ts'
import type { RowBatch, RowStream } from './row-stream.ts'

/** LIMIT count OFFSET offset; both may be Infinity. The input is closed as soon as the last row is through. */
export function limitRows(input: RowStream, bounds: { offset: number; count: number }): RowStream {
  return new MapStream(input, new Window(bounds.offset, bounds.count))
}

class Window implements BatchMap {
  #toSkip: number
  #toKeep: number
  skippedRows = 0

  constructor(toSkip: number, toKeep: number) {
    this.#toSkip = toSkip
    this.#toKeep = toKeep
  }

  get endOfRows(): boolean {
    return this.#toKeep === 0 && this.#toSkip === 0
  }

  map(batch: RowBatch): RowBatch {
    const start = Math.min(this.#toSkip, batch.length)
    const end = Math.min(start + this.#toKeep, batch.length)
    this.#toSkip -= start
    this.skippedRows += start
    this.#toKeep -= end - start
    return start === 0 && end === batch.length ? batch : batch.slice(start, end)
  }
}
