import { framePayload } from '../codec/framing.ts'
import type { BackendConnection } from './backend-connection.ts'
import { ResponseReader } from './response-reader.ts'
import type { ShardStatement } from './shard-statement.ts'
import { queryPacket } from './simple-command.ts'

/** No client has a name that begins so. */
const NAME = '`_shardgate_executed`'

/**
 * `PREPARE … FROM` a text with `?`, then `EXECUTE … USING` variables that the connection has (of MariaDB expressions, too): rows as text, and `?` of the very
 * types that MySQL gives them. It is prepared anew each time, for MySQL reads later values by the types of the first; of several on
 * one connection the last is kept.
 */
export class ExecuteStatement implements ShardStatement {
  readonly format = 'text'
  readonly #prepare: Buffer
  readonly #execute: Buffer

  /** `text`: as a string literal. `args`: SQL text, in the order of the `?`. */
  constructor(text: string, args: readonly string[]) {
    this.#prepare = queryPacket(`PREPARE ${NAME} FROM ${text}`)
    const using = args.length === 0 ? '' : ` USING ${args.join(', ')}`
    this.#execute = queryPacket(`EXECUTE ${NAME}${using}`)
  }

  send(connection: BackendConnection, reader: ResponseReader): void {
    const execute = () => connection.send(this.#execute, reader)
    connection.send(this.#prepare, new PrepareTextReader(reader, execute))
  }
}

/** Reads the answer of PREPARE; an error is given to `next` as if it were the answer to the EXECUTE. */
class PrepareTextReader extends ResponseReader {
  readonly #next: ResponseReader
  readonly #execute: () => void
  #error: Buffer | undefined

  constructor(next: ResponseReader, execute: () => void) {
    super({ wholeRows: false })
    this.reset('results')
    this.#next = next
    this.#execute = execute
  }

  protected override onErr(buf: Buffer, start: number, end: number): void {
    this.#error = framePayload(buf.subarray(start, end), 1)
  }

  override onDone(): void {
    if (this.#error === undefined) return this.#execute()
    this.#next.feed(this.#error)
    this.#next.onDone()
  }

  override onLost(error: Error): void {
    this.#next.onLost(error)
  }
}
