import type { Etcd3 } from 'etcd3'
import type { Clock } from '../../base/clock.ts'
import { deferred } from '../../base/deferred.ts'
import type { Leadership } from '../store.ts'
import { TopologyError } from '../store.ts'

export interface EtcdElectionOptions {
  readonly client: Etcd3
  readonly clock: Clock
  /** Of the store, ends with a slash. */
  readonly prefix: string
  /** Candidates are keys under it, within the store; ends with a slash. */
  readonly path: string
  readonly value: string
  readonly ttlMs: number
  readonly signal: AbortSignal
  readonly failure: (error: unknown) => TopologyError
}

const POLL_MS = 500

/**
 * An election as etcd's own `concurrency` package holds it: each candidate puts a key on its own lease, the oldest key
 * leads, and a leader that goes silent loses its key with the lease. Waiting is by polling: elections are for
 * background work, where half a second does not matter and a simple loop is easier to believe.
 */
export async function campaignEtcd(options: EtcdElectionOptions): Promise<Leadership> {
  const lease = await KeptLease.grant(options)
  try {
    const path = `${options.path}${BigInt(lease.id).toString(16)}`
    const key = Buffer.from(options.prefix + path)
    await options.client.kv.put({ key, value: Buffer.from(options.value), lease: lease.id })
    while (!(await isOldest(options, key))) {
      if (lease.lost.aborted) throw lease.lost.reason
      await pause(options, POLL_MS)
    }
    options.signal.throwIfAborted()
    return {
      lost: lease.lost,
      fence: { path, token: lease.id },
      isHeld: () => lease.isAlive,
      resign: () => lease.revoke(new TopologyError('closed', 'leadership was resigned')),
    }
  } catch (error) {
    await lease.revoke(new TopologyError('closed', 'the campaign ended')).catch(() => {}) // it expires by itself
    throw options.signal.aborted ? options.signal.reason : options.failure(error)
  }
}

async function isOldest(options: EtcdElectionOptions, key: Buffer): Promise<boolean> {
  const { kvs } = await options.client.kv.range({
    key: Buffer.from(options.prefix + options.path),
    range_end: Buffer.from(`${options.prefix}${options.path.slice(0, -1)}0`),
    sort_order: 'Ascend',
    sort_target: 'Create',
    limit: '1',
  })
  return kvs[0]?.key.equals(key) ?? false
}

/** Waits, or throws as soon as the campaign is given up. */
async function pause(options: EtcdElectionOptions, delayMs: number): Promise<void> {
  const { promise, resolve } = deferred()
  const cancel = options.clock.after(delayMs, resolve)
  options.signal.addEventListener('abort', () => resolve(), { once: true })
  await promise
  cancel()
  options.signal.throwIfAborted()
}

/** A lease that is renewed at a third of its life, and is held for lost when its life is over without a renewal. */
class KeptLease {
  readonly id: string
  readonly #options: EtcdElectionOptions
  readonly #lost = new AbortController()
  #cancelTimer: () => void = () => {}
  #aliveUntilMs: number

  static async grant(options: EtcdElectionOptions): Promise<KeptLease> {
    const askedMs = options.clock.now()
    try {
      const { ID } = await options.client.leaseClient.leaseGrant({
        TTL: String(Math.max(1, Math.ceil(options.ttlMs / 1000))),
      })
      return new KeptLease(options, ID, askedMs)
    } catch (error) {
      throw options.failure(error)
    }
  }

  private constructor(options: EtcdElectionOptions, id: string, askedMs: number) {
    this.#options = options
    this.id = id
    this.#aliveUntilMs = askedMs + options.ttlMs
    this.#schedule()
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** By the clock: the timer that tells `lost` may be late, where the process was stopped. */
  get isAlive(): boolean {
    return !this.#lost.signal.aborted && this.#options.clock.now() < this.#aliveUntilMs
  }

  async revoke(reason: TopologyError): Promise<void> {
    this.#cancelTimer()
    if (this.#lost.signal.aborted) return
    this.#lost.abort(reason)
    await this.#options.client.leaseClient.leaseRevoke({ ID: this.id })
  }

  #schedule(): void {
    this.#cancelTimer = this.#options.clock.after(this.#options.ttlMs / 3, () => void this.#renew())
  }

  async #renew(): Promise<void> {
    const { clock, ttlMs } = this.#options
    const askedMs = clock.now()
    // The lease's life is counted from before the question: never longer than the server counts it.
    const cancelDeadline = clock.after(Math.max(0, this.#aliveUntilMs - askedMs), () =>
      this.#lose('it ran out'),
    )
    try {
      const isAlive = await this.#ask()
      if (!isAlive) return this.#lose('etcd let it expire')
      this.#aliveUntilMs = askedMs + ttlMs
    } catch {
      // etcd is away: the lease lives on until its time is over, so the question is repeated.
    } finally {
      cancelDeadline()
    }
    if (clock.now() >= this.#aliveUntilMs) this.#lose('it ran out')
    if (!this.#lost.signal.aborted) this.#schedule()
  }

  /** Asks once for a new life of the lease, on a stream of its own; false when the lease is gone. */
  async #ask(): Promise<boolean> {
    const { client, clock, ttlMs } = this.#options
    const stream = await client.leaseClient.leaseKeepAlive()
    const answer = deferred<boolean>()
    const cancel = clock.after(ttlMs / 3, () => answer.reject(new Error('no answer')))
    stream.on('data', (response: { TTL: string }) => answer.resolve(Number(response.TTL) > 0))
    stream.on('error', (error: Error) => answer.reject(error))
    stream.write({ ID: this.id })
    try {
      return await answer.promise
    } finally {
      cancel()
      stream.end()
    }
  }

  #lose(why: string): void {
    this.#cancelTimer()
    this.#lost.abort(new TopologyError('unavailable', `leadership was lost: the lease is gone, ${why}`))
  }
}
