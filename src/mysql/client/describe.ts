import { ServerError } from '../../errors/server-error.ts'
import { Command } from '../codec/constants.ts'
import { decodeErr } from '../codec/responses.ts'
import type { BackendConnection } from './backend-connection.ts'
import { ResponseReader } from './response-reader.ts'
import { idPacket, preparePacket, type ShardStatement } from './shard-statement.ts'

/** What a server says of a statement that it has not run: payloads of column definition packets. */
export interface Description {
  readonly params: readonly Buffer[]
  readonly columns: readonly Buffer[]
  /** Number of them. */
  readonly warnings: number
}

/**
 * COM_STMT_PREPARE of a statement that is forgotten again. `send` puts it on the connection. Throws the server's error as
 * `ServerError`, a lost connection as `SqlError`.
 */
export function describeStatement(
  sql: string,
  send: (statement: ShardStatement, reader: ResponseReader) => void,
): Promise<Description> {
  return new Promise((resolve, reject) => {
    const reader = new DescribeReader(resolve, reject)
    const packet = preparePacket(sql)
    const statement: ShardStatement = {
      format: 'binary',
      send(connection, each) {
        reader.connection = connection
        connection.send(packet, each)
      },
    }
    send(statement, reader)
  })
}

class DescribeReader extends ResponseReader {
  connection: BackendConnection | undefined
  readonly #resolve: (description: Description) => void
  readonly #reject: (error: Error) => void
  readonly #definitions: Buffer[] = []
  #paramCount = 0
  #id = 0
  #error: ServerError | undefined

  constructor(resolve: (description: Description) => void, reject: (error: Error) => void) {
    super({ wholeRows: false })
    this.#resolve = resolve
    this.#reject = reject
    this.reset('prepare')
  }

  protected override onPrepareOk(buf: Buffer, start: number, _columns: number, params: number): void {
    this.#id = buf.readUInt32LE(start + 1)
    this.#paramCount = params
  }

  protected override onColumn(buf: Buffer, start: number, end: number): void {
    this.#definitions.push(Buffer.from(buf.subarray(start, end)))
  }

  protected override onErr(buf: Buffer, start: number, end: number): void {
    this.#error = new ServerError(decodeErr(buf.subarray(start, end)))
  }

  override onDone(): void {
    if (this.#error !== undefined) return this.#reject(this.#error)
    this.connection?.sendUnanswered(idPacket(Command.STMT_CLOSE, this.#id))
    this.#resolve({
      params: this.#definitions.slice(0, this.#paramCount),
      columns: this.#definitions.slice(this.#paramCount),
      warnings: this.summary.warnings,
    })
  }

  override onLost(error: Error): void {
    this.#reject(error)
  }
}
