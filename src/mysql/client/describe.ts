import { ServerError } from '../../errors/server-error.ts'
import { Command } from '../codec/constants.ts'
import { decodeErr } from '../codec/responses.ts'
import type { BackendConnection } from './backend-connection.ts'
import { ResponseReader } from './response-reader.ts'
import { idPacket, preparePacket, type ShardStatement } from './shard-statement.ts'

/**
 * COM_STMT_PREPARE, for what the server says of a statement without running it: its columns, or its error. `send` puts it on
 * the connection. Answers the payloads of the column definitions; throws the server's error as `ServerError`, a lost
 * connection as `SqlError`.
 */
export function describeColumns(
  sql: string,
  send: (statement: ShardStatement, reader: ResponseReader) => void,
): Promise<readonly Buffer[]> {
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
  readonly #resolve: (columns: readonly Buffer[]) => void
  readonly #reject: (error: Error) => void
  readonly #columns: Buffer[] = []
  #paramsLeft = 0
  #id = 0
  #error: ServerError | undefined

  constructor(resolve: (columns: readonly Buffer[]) => void, reject: (error: Error) => void) {
    super({ wholeRows: false })
    this.#resolve = resolve
    this.#reject = reject
    this.reset('prepare')
  }

  protected override onPrepareOk(buf: Buffer, start: number, _columns: number, params: number): void {
    this.#id = buf.readUInt32LE(start + 1)
    this.#paramsLeft = params
  }

  protected override onColumn(buf: Buffer, start: number, end: number): void {
    if (this.#paramsLeft > 0) this.#paramsLeft--
    else this.#columns.push(Buffer.from(buf.subarray(start, end)))
  }

  protected override onErr(buf: Buffer, start: number, end: number): void {
    this.#error = new ServerError(decodeErr(buf.subarray(start, end)))
  }

  override onDone(): void {
    if (this.#error !== undefined) return this.#reject(this.#error)
    this.connection?.sendUnanswered(idPacket(Command.STMT_CLOSE, this.#id))
    this.#resolve(this.#columns)
  }

  override onLost(error: Error): void {
    this.#reject(error)
  }
}
