import { nextPackets } from './packet-rows.ts'
import type { RowBatch, RowFormat, RowPackets, RowStream, StreamColumn } from './row-stream.ts'

/** The very same rows, their columns defined otherwise. */
export function toldAs(input: RowStream, columns: readonly StreamColumn[]): RowStream {
  return new SameRows(input, columns)
}

class SameRows implements RowStream {
  readonly columns: readonly StreamColumn[]
  readonly format: RowFormat
  readonly #input: RowStream

  constructor(input: RowStream, columns: readonly StreamColumn[]) {
    this.columns = columns
    this.format = input.format
    this.#input = input
  }

  get skippedRows(): number {
    return this.#input.skippedRows ?? 0
  }

  next(): Promise<RowBatch | undefined> {
    return this.#input.next()
  }

  nextPackets(): Promise<RowPackets | undefined> {
    return nextPackets(this.#input)
  }

  close(): Promise<void> {
    return this.#input.close()
  }
}
