import { ServerError } from '../../errors/server-error.ts'
import { Command } from '../codec/constants.ts'
import { decodeErr } from '../codec/responses.ts'
import type { BackendConnection } from './backend-connection.ts'
import { ResponseReader } from './response-reader.ts'
import { idPacket, preparePacket } from './shard-statement.ts'

/** What a server says of a statement that it has not run. */
export interface Description {
  /** Payloads of column definition packets. */
  readonly params: readonly Buffer[]
  readonly columns: readonly Buffer[]
}

/** Has a statement prepared, and forgotten again. Throws the server's error as `ServerError`, a lost connection as `SqlError`. */
export async function describeOn(connection: BackendConnection, sql: string): Promise<Description> {
  const { id, ...description } = await new Promise<Prepared>((resolve, reject) =>
    connection.send(preparePacket(sql), new DescribingReader(resolve, reject)),
  )
  connection.sendUnanswered(idPacket(Command.STMT_CLOSE, id))
  return description
}

interface Prepared extends Description {
  readonly id: number
}

class DescribingReader extends ResponseReader {
  readonly #resolve: (prepared: Prepared) => void
  readonly #reject: (error: Error) => void
  readonly #definitions: Buffer[] = []
  #id = 0
  #paramCount = 0
  #error: ServerError | undefined

  constructor(resolve: (prepared: Prepared) => void, reject: (error: Error) => void) {
    super({ wholeRows: false })
    this.reset('prepare')
    this.#resolve = resolve
    this.#reject = reject
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
    this.#resolve({
      id: this.#id,
      params: this.#definitions.slice(0, this.#paramCount),
      columns: this.#definitions.slice(this.#paramCount),
    })
  }

  override onLost(error: Error): void {
    this.#reject(error)
  }
}
