import type { RowBatch, RowStream, StreamColumn } from '../../engine/row-stream.ts'
import { Cursor, type SendCommand } from '../../mysql/client/cursor.ts'
import type { Lane } from '../../transaction/lane.ts'
import type { StatementWatch } from '../../transaction/write-shards.ts'
import { streamColumn } from './stream-column.ts'

/** What one fetch is to bring at most, by the size of the rows before. */
const FETCH_BYTES = 256 * 1024
const FETCH_ROWS_MAX = 2048

export interface FetchOptions {
  readonly watch: StatementWatch
  /** The connection is gone, and with it the shard's part of the transaction. */
  onLost(): void
}

/**
 * The rows of one shard's answer in its transaction, some at a time: the shard keeps them, so that other statements may run on its
 * connection in between. All of them are read, and locked, when the stream is open.
 */
export class FetchedRows implements RowStream {
  readonly format = 'binary'
  readonly columns: readonly StreamColumn[]
  readonly #lane: Lane
  readonly #cursor: Cursor
  readonly #options: FetchOptions
  /** Of the first row nobody knows how long it is. */
  #count = 1
  #closed = false

  private constructor(lane: Lane, cursor: Cursor, options: FetchOptions) {
    this.#lane = lane
    this.#cursor = cursor
    this.#options = options
    this.columns = cursor.columns.map((payload) => streamColumn(payload, lane.lease.tablet))
  }

  /** Throws what the server says of the query, and what ends the statement. */
  static async open(lane: Lane, sql: string, options: FetchOptions): Promise<FetchedRows> {
    const send: SendCommand = (statement, reader) => lane.send(statement, reader)
    try {
      const cursor = await working(lane, options, () => Cursor.open(lane.connection, sql, send))
      return new FetchedRows(lane, cursor, options)
    } catch (error) {
      options.watch.working.delete(lane.lease)
      throw error
    }
  }

  get summary(): Cursor['summary'] {
    return this.#cursor.summary
  }

  get prepared(): Cursor['prepared'] {
    return this.#cursor.prepared
  }

  async next(): Promise<RowBatch | undefined> {
    if (this.#closed) return undefined
    const rows = await working(this.#lane, this.#options, () => this.#cursor.fetch(this.#count))
    if (rows === undefined || this.#closed) return undefined
    const bytes = rows.reduce((sum, { length }) => sum + length, 0)
    const fitting = Math.floor((FETCH_BYTES * rows.length) / Math.max(bytes, 1))
    this.#count = Math.max(1, Math.min(2 * this.#count, fitting, FETCH_ROWS_MAX))
    return rows
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#options.watch.working.delete(this.#lane.lease)
    if (!this.#lane.isLost) this.#cursor.close(this.#lane.connection)
  }
}

/** A KILL of the statement meets the lane, until its rows are closed: others work there in between, and leave it to nobody. */
async function working<T>(
  { lease, connection }: Lane,
  { watch, onLost }: FetchOptions,
  work: () => Promise<T>,
): Promise<T> {
  watch.throwIfKilled()
  watch.working.add(lease)
  try {
    const result = await work()
    watch.throwIfKilled()
    return result
  } catch (error) {
    if (connection.state === 'closed') onLost()
    throw error
  }
}
