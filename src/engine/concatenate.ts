import { conformRows } from './conform.ts'
import { nextPackets } from './packet-rows.ts'
import type { RowBatch, RowFormat, RowPackets, RowStream, StreamColumn } from './row-stream.ts'

export type OpenStream = () => Promise<RowStream>

/**
 * UNION ALL: the inputs one after the other. Each is opened when the one before has ended, for in a transaction they
 * share the connection of a shard. The values of all are converted to the columns of the whole, or else to those of the
 * first input. Throws ER_NOT_SUPPORTED_YET for an input whose values cannot be. `closed`: also called when it is not read to its end.
 */
export async function concatenateInputs(
  opens: readonly OpenStream[],
  columns?: readonly StreamColumn[],
  closed: () => Promise<void> = async () => {},
): Promise<RowStream> {
  const first = await opens[0]()
  try {
    const conformed = columns === undefined ? first : conformRows(first, columns)
    return new Concatenate(conformed, opens.slice(1), closed)
  } catch (error) {
    await first.close()
    await closed()
    throw error
  }
}

class Concatenate implements RowStream {
  readonly columns: readonly StreamColumn[]
  readonly format: RowFormat
  #current: RowStream
  readonly #rest: readonly OpenStream[]
  readonly #onClosed: () => Promise<void>
  #opened = 0
  #closed = false

  constructor(first: RowStream, rest: readonly OpenStream[], closed: () => Promise<void>) {
    this.columns = first.columns
    this.format = first.format
    this.#current = first
    this.#rest = rest
    this.#onClosed = closed
  }

  next(): Promise<RowBatch | undefined> {
    return this.#read((input) => input.next())
  }

  nextPackets(): Promise<RowPackets | undefined> {
    return this.#read(nextPackets)
  }

  async #read<Batch>(ask: (input: RowStream) => Promise<Batch | undefined>): Promise<Batch | undefined> {
    while (!this.#closed) {
      const batch = await ask(this.#current)
      if (batch !== undefined || this.#closed) return batch
      await this.#current.close()
      if (this.#opened === this.#rest.length || this.#closed) return undefined
      await this.#openNext()
    }
    return undefined
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#current.close()
    await this.#onClosed()
  }

  async #openNext(): Promise<void> {
    const stream = await this.#rest[this.#opened++]()
    this.#current = stream
    // `close` came while the stream was being opened, and closed the one before.
    if (this.#closed) await stream.close()
    else this.#current = conformRows(stream, this.columns)
  }
}
