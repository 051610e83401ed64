import type { ColumnType } from '../values/types.ts'

/** `text`: rows of COM_QUERY answers; `binary`: rows of COM_STMT_EXECUTE answers. */
export type RowFormat = 'text' | 'binary'

/** A result column. */
export interface StreamColumn extends ColumnType {
  /** The name the client sees, as Unicode text; used in error messages here. */
  readonly name: string
  /** Payload of the column definition packet as the shard sent it: what the client gets. */
  readonly definition: Buffer
}

/**
 * One row: the payload of its packet, without packet headers (payloads over 2^24-1 bytes are one buffer too). It is
 * never changed after it was handed over, and may be kept; keeping it keeps the network chunk it lies in.
 */
export type Row = Buffer

/** At least one row. */
export type RowBatch = readonly Row[]

/** At least one row, as the packets lie in which a shard sent them. */
export interface RowPackets {
  /**
   * Each is whole packets with their headers, one behind the other, and whole rows (of 2^24-1 bytes and more, several packets).
   * They are the receiver's: it numbers the packets anew in place, and may give them back to the pool of chunks when it has
   * written or copied them.
   */
  readonly chunks: readonly Buffer[]
  readonly rows: number
}

/**
 * Rows on demand. A stream that nobody asks reads nothing from its shard beyond one batch.
 *
 * `next` answers undefined after the last row, and after `close`; it rejects with a `SqlError` when the shard fails,
 * and is called again only when the last call is settled. `close` may be called at any time, also while `next` is
 * pending (which then settles), any number of times; rows that were not read are thrown away, and the connection goes
 * back or is killed as its owner sees fit. Whoever receives a stream closes it, also after an error or the end.
 */
export interface RowStream {
  readonly columns: readonly StreamColumn[]
  readonly format: RowFormat
  /** Rows that OFFSET has left out: FOUND_ROWS() counts them. */
  readonly skippedRows?: number
  next(): Promise<RowBatch | undefined>
  /** As `next`, the same rows for whoever passes them on whole; absent where the rows are not as a shard sent them. */
  nextPackets?(): Promise<RowPackets | undefined>
  close(): Promise<void>
}
