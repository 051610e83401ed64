import { Status } from '../codec/constants.ts'
import { ResponseReader, type ResponseShape } from './response-reader.ts'

/** Where a relayed answer goes: the client's side of the session. */
export interface RelaySink {
  /** Takes ownership of the bytes. False: the client is slow, stop reading the backend until `resume`. */
  write(bytes: Buffer): boolean
}

export interface RelayOptions {
  readonly shape: ResponseShape
  /** `IN_TRANS` and `AUTOCOMMIT` as the client's session has them; they replace the backend's. */
  readonly status: number
  /** True when more results of the same multi-statement follow this answer. */
  readonly moreResults: boolean
  /** Sequence id of the first packet that the client expects. */
  readonly sequenceId: number
}

const SESSION_FLAGS = Status.IN_TRANS | Status.AUTOCOMMIT | Status.IN_TRANS_READONLY

/**
 * Passes a backend's answer on byte for byte. Only the status flags of OK and EOF packets are rewritten (they speak of
 * the backend's session) and, in a multi-statement, the sequence ids.
 */
export abstract class Relay extends ResponseReader {
  readonly #sink: RelaySink
  #status = 0
  #moreResults = 0
  #sequenceId = 0
  #renumber = false
  #bytesRelayed = 0
  #lastBytes: Buffer | undefined
  #pause: (() => void) | undefined

  constructor(sink: RelaySink) {
    super({ wholeRows: false })
    this.#sink = sink
  }

  /** `pause` stops the backend's socket when the client does not keep up. */
  begin(options: RelayOptions, pause: () => void): void {
    this.reset(options.shape)
    this.#status = options.status
    this.#moreResults = options.moreResults ? Status.MORE_RESULTS_EXISTS : 0
    this.#sequenceId = options.sequenceId
    this.#renumber = options.sequenceId !== 1
    this.#bytesRelayed = 0
    this.#lastBytes = undefined
    this.#pause = pause
  }

  get bytesRelayed(): number {
    return this.#bytesRelayed
  }

  /** The sequence id that the packet after the last one has. */
  get nextSequenceId(): number {
    return this.#sequenceId
  }

  /** The client has sent something in the middle of the answer, which goes on with this sequence id. */
  goOn(sequenceId: number): void {
    this.#sequenceId = sequenceId
    this.#renumber = true
  }

  protected override patchStatus(status: number): number {
    return (status & ~SESSION_FLAGS) | this.#status | this.#moreResults
  }

  protected override onHeader(buf: Buffer, at: number): void {
    if (this.#renumber) buf[at + 3] = this.#sequenceId & 0xff
    this.#sequenceId++
  }

  protected override onBytes(buf: Buffer, start: number, end: number): void {
    this.#bytesRelayed += end - start
    if (!this.#sink.write(slice(buf, start, end))) this.#pause?.()
  }

  /** The end is kept for the owner, who can write it and close the command in one. */
  protected override onLastBytes(buf: Buffer, start: number, end: number): void {
    this.#bytesRelayed += end - start
    this.#lastBytes = slice(buf, start, end)
  }

  /** The end of the answer, which `write` has not had; taken once. */
  takeLastBytes(): Buffer | undefined {
    const bytes = this.#lastBytes
    this.#lastBytes = undefined
    return bytes
  }
}

function slice(buf: Buffer, start: number, end: number): Buffer {
  return start === 0 && end === buf.length ? buf : buf.subarray(start, end)
}
