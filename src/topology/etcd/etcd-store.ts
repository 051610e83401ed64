import type { Etcd3, ICompare, IKeyValue, IRequestOp, IWatchResponse } from 'etcd3'
import type { Clock } from '../../base/clock.ts'
import { systemClock } from '../../base/clock.ts'
import type {
  Change,
  Fence,
  Leadership,
  Listing,
  RecordEvent,
  Revision,
  StoredRecord,
  TopologyStore,
  Watch,
  WatchHandlers,
} from '../store.ts'
import { fenced, TopologyError } from '../store.ts'
import { createEtcdClient, type EtcdOptions, etcdFailure } from './etcd-client.ts'
import { campaignEtcd } from './etcd-election.ts'
import { watchEtcd } from './etcd-watch.ts'

/** The default of etcd's `--max-txn-ops`. */
const TXN_OPS_MAX = 128
const READ_ATTEMPTS = 3

/** The topology in etcd (API v3), each record under `prefix/path`. A record's version is its mod revision. */
export class EtcdStore implements TopologyStore {
  readonly description: string
  readonly #client: Etcd3
  readonly #clock: Clock
  readonly #endpoints: readonly string[]
  readonly #prefix: string
  readonly #probeMs: number | undefined
  readonly #watches = new Set<Watch>()
  readonly #leaderships = new Set<Leadership>()
  readonly #closing = new AbortController()

  constructor(options: EtcdOptions & { readonly clock?: Clock; readonly probeMs?: number }) {
    this.#client = createEtcdClient(options)
    this.#clock = options.clock ?? systemClock
    this.#endpoints = options.endpoints
    this.#prefix = `${(options.prefix ?? '/shardgate').replace(/\/+$/, '')}/`
    this.#probeMs = options.probeMs
    this.description = `etcd at ${options.endpoints.join(',')}${this.#prefix}`
  }

  async get(path: string): Promise<StoredRecord | undefined> {
    const { kvs } = await this.#read(`read ${path}`, () => this.#client.kv.range({ key: this.#key(path) }))
    return kvs[0] && this.#toRecord(kvs[0])
  }

  async list(): Promise<Listing> {
    const range = this.#range()
    const request = { key: range.start, range_end: range.end }
    const { kvs, header } = await this.#read('list the topology', () => this.#client.kv.range(request))
    return { records: kvs.map((kv) => this.#toRecord(kv)), revision: header.revision }
  }

  async commit(changes: readonly Change[], fences: readonly Fence[] = []): Promise<void> {
    if (changes.length === 0) return
    if (changes.length > TXN_OPS_MAX)
      throw new TopologyError('invalid', `${changes.length} changes at once; etcd takes ${TXN_OPS_MAX}`)
    const held = fences.map(({ path }): ICompare => {
      return { key: this.#key(path), result: 'Greater', target: 'Create', create_revision: '0' }
    })
    const compare = [...held, ...changes.flatMap((change) => this.#toCompare(change))]
    const success = changes.map((change) => this.#toRequest(change))
    const failure = fences.map(({ path }) => ({ request_range: { key: this.#key(path), count_only: true } }))
    const { succeeded, responses } = await this.#once('write to the topology', () =>
      this.#client.kv.txn({ compare, success, failure }),
    )
    if (succeeded) return
    const isOver = responses.some(({ response_range }) => Number(response_range.count) === 0)
    throw isOver ? fenced() : new TopologyError('conflict', conflictMessage(changes))
  }

  watch(revision: Revision, handlers: WatchHandlers): Watch {
    const watch = watchEtcd(
      {
        client: this.#client,
        clock: this.#clock,
        range: this.#range(),
        afterRevision: BigInt(revision),
        toEvent: (event) => this.#toEvent(event),
        failure: (error) => etcdFailure('keep up the watch', this.#endpoints, error),
        ...(this.#probeMs !== undefined && { probeMs: this.#probeMs }),
      },
      {
        onEvents: handlers.onEvents,
        onEnd: (reason) => {
          this.#watches.delete(watch)
          handlers.onEnd(reason)
        },
      },
    )
    this.#watches.add(watch)
    return {
      close: () => {
        this.#watches.delete(watch)
        watch.close()
      },
    }
  }

  async campaign(
    name: string,
    value: string,
    options: { ttlMs: number; signal: AbortSignal },
  ): Promise<Leadership> {
    const leadership = await campaignEtcd({
      client: this.#client,
      clock: this.#clock,
      prefix: this.#prefix,
      path: `elections/${name}/`,
      value,
      ttlMs: options.ttlMs,
      signal: AbortSignal.any([options.signal, this.#closing.signal]),
      failure: (error) => etcdFailure(`hold the election ${name}`, this.#endpoints, error),
    })
    this.#leaderships.add(leadership)
    leadership.lost.addEventListener('abort', () => this.#leaderships.delete(leadership))
    return leadership
  }

  async close(): Promise<void> {
    this.#closing.abort(new TopologyError('closed', 'the topology store was closed'))
    for (const watch of this.#watches) watch.close()
    this.#watches.clear()
    await Promise.allSettled([...this.#leaderships].map((leadership) => leadership.resign()))
    this.#client.close()
  }

  /** Reads may be asked again: of another endpoint, or of one that has just come back. */
  async #read<T>(what: string, call: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await call()
      } catch (error) {
        const failure = etcdFailure(what, this.#endpoints, error)
        if (attempt === READ_ATTEMPTS || failure.kind !== 'unavailable' || this.#closing.signal.aborted)
          throw failure
      }
    }
  }

  async #once<T>(what: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (error) {
      throw etcdFailure(what, this.#endpoints, error)
    }
  }

  #key(path: string): Buffer {
    return Buffer.from(this.#prefix + path)
  }

  /** All keys under the prefix: `end` is the prefix with its last byte, a slash, one higher. */
  #range(): { start: Buffer; end: Buffer } {
    return { start: Buffer.from(this.#prefix), end: Buffer.from(`${this.#prefix.slice(0, -1)}0`) }
  }

  #toRecord(kv: IKeyValue): StoredRecord {
    const path = kv.key.toString('utf8').slice(this.#prefix.length)
    return { path, value: kv.value.toString('utf8'), version: kv.mod_revision }
  }

  #toEvent(event: IWatchResponse['events'][number]): RecordEvent {
    const record = this.#toRecord(event.kv)
    return event.type === 'Delete' || (event.type as unknown as string) === 'DELETE'
      ? { kind: 'delete', path: record.path }
      : { kind: 'put', record }
  }

  #toCompare(change: Change): ICompare[] {
    if (!change.expect) return []
    const key = this.#key(change.path)
    return change.expect.kind === 'absent'
      ? [{ key, result: 'Equal', target: 'Create', create_revision: '0' }]
      : [{ key, result: 'Equal', target: 'Mod', mod_revision: change.expect.version }]
  }

  #toRequest(change: Change): IRequestOp {
    const key = this.#key(change.path)
    return change.kind === 'put'
      ? { request_put: { key, value: Buffer.from(change.value) } }
      : { request_delete_range: { key } }
  }
}

function conflictMessage(changes: readonly Change[]): string {
  const paths = changes.filter((change) => change.expect).map((change) => change.path)
  return `${paths.join(', ')}: changed by somebody else since it was read; read it again and repeat`
}
