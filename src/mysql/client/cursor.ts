import type { Condition } from '../../errors/condition.ts'
import type { ServerError } from '../../errors/server-error.ts'
import { Command, Status } from '../codec/constants.ts'
import { framePayload } from '../codec/framing.ts'
import type { BackendConnection } from './backend-connection.ts'
import { readConditions } from './conditions.ts'
import type { ResponseReader, ResponseSummary } from './response-reader.ts'
import { idPacket, preparePacket, type ShardStatement } from './shard-statement.ts'
import { CollectingReader } from './simple-command.ts'

/** Puts a command on a connection, behind what is on its way there. */
export type SendCommand = (statement: ShardStatement, reader: ResponseReader) => void

/** CURSOR_TYPE_READ_ONLY. */
const READ_ONLY = 1

/**
 * A query whose rows the server keeps, in a temporary table of its own: all are read, and locked, when it is open, and other
 * commands may run between two fetches. Source: MySQL client/server protocol, "COM_STMT_EXECUTE", "COM_STMT_FETCH".
 */
export class Cursor {
  /** Payloads of its column definitions. */
  readonly columns: readonly Buffer[]
  /** What the server said of the query. */
  readonly summary: ResponseSummary
  /** What preparing it has warned of: of its text, which the summary need not tell again. */
  readonly prepared: readonly Condition[]
  readonly #send: SendCommand
  readonly #id: number
  /** Rows that came with the answer: of some queries the server keeps none. */
  #first: readonly Buffer[]
  #isEnded: boolean

  private constructor(
    send: SendCommand,
    id: number,
    prepared: readonly Condition[],
    { columns, summary, rows }: CollectingReader,
  ) {
    this.#send = send
    this.prepared = prepared
    this.#id = id
    this.columns = columns
    this.summary = summary
    this.#first = rows
    this.#isEnded = (summary.status & Status.CURSOR_EXISTS) === 0
  }

  /** Throws the server's error as `ServerError`, a lost connection as `SqlError`. */
  static async open(connection: BackendConnection, sql: string, send: SendCommand): Promise<Cursor> {
    const prepared = await new Promise<PreparedReader>((resolve, reject) =>
      send(command(preparePacket(sql)), new PreparedReader(resolve, reject)),
    )
    const { id, summary } = prepared
    try {
      const conditions = summary.warnings > 0 ? await readConditions(connection) : []
      const answer = await new Promise<CollectingReader>((resolve, reject) =>
        send(command(executePacket(id)), new CollectingReader(resolve, reject)),
      )
      return new Cursor(send, id, conditions, answer)
    } catch (error) {
      connection.sendUnanswered(idPacket(Command.STMT_CLOSE, id))
      throw error
    }
  }

  /** At most `count` rows, payloads of the binary protocol; undefined behind the last. Throws as `open`. */
  async fetch(count: number): Promise<readonly Buffer[] | undefined> {
    const first = this.#first
    this.#first = []
    if (first.length > 0) return first
    if (this.#isEnded) return undefined
    const { rows, summary } = await new Promise<CollectingReader>((resolve, reject) =>
      this.#send(command(fetchPacket(this.#id, count)), new FetchReader(resolve, reject)),
    )
    this.#isEnded = (summary.status & Status.LAST_ROW_SENT) !== 0
    return rows.length === 0 ? undefined : rows
  }

  /** The server forgets its rows. */
  close(connection: BackendConnection): void {
    this.#first = []
    this.#isEnded = true
    connection.sendUnanswered(idPacket(Command.STMT_CLOSE, this.#id))
  }
}

function command(packet: Buffer): ShardStatement {
  return { format: 'binary', send: (connection, reader) => connection.send(packet, reader) }
}

class PreparedReader extends CollectingReader {
  id = 0

  constructor(resolve: (reader: PreparedReader) => void, reject: (error: ServerError | Error) => void) {
    super((reader) => resolve(reader as PreparedReader), reject)
    this.reset('prepare')
  }

  protected override onPrepareOk(buf: Buffer, start: number): void {
    this.id = buf.readUInt32LE(start + 1)
  }
}

class FetchReader extends CollectingReader {
  constructor(resolve: (reader: CollectingReader) => void, reject: (error: Error) => void) {
    super(resolve, reject)
    this.reset('rows')
  }
}

function executePacket(id: number): Buffer {
  const payload = Buffer.alloc(10)
  payload[0] = Command.STMT_EXECUTE
  payload.writeUInt32LE(id, 1)
  payload[5] = READ_ONLY
  payload.writeUInt32LE(1, 6) // iterations, always one
  return framePayload(payload, 0)
}

function fetchPacket(id: number, count: number): Buffer {
  const payload = Buffer.alloc(9)
  payload[0] = Command.STMT_FETCH
  payload.writeUInt32LE(id, 1)
  payload.writeUInt32LE(count, 5)
  return framePayload(payload, 0)
}
