import type { SortKey } from '../plan/primitives.ts'
import { type KeyOrder, keyOrder } from './key-order.ts'
import { type BatchMap, MapStream } from './map-stream.ts'
import type { Row, RowBatch, RowStream } from './row-stream.ts'

/** Of neighbouring rows that are equal on all keys keeps the first. NULLs are equal to each other. */
export function distinctRows(input: RowStream, keys: readonly SortKey[]): RowStream {
  return new MapStream(input, new Deduplicator(keyOrder(keys, input.columns, input.format)))
}

class Deduplicator implements BatchMap {
  readonly #order: KeyOrder
  #last: { row: Row; cells: Int32Array } | undefined

  constructor(order: KeyOrder) {
    this.#order = order
  }

  map(batch: RowBatch): RowBatch {
    const kept: Row[] = []
    for (const row of batch) {
      const cells = this.#order.locate(row)
      const last = this.#last
      if (last !== undefined && this.#order.compare(last.row, last.cells, row, cells) === 0) continue
      this.#last = { row, cells }
      kept.push(row)
    }
    return kept
  }
}
