import type { ByteBudget } from '../../base/byte-budget.ts'
import { rowChunks } from '../../base/chunk-pool.ts'
import { deferred } from '../../base/deferred.ts'
import { rowsOf } from '../../engine/packet-rows.ts'
import type { RowBatch, RowFormat, RowPackets, RowStream } from '../../engine/row-stream.ts'
import { ServerError } from '../../errors/server-error.ts'
import { SqlError } from '../../errors/sql-error.ts'
import type { BackendConnection } from '../../mysql/client/backend-connection.ts'
import { ResponseReader } from '../../mysql/client/response-reader.ts'
import { HEADER_BYTES } from '../../mysql/codec/constants.ts'
import { decodeErr } from '../../mysql/codec/responses.ts'
import type { ServingTablet } from '../../tablet/serving-tablet.ts'
import type { OpenRows } from '../../transaction/lane.ts'
import { type AnswerColumns, answerColumns } from './known-columns.ts'
import { PacketRun } from './packet-run.ts'

/** Bytes of rows read ahead of the consumer before the shard is held back. */
const READ_AHEAD_BYTES = 256 * 1024

/** Who the rows come from, and what becomes of the connection. */
export interface RowsSource {
  readonly connection: BackendConnection
  readonly tablet: Pick<ServingTablet, 'database' | 'record'>
  /** What `spool` takes rows into. */
  readonly memory: ByteBudget
  /** The rows have ended, or their reader has left: the connection is idle after the end, and still busy when left early. */
  release(rows: ShardRows): void
}

/**
 * The rows of one shard's answer, on demand: read ahead up to a bound, then the socket is paused. `spool` takes them all
 * instead, for the connection is wanted for the next command; more than the bound is ER_OUT_OF_SORTMEMORY for their reader.
 */
export class ShardRows extends ResponseReader implements RowStream, OpenRows {
  columns: AnswerColumns = []
  readonly format: RowFormat
  readonly #source: RowsSource
  readonly #opened = deferred<this>()
  #isOpened = false
  /** The packets of column definitions. */
  readonly #definitions = new PacketRun()
  /** Rows that have come, but for those of the run at the end. */
  #chunks: Buffer[] = []
  #rows = 0
  #batchBytes = 0
  readonly #run = new PacketRun()
  /** The run ends in the middle of a row. */
  #isRowCut = false
  #waiting: { resolve(packets: RowPackets | undefined): void; reject(error: Error): void } | undefined
  #state: 'open' | 'ended' | 'closed' = 'open'
  #error: Error | undefined
  #paused = false
  #spooling = false
  /** Of the memory, for what is spooled. */
  #heldBytes = 0

  constructor(source: RowsSource, format: RowFormat) {
    super({ wholeRows: true })
    this.reset('results')
    this.#source = source
    this.format = format
  }

  /** The server has said all it had to say. */
  get isEnded(): boolean {
    return this.#state === 'ended'
  }

  spool(): void {
    this.#spooling = true
    this.#resume()
  }

  /** Settles when the columns are known, or the statement has failed, or answered without rows. */
  opened(): Promise<this> {
    return this.#opened.promise
  }

  async next(): Promise<RowBatch | undefined> {
    const packets = await this.nextPackets()
    return packets && rowsOf(packets)
  }

  nextPackets(): Promise<RowPackets | undefined> {
    if (this.#rows > 0) return Promise.resolve(this.#takeRows())
    if (this.#error !== undefined) return Promise.reject(this.#error)
    if (this.#state !== 'open') return Promise.resolve(undefined)
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  close(): Promise<void> {
    this.#dropRows()
    this.#paused = false // whose connection it is now decides
    if (this.#state === 'open') {
      this.#state = 'closed'
      this.#waiting?.resolve(undefined)
      this.#waiting = undefined
      this.#source.release(this)
    }
    return Promise.resolve()
  }

  #takeRows(): RowPackets {
    const packets = { chunks: this.#chunks, rows: this.#rows }
    this.#dropRows()
    this.#resume()
    return packets
  }

  #dropRows(): void {
    this.#chunks = []
    this.#rows = 0
    this.#batchBytes = 0
    this.#giveMemory()
  }

  #giveMemory(): void {
    this.#source.memory.give(this.#heldBytes)
    this.#heldBytes = 0
  }

  #resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#source.connection.resume()
  }

  protected override onColumn(buf: Buffer, start: number, end: number): void {
    this.#definitions.add(buf, start - HEADER_BYTES, end)
  }

  protected override onColumnsEnd(): void {
    this.columns = answerColumns(this.#definitions.take(), this.#source.tablet)
    this.#open()
  }

  protected override onRow(buf: Buffer, start: number, end: number, continues: boolean, more: boolean): void {
    if (this.#state !== 'open') return
    const from = start - HEADER_BYTES
    // A row of several packets has a chunk of its own, in which they are joined.
    if (!continues && (more || !this.#run.endsAt(buf, from))) this.#endRun()
    this.#run.add(buf, from, end)
    this.#isRowCut = more
    if (more) return
    this.#rows++
    if (continues) this.#endRun()
  }

  #endRun(): void {
    if (this.#run.isEmpty) return
    const chunk = this.#run.take()
    this.#chunks.push(chunk)
    this.#batchBytes += chunk.length
  }

  protected override rowMemory(bytes: number): Buffer {
    return rowChunks.take(bytes)
  }

  override feed(chunk: Buffer): number {
    const left = super.feed(chunk)
    if (!this.#isRowCut) this.#endRun()
    if (this.#rows > 0 && this.#state === 'open') this.#come()
    return left
  }

  /** More rows have come. */
  #come(): void {
    if (this.#waiting !== undefined) {
      const { resolve } = this.#waiting
      this.#waiting = undefined
      resolve(this.#takeRows())
    } else if (this.#spooling) {
      const more = this.#batchBytes - this.#heldBytes
      if (!this.#source.memory.take(more)) this.#overflow()
      else this.#heldBytes += more
    } else if (this.#batchBytes >= READ_AHEAD_BYTES && !this.#paused) {
      this.#paused = true
      this.#source.connection.pause()
    }
  }

  /** The rest is read and thrown away, in front of the next command's answer. */
  #overflow(): void {
    this.#dropRows()
    this.#error = new SqlError(
      'ER_OUT_OF_SORTMEMORY',
      'Out of sort memory: there is no room for the rows of a shard that are not read while the transaction needs its connection: read them first, or raise connection_memory_limit',
    )
    this.#state = 'closed'
    this.#settle()
    this.#source.release(this)
  }

  protected override onErr(buf: Buffer, start: number, end: number): void {
    this.#error = new ServerError(decodeErr(buf.subarray(start, end)))
  }

  override onDone(): void {
    this.#paused = false
    if (this.#state === 'closed') return
    this.#state = 'ended'
    this.#settle()
    this.#source.release(this)
  }

  override onLost(error: Error): void {
    if (this.#state === 'closed') return
    this.#state = 'ended'
    this.#error = error
    this.#settle()
    this.#source.release(this)
  }

  #settle(): void {
    if (this.#error === undefined) {
      this.#open()
      this.#waiting?.resolve(undefined)
    } else {
      if (!this.#isOpened) this.#opened.reject(this.#error)
      this.#isOpened = true
      this.#waiting?.reject(this.#error)
    }
    this.#waiting = undefined
  }

  /** Once: settling a promise that is settled costs more than asking. */
  #open(): void {
    if (this.#isOpened) return
    this.#isOpened = true
    this.#opened.resolve(this)
  }
}
