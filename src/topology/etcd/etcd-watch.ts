import type { Etcd3, IWatchRequest, IWatchResponse } from 'etcd3'
import type { Clock } from '../../base/clock.ts'
import type { RecordEvent, Watch, WatchHandlers } from '../store.ts'
import { TopologyError } from '../store.ts'

type Stream = Awaited<ReturnType<Etcd3['watchClient']['watch']>> & {
  cancel?(): void
  write(request: IWatchRequest): unknown
}

export interface EtcdWatchOptions {
  readonly client: Etcd3
  readonly clock: Clock
  /** Keys `[start, end)`. */
  readonly range: { readonly start: Buffer; readonly end: Buffer }
  readonly afterRevision: bigint
  readonly toEvent: (event: IWatchResponse['events'][number]) => RecordEvent
  readonly failure: (error: unknown) => TopologyError
  /** The server is asked for a sign of life this often, and has as long to give it. Default 10 s. */
  readonly probeMs?: number
}

const PROBE_MS = 10_000

/**
 * One watch on one gRPC stream, from one revision, until its first trouble of any kind. (The watcher of the `etcd3`
 * package reconnects by itself, but may resume after a gap and does not survive compaction; so it is not used.)
 *
 * A stream can be open and dead. The server is therefore asked for progress at intervals; any answer is a sign of
 * life. The revision in a progress answer is not used: before etcd 3.5.8 it could run ahead of the events.
 * Source: etcd API reference, "Watch streams", WatchProgressRequest.
 */
export function watchEtcd(options: EtcdWatchOptions, handlers: WatchHandlers): Watch {
  const watch = new EtcdWatch(options, handlers)
  void watch.open()
  return watch
}

class EtcdWatch implements Watch {
  readonly #options: EtcdWatchOptions
  readonly #handlers: WatchHandlers
  readonly #probeMs: number
  #stream: Stream | undefined
  #state: 'opening' | 'watching' | 'ended' = 'opening'
  #heard = true
  #cancelProbe: () => void = () => {}
  /** Events of one revision may come in several responses (`fragment`); they are told together. */
  #fragments: RecordEvent[] = []

  constructor(options: EtcdWatchOptions, handlers: WatchHandlers) {
    this.#options = options
    this.#handlers = handlers
    this.#probeMs = options.probeMs ?? PROBE_MS
  }

  async open(): Promise<void> {
    this.#scheduleProbe()
    try {
      const stream = (await this.#options.client.watchClient.watch()) as Stream
      if (this.#state === 'ended') return closeStream(stream)
      this.#stream = stream
      stream.on('data', (response: IWatchResponse) => this.#take(response))
      stream.on('error', (error: Error) => this.#end(this.#options.failure(error)))
      stream.on('end', () => this.#end(this.#options.failure(new Error('the watch stream ended'))))
      const { range, afterRevision } = this.#options
      const create = {
        key: range.start,
        range_end: range.end,
        start_revision: String(afterRevision + 1n),
        progress_notify: true,
      }
      stream.write({ create_request: create })
    } catch (error) {
      this.#end(this.#options.failure(error))
    }
  }

  close(): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#release()
  }

  #take(response: IWatchResponse): void {
    if (this.#state === 'ended') return
    this.#heard = true
    const trouble = this.#troubleIn(response)
    if (trouble) this.#end(trouble)
    else if (response.created) this.#begin()
    else this.#tell(response)
  }

  #begin(): void {
    this.#state = 'watching'
    this.#handlers.onEvents([], String(this.#options.afterRevision))
  }

  #troubleIn(response: IWatchResponse): TopologyError | undefined {
    if (BigInt(response.compact_revision ?? 0) > 0n)
      return new TopologyError(
        'conflict',
        `history before revision ${response.compact_revision} was compacted`,
      )
    if (!response.canceled) return undefined
    const reason = response.cancel_reason || 'no reason given'
    return this.#options.failure(new Error(`watch canceled: ${reason}`))
  }

  #tell(response: IWatchResponse): void {
    this.#fragments.push(...(response.events ?? []).map(this.#options.toEvent))
    const isFragment = (response as { fragment?: boolean }).fragment === true
    if (isFragment) return
    const events = this.#fragments
    this.#fragments = []
    this.#handlers.onEvents(events, response.header.revision)
  }

  #scheduleProbe(): void {
    this.#cancelProbe = this.#options.clock.after(this.#probeMs, () => {
      if (!this.#heard) {
        this.#end(this.#options.failure(new Error(`no sign of life for ${this.#probeMs} ms`)))
        return
      }
      this.#heard = false
      if (this.#state === 'watching') this.#stream?.write({ progress_request: {} })
      this.#scheduleProbe()
    })
  }

  #end(reason: TopologyError): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#release()
    this.#handlers.onEnd(reason)
  }

  #release(): void {
    this.#cancelProbe()
    if (this.#stream) closeStream(this.#stream)
  }
}

/** Cancels the call; the error that gRPC then emits is expected and has nobody left to hear it. */
function closeStream(stream: Stream): void {
  stream.on('error', () => {})
  if (stream.cancel) stream.cancel()
  else stream.end()
}
