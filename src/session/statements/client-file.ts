import { unlessAborted } from '../../base/abort.ts'
import { type Deferred, deferred } from '../../base/deferred.ts'
import type { ClientFile } from '../../engine/shard-port.ts'
import type { ClientConnection, FileSink } from '../../mysql/server/session-handler.ts'
import { type Interruption, interrupted } from '../commands/interruption.ts'

/** Bytes of the file that wait for the statement before the client is told to. */
const HELD_BYTES_MAX = 256 * 1024

/** A file of the client's while it comes, no faster than it is read. */
export class ReceivedFile implements ClientFile, FileSink {
  readonly #client: Pick<ClientConnection, 'resumeFile'>
  readonly #interruption: Interruption
  readonly #onEnd: (nextSequenceId: number) => void
  #chunks: Buffer[] = []
  #heldBytes = 0
  #state: 'coming' | 'thrown away' | 'ended' | 'gone' = 'coming'
  /** Who waits for more, or for the end. */
  #waiting: Deferred<void> | undefined

  constructor(
    client: Pick<ClientConnection, 'resumeFile'>,
    interruption: Interruption,
    onEnd: (nextSequenceId: number) => void,
  ) {
    this.#client = client
    this.#interruption = interruption
    this.#onEnd = onEnd
  }

  async next(): Promise<Buffer | undefined> {
    while (this.#chunks.length === 0) {
      if (this.#state === 'ended') return undefined
      if (this.#state === 'gone') throw interrupted()
      await unlessAborted(this.#wait(), this.#interruption.signal)
    }
    this.#interruption.throwIfKilled()
    const [first] = this.#chunks
    const all = this.#chunks.length === 1 ? first! : Buffer.concat(this.#chunks, this.#heldBytes)
    this.#chunks = []
    this.#heldBytes = 0
    this.#client.resumeFile()
    return all
  }

  async close(): Promise<void> {
    this.#chunks = []
    while (this.#state !== 'ended' && this.#state !== 'gone') {
      this.#state = 'thrown away'
      this.#client.resumeFile()
      await this.#wait()
    }
  }

  data(bytes: Buffer): boolean {
    if (this.#state === 'thrown away') return true
    this.#chunks.push(bytes)
    this.#heldBytes += bytes.length
    this.#goOn()
    return this.#heldBytes < HELD_BYTES_MAX
  }

  end(nextSequenceId: number): void {
    this.#state = 'ended'
    this.#onEnd(nextSequenceId)
    this.#goOn()
  }

  gone(): void {
    this.#state = 'gone'
    this.#goOn()
  }

  #wait(): Promise<void> {
    this.#waiting ??= deferred()
    return this.#waiting.promise
  }

  #goOn(): void {
    this.#waiting?.resolve()
    this.#waiting = undefined
  }
}
