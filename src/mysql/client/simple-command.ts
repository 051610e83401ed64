import { ServerError } from '../../errors/server-error.ts'
import { decodeColumnDef } from '../codec/column-def.ts'
import { Command, HEADER_BYTES, MAX_PACKET_PAYLOAD } from '../codec/constants.ts'
import { framePayload, writeHeader } from '../codec/framing.ts'
import { decodeErr, decodeOk } from '../codec/responses.ts'
import { decodeTextRow } from '../codec/text-row.ts'
import type { BackendConnection } from './backend-connection.ts'
import { ResponseReader } from './response-reader.ts'

/** A whole COM_QUERY packet for SQL: a binary string, or its bytes, which are copied. */
export function queryPacket(sql: string | Buffer): Buffer {
  const payloadBytes = sql.length + 1
  const packet = Buffer.allocUnsafe(HEADER_BYTES + payloadBytes)
  const at = writeHeader(packet, 0, payloadBytes, 0)
  packet[at] = Command.QUERY
  if (typeof sql === 'string') packet.latin1Write(sql, at + 1)
  else sql.copy(packet, at + 1)
  return payloadBytes < MAX_PACKET_PAYLOAD ? packet : framePayload(packet.subarray(at), 0)
}

/** Collects a small answer whole: for the proxy's own statements. Rows are text-protocol payloads. */
export class CollectingReader extends ResponseReader {
  readonly columns: Buffer[] = []
  readonly rows: Buffer[] = []
  readonly #resolve: (answer: CollectingReader) => void
  readonly #reject: (error: Error) => void
  /** Text of the OK packet. */
  info = ''
  #error: ServerError | undefined

  constructor(resolve: (answer: CollectingReader) => void, reject: (error: Error) => void) {
    super({ wholeRows: true })
    this.#resolve = resolve
    this.#reject = reject
    this.reset('results')
  }

  protected override onColumn(buf: Buffer, start: number, end: number): void {
    this.columns.push(Buffer.from(buf.subarray(start, end)))
  }

  protected override onRow(buf: Buffer, start: number, end: number, continues: boolean): void {
    const part = Buffer.from(buf.subarray(start, end))
    if (continues) this.rows.push(Buffer.concat([this.rows.pop()!, part]))
    else this.rows.push(part)
  }

  protected override onOk(buf: Buffer, start: number, end: number): void {
    this.info = decodeOk(buf.subarray(start, end)).info
  }

  protected override onErr(buf: Buffer, start: number, end: number): void {
    this.#error = new ServerError(decodeErr(buf.subarray(start, end)))
  }

  override onDone(): void {
    if (this.#error === undefined) this.#resolve(this)
    else this.#reject(this.#error)
  }

  override onLost(error: Error): void {
    this.#reject(error)
  }
}

/** Runs one of the proxy's own statements. Throws the server's error as `ServerError`, a lost connection as `SqlError`. */
export function runQuery(connection: BackendConnection, sql: string): Promise<CollectingReader> {
  return runCommand(connection, queryPacket(sql))
}

/** COM_RESET_CONNECTION: no variables, prepared statements, temporary tables, locks; the default database stays. Throws as `runQuery`. */
export async function resetConnection(connection: BackendConnection): Promise<void> {
  await runCommand(connection, framePayload(Buffer.from([Command.RESET_CONNECTION]), 0))
}

/** COM_PING: leaves what SHOW WARNINGS would tell. Throws as `runQuery`. */
export function ping(connection: BackendConnection): Promise<CollectingReader> {
  return runCommand(connection, framePayload(Buffer.from([Command.PING]), 0))
}

export function runCommand(connection: BackendConnection, packet: Buffer): Promise<CollectingReader> {
  return new Promise((resolve, reject) => connection.send(packet, new CollectingReader(resolve, reject)))
}

/** Cells of a text-protocol row as binary strings; null for NULL. */
export function textCells(row: Buffer, columns: number): (string | null)[] {
  return decodeTextRow(row, columns).map((cell) => cell?.latin1Slice() ?? null)
}

/** Names of the columns, as binary strings in the connection's character set. */
export function columnNames({ columns }: CollectingReader): readonly string[] {
  return columns.map((payload) => decodeColumnDef(payload).name)
}
