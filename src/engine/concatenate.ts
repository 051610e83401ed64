import { notSupported } from '../errors/sql-error.ts'
import { classOf } from '../values/types.ts'
import type { RowBatch, RowFormat, RowStream, StreamColumn } from './row-stream.ts'

export type OpenStream = () => Promise<RowStream>

/**
 * UNION ALL: the inputs one after the other. Each is opened when the one before has ended, for in a transaction they
 * share the connection of a shard. Columns and their names are those of the first input.
 *
 * Throws ER_NOT_SUPPORTED_YET when an input's columns have other types than the first one's: MySQL would convert the
 * values of both to a common type.
 */
export async function concatenateInputs(opens: readonly OpenStream[]): Promise<RowStream> {
  return new Concatenate(await opens[0](), opens.slice(1))
}

class Concatenate implements RowStream {
  readonly columns: readonly StreamColumn[]
  readonly format: RowFormat
  #current: RowStream
  readonly #rest: readonly OpenStream[]
  #opened = 0
  #closed = false

  constructor(first: RowStream, rest: readonly OpenStream[]) {
    this.columns = first.columns
    this.format = first.format
    this.#current = first
    this.#rest = rest
  }

  async next(): Promise<RowBatch | undefined> {
    while (!this.#closed) {
      const batch = await this.#current.next()
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
  }

  async #openNext(): Promise<void> {
    const stream = await this.#rest[this.#opened++]()
    this.#current = stream
    // `close` came while the stream was being opened, and closed the one before.
    if (this.#closed) await stream.close()
    else checkTypes(this.columns, stream.columns)
  }
}

function checkTypes(first: readonly StreamColumn[], other: readonly StreamColumn[]): void {
  for (let i = 0; i < first.length; i++) {
    if (other.length !== first.length || !isSameType(first[i], other[i])) {
      throw notSupported(`UNION of different column types over several shards (column '${first[i].name}')`)
    }
  }
}

function isSameType(a: StreamColumn, b: StreamColumn): boolean {
  return (
    a.type === b.type && classOf(a) === classOf(b) && a.decimals === b.decimals && a.collation === b.collation
  )
}
