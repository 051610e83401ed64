import { createHmac, randomInt, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { PROXIES_MAX } from '../mysql/server/connection-ids.ts'
import type { KillOutcome, KillRequest } from '../session/commands/kill-request.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Leadership, TopologyStore } from '../topology/store.ts'

/** A number is somebody else's when its proxy has not been heard of for so long. */
const TTL_MS = 30_000
/** A number that is free is given at once; another one is tried where this one is not. */
const TRY_MS = 1_000
const RETRY_MS = 1_000
const ASK_MS = 2_000
/** Of the clocks of two proxies, and of the way between them. */
const SKEW_MS = 30_000

export interface PeersOptions {
  readonly store: TopologyStore
  /** `host:port` of this proxy's HTTP endpoints, as the others reach them. */
  readonly address: string
  /** All proxies of the topology know it: the password of their account on the servers. */
  readonly secret: string
  readonly clock: Clock
  readonly log: Logger
  /** Gives up joining. */
  readonly signal: AbortSignal
}

/** A signed request, as it goes from one proxy to another. */
export interface SignedKill {
  readonly body: string
  readonly signature: string
}

/**
 * The proxies of one topology: each holds a number, by an election that it wins, under which the others find its address. Connection
 * ids have the number in them, so that KILL reaches a session wherever it is.
 *
 * Requests are signed by HMAC-SHA256 with a key made of the secret, and carry their time: who hears one can repeat it for half a
 * minute, within which nobody gets the id again.
 */
export class Peers {
  readonly number: number
  readonly #options: PeersOptions
  readonly #key: Buffer
  readonly #closing = new AbortController()
  #leadership: Leadership

  private constructor(number: number, leadership: Leadership, options: PeersOptions) {
    this.number = number
    this.#options = options
    this.#key = createHmac('sha256', options.secret).update('shardgate peers').digest()
    this.#leadership = leadership
    this.#holdOn()
  }

  /** Takes a free number. Throws where there is none, or the store cannot be reached. */
  static async join(options: PeersOptions): Promise<Peers> {
    const first = randomInt(PROXIES_MAX)
    for (let i = 0; i < PROXIES_MAX; i++) {
      const number = 1 + ((first + i) % PROXIES_MAX)
      const tried = AbortSignal.timeout(TRY_MS)
      try {
        const signal = AbortSignal.any([options.signal, tried])
        return new Peers(number, await campaign(number, options, signal), options)
      } catch (error) {
        if (!tried.aborted || options.signal.aborted) throw error
      }
    }
    throw new Error(`all ${PROXIES_MAX} numbers of proxies are taken`)
  }

  /** The number is kept, whatever happens to its lease: ids that carry it are in use. */
  #holdOn(): void {
    const { clock, log } = this.#options
    this.#leadership.lost.addEventListener('abort', () => {
      if (this.#closing.signal.aborted) return
      log.warn('other proxies may not find this one: its number is campaigned for again', {
        number: this.number,
      })
      const again = () => {
        campaign(this.number, this.#options, this.#closing.signal).then(
          (leadership) => {
            this.#leadership = leadership
            this.#holdOn()
          },
          () => !this.#closing.signal.aborted && clock.after(RETRY_MS, again),
        )
      }
      again()
    })
  }

  /** Has another proxy kill one of its sessions; `unknown` where it is not found or does not answer. */
  async kill(proxy: number, request: KillRequest): Promise<KillOutcome> {
    if (proxy === 0 || proxy === this.number) return 'unknown'
    try {
      const address = await this.#addressOf(proxy)
      if (address === undefined) return 'unknown'
      const { body, signature } = this.sign(request)
      const response = await fetch(`http://${address}/peers/kill`, {
        method: 'POST',
        body,
        headers: { [SIGNATURE_HEADER]: signature },
        signal: AbortSignal.timeout(ASK_MS),
      })
      const outcome = (await response.text()).trim()
      if (response.ok && (outcome === 'done' || outcome === 'denied')) return outcome
      if (outcome !== 'unknown') throw new Error(`${address} answers ${response.status}: ${outcome}`)
    } catch (error) {
      this.#options.log.warn('KILL did not reach another proxy', { proxy, error })
    }
    return 'unknown'
  }

  sign(request: KillRequest): SignedKill {
    const body = JSON.stringify({ ...request, atMs: this.#options.clock.now() })
    return { body, signature: this.#signature(body).toString('hex') }
  }

  /** The request of another proxy; undefined for one that is none's, or too old. */
  read({ body, signature }: SignedKill): KillRequest | undefined {
    const given = Buffer.from(signature, 'hex')
    const own = this.#signature(body)
    if (given.length !== own.length || !timingSafeEqual(given, own)) return undefined
    const { id, what, user, atMs } = JSON.parse(body)
    if (Math.abs(this.#options.clock.now() - atMs) > SKEW_MS) return undefined
    return { id, what, user }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#leadership.resign().catch(() => {}) // it expires by itself
  }

  #signature(body: string): Buffer {
    return createHmac('sha256', this.#key).update(body).digest()
  }

  /** Whoever holds the number is the oldest of its candidates. */
  async #addressOf(proxy: number): Promise<string | undefined> {
    const { records } = await this.#options.store.list()
    const prefix = `elections/${electionOf(proxy)}/`
    const candidates = records.filter(({ path }) => path.startsWith(prefix))
    candidates.sort((a, b) => Number(BigInt(a.version) - BigInt(b.version)))
    return candidates[0]?.value
  }
}

export const SIGNATURE_HEADER = 'x-shardgate-signature'

function electionOf(number: number): string {
  return `proxies/${number}`
}

function campaign(
  number: number,
  { store, address }: PeersOptions,
  signal: AbortSignal,
): Promise<Leadership> {
  return store.campaign(electionOf(number), address, { ttlMs: TTL_MS, signal })
}
