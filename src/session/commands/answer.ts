import type { ServerError } from '../../errors/server-error.ts'
import type { SqlError } from '../../errors/sql-error.ts'
import { encodeBinaryRow } from '../../mysql/codec/binary-row.ts'
import { encodeColumnDef } from '../../mysql/codec/column-def.ts'
import { Status } from '../../mysql/codec/constants.ts'
import { framePayload, packetCount, writeHeader } from '../../mysql/codec/framing.ts'
import { lenencSize, writeLenenc } from '../../mysql/codec/lenenc.ts'
import { type ErrPacket, encodeEof, encodeErr, encodeOk, type OkPacket } from '../../mysql/codec/responses.ts'
import { encodeTextRow } from '../../mysql/codec/text-row.ts'
import type { ClientConnection, SmallResultSet } from '../../mysql/server/session-handler.ts'

/** Rows are framed into buffers of about this size before they are written. */
const WRITE_BYTES = 64 * 1024

/**
 * The answer to one command as it is being written: packets are numbered through all results of a multi-statement,
 * and every OK and EOF carries the session's own status.
 */
export class Answer {
  readonly #client: ClientConnection
  sequenceId = 1
  /** More results of the same multi-statement follow the current one. */
  moreResults = false
  /** Something of the current result has been written. */
  started = false
  #drained: (() => void) | undefined

  constructor(client: ClientConnection) {
    this.#client = client
  }

  /** A new command has come. */
  begin(sequenceId: number): void {
    this.sequenceId = sequenceId
    this.moreResults = false
    this.started = false
  }

  ok(ok: Partial<OkPacket>, status: number): void {
    this.write(encodeOk({ ...ok, status: this.#status(status) }, this.sequenceId++))
  }

  error(error: SqlError | ServerError | ErrPacket): void {
    this.write(encodeErr(error, this.sequenceId++))
  }

  resultSet(set: SmallResultSet): void {
    const { columns, rows, binary = false } = set
    const packets = [columnCount(columns.length, this.sequenceId++)]
    for (const column of columns) packets.push(encodeColumnDef(column, this.sequenceId++))
    packets.push(encodeEof({ status: set.status }, this.sequenceId++))
    for (const row of rows) {
      const id = this.sequenceId++
      packets.push(binary ? encodeBinaryRow(columns, row, id) : encodeTextRow(row, id))
    }
    const status = this.#status(set.status)
    packets.push(encodeEof({ status, warnings: set.warnings ?? 0 }, this.sequenceId++))
    this.write(Buffer.concat(packets))
  }

  /** Column definitions and their EOF: what COM_STMT_PREPARE answers behind its OK. */
  definitions(definitions: readonly Buffer[], status: number): void {
    const packets = definitions.map((definition) => framePayload(definition, this.sequenceId++))
    this.write(Buffer.concat([...packets, encodeEof({ status }, this.sequenceId++)]))
  }

  /** Begins a result of rows; `definitions` are payloads of column definition packets. */
  beginRows(definitions: readonly Buffer[], status: number): void {
    this.write(columnCount(definitions.length, this.sequenceId++))
    this.definitions(definitions, status)
  }

  /** Frames row payloads. Resolves when the client can take more. */
  async rows(rows: readonly Buffer[]): Promise<void> {
    let from = 0
    while (from < rows.length) {
      let bytes = 0
      let to = from
      while (to < rows.length && bytes < WRITE_BYTES) {
        bytes += rows[to]!.length + 4 * packetCount(rows[to]!.length)
        to++
      }
      const framed = Buffer.allocUnsafe(bytes)
      let at = 0
      for (let i = from; i < to; i++) at = this.#frame(rows[i]!, framed, at)
      from = to
      if (!this.write(framed)) await this.#drain()
    }
  }

  endRows(status: number, warnings: number): void {
    this.write(encodeEof({ status: this.#status(status), warnings }, this.sequenceId++))
  }

  write(bytes: Buffer): boolean {
    this.started = true
    return this.#client.write(bytes)
  }

  /** The client took what was queued, or is gone. */
  drained(): void {
    const resolve = this.#drained
    this.#drained = undefined
    resolve?.()
  }

  #frame(row: Buffer, into: Buffer, at: number): number {
    if (row.length < 0xff_ffff) {
      at = writeHeader(into, at, row.length, this.sequenceId++)
      return at + row.copy(into, at)
    }
    const framed = framePayload(row, this.sequenceId)
    this.sequenceId += packetCount(row.length)
    return at + framed.copy(into, at)
  }

  #drain(): Promise<void> {
    if (this.#client.closed) return Promise.resolve()
    return new Promise((resolve) => {
      this.#drained = resolve
    })
  }

  #status(status: number): number {
    return this.moreResults ? status | Status.MORE_RESULTS_EXISTS : status
  }
}

function columnCount(count: number, sequenceId: number): Buffer {
  const packet = Buffer.allocUnsafe(4 + lenencSize(count))
  writeLenenc(packet, writeHeader(packet, 0, lenencSize(count), sequenceId), count)
  return packet
}
