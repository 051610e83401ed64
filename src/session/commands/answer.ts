import { rowChunks } from '../../base/chunk-pool.ts'
import { LastMade } from '../../base/last-made.ts'
import type { RowPackets, StreamColumn } from '../../engine/row-stream.ts'
import type { ServerError } from '../../errors/server-error.ts'
import type { SqlError } from '../../errors/sql-error.ts'
import { encodeBinaryRow } from '../../mysql/codec/binary-row.ts'
import { encodeColumnDef } from '../../mysql/codec/column-def.ts'
import { HEADER_BYTES, Status } from '../../mysql/codec/constants.ts'
import { framePayload, headerLength, writeHeader } from '../../mysql/codec/framing.ts'
import { lenencSize, writeLenenc } from '../../mysql/codec/lenenc.ts'
import { type ErrPacket, encodeEof, encodeErr, encodeOk, type OkPacket } from '../../mysql/codec/responses.ts'
import { encodeTextRow } from '../../mysql/codec/text-row.ts'
import type { ClientConnection, SmallResultSet } from '../../mysql/server/session-handler.ts'

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

  /** Begins a result of rows. */
  beginRows(columns: readonly StreamColumn[], status: number): void {
    this.write(heads.get(columns, this.sequenceId))
    this.sequenceId += 1 + columns.length
    this.write(encodeEof({ status }, this.sequenceId++))
  }

  /** Rows as packets, which get their numbers here. Resolves when the client can take more. */
  async rows({ chunks }: RowPackets): Promise<void> {
    const last = chunks.length - 1
    for (let i = 0; i <= last; i++) {
      this.#number(chunks[i]!)
      const written = i === last ? () => rowChunks.give(chunks) : undefined
      if (!this.write(chunks[i]!, written)) await this.#drain()
    }
  }

  endRows(status: number, warnings: number): void {
    this.write(encodeEof({ status: this.#status(status), warnings }, this.sequenceId++))
  }

  /** `written`: as of `ClientConnection`. */
  write(bytes: Buffer, written?: () => void): boolean {
    this.started = true
    return this.#client.write(bytes, written)
  }

  /** The client took what was queued, or is gone. */
  drained(): void {
    const resolve = this.#drained
    this.#drained = undefined
    resolve?.()
  }

  #number(packets: Buffer): void {
    let id = this.sequenceId
    for (let at = 0; at < packets.length; at += HEADER_BYTES + headerLength(packets, at))
      packets[at + 3] = id++ & 0xff
    this.sequenceId = id
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

/** Of a result, made once for the same columns. */
const heads = new LastMade(encodeHead)

/** The column count and the column definitions. */
function encodeHead(columns: readonly StreamColumn[], sequenceId: number): Buffer {
  const packets = columns.map(({ definition }, i) => framePayload(definition, sequenceId + 1 + i))
  return Buffer.concat([columnCount(columns.length, sequenceId), ...packets])
}

function columnCount(count: number, sequenceId: number): Buffer {
  const packet = Buffer.allocUnsafe(4 + lenencSize(count))
  writeLenenc(packet, writeHeader(packet, 0, lenencSize(count), sequenceId), count)
  return packet
}
