import type { BackendConnection } from '../../mysql/client/backend-connection.ts'
import { FileSender } from '../../mysql/client/file-sender.ts'
import type { ClientConnection, FileSink } from '../../mysql/server/session-handler.ts'

/** A client's file on its way to the one server that has asked for it: bytes as they come, no faster than they are taken. */
export class RelayedFile implements FileSink {
  readonly #client: Pick<ClientConnection, 'resumeFile'>
  readonly #sender: FileSender
  readonly #onEnd: (nextSequenceId: number) => void
  #state: 'relayed' | 'thrown away' | 'ended' = 'relayed'
  #ended: ((nextSequenceId: number) => void) | undefined

  constructor(
    connection: BackendConnection,
    client: Pick<ClientConnection, 'resumeFile'>,
    onEnd: (nextSequenceId: number) => void,
  ) {
    this.#sender = new FileSender(connection)
    this.#client = client
    this.#onEnd = onEnd
  }

  get hasEnded(): boolean {
    return this.#state === 'ended'
  }

  /** The server is gone: the client is listened to until it has sent everything, for only then it hears an answer. */
  throwAway(ended: (nextSequenceId: number) => void): void {
    this.#state = 'thrown away'
    this.#ended = ended
    this.#client.resumeFile()
  }

  data(bytes: Buffer): boolean {
    if (this.#state !== 'relayed' || this.#sender.send(bytes)) return true
    void this.#sender.drained().then(() => this.#client.resumeFile())
    return false
  }

  end(nextSequenceId: number): void {
    const ended = this.#ended
    this.#state = 'ended'
    if (ended !== undefined) return ended(nextSequenceId)
    this.#onEnd(nextSequenceId)
    this.#sender.end()
  }

  gone(): void {}
}
