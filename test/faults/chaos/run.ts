import { setTimeout as pause } from 'node:timers/promises'
import { Random } from '../../fuzz/random.ts'
import { eventually } from '../../support/eventually.ts'
import { textRow } from '../../support/protocol-client.ts'
import { type Act, Broken, ChaosClient, Lost, Refused } from './client.ts'
import { Figures } from './figures.ts'
import { leaveActs } from './leave-acts.ts'
import { checkRows, readActs } from './read-acts.ts'
import { sessionActs } from './session-acts.ts'
import { bringTrouble } from './trouble.ts'
import { HEAP_MB, LIMITS, type TestClusterServer, World } from './world.ts'
import { writeActs } from './write-acts.ts'

export interface ChaosOptions {
  readonly seconds: number
  /** Repeats the choices of a run; how they meet is up to the machine. */
  readonly seed: number
  readonly server: TestClusterServer
  readonly say: (line: string) => void
}

export interface ChaosResult {
  readonly figures: Figures
  /** Each a sentence; none when every invariant held. */
  readonly broken: readonly string[]
}

const CLIENTS = 16
const CALM_MS = 20_000
/** After the caches have filled; what a run may leave behind. */
const WARM_UP_PART = 0.1
const RSS_GROWTH_BYTES_MAX = 64 * 1024 * 1024
/** A run so short has filled no caches: what its proxy takes is only held against its heap. */
const WARM_UP_SECONDS_MIN = 12
const RSS_BESIDE_HEAP_BYTES_MAX = 128 * 1024 * 1024
/** Server connections of the pools and control connections come and go. */
const DESCRIPTORS_GROWTH_MAX = 12

const work: readonly NamedAct[] = Object.entries({ ...readActs, ...writeActs, ...sessionActs })
const leaving: readonly NamedAct[] = Object.entries(leaveActs)
/** A client leaves on purpose once in so many acts. */
const LEAVE_ONE_IN = 12

/** Clients of all kinds at work while servers and networks have trouble; then what must hold is looked at. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const world = await World.start(options.server)
  try {
    const run = new ChaosRun(world, options)
    await run.go()
    return { figures: run.figures, broken: run.broken }
  } finally {
    await world.close()
  }
}

class ChaosRun {
  readonly figures = new Figures()
  readonly broken: string[] = []
  readonly #world: World
  readonly #options: ChaosOptions
  readonly #clients: readonly ChaosClient[]

  constructor(world: World, options: ChaosOptions) {
    this.#world = world
    this.#options = options
    const proxy = { port: world.proxy.port, connect: () => world.connect() }
    this.#clients = Array.from({ length: CLIENTS }, (_, i) => {
      const random = new Random(options.seed + i)
      return new ChaosClient(i, proxy, { random, figures: this.figures })
    })
  }

  async go(): Promise<void> {
    await this.#insertRows()
    const before = await this.#measure()
    const untilMs = performance.now() + this.#options.seconds * 1000
    const stop = new AbortController()
    const troubled = this.#world.backends.map((backend, i) => {
      const random = new Random(this.#options.seed + CLIENTS + i)
      return bringTrouble(backend, { random, figures: this.figures, signal: stop.signal })
    })
    const working = this.#clients.map((client) => this.#work(client, () => performance.now() < untilMs))
    const warm = await this.#watch(untilMs)
    stop.abort()
    await Promise.all(troubled)
    await Promise.all(working)
    await this.#afterwards(warm ?? before)
  }

  async #insertRows(): Promise<void> {
    const rows = this.#clients.flatMap(({ ledger }) =>
      ledger.ids.map((id) => `(${id}, '${ledger.nameOf(id, 0)}', 0)`),
    )
    await this.#clients[0]!.affected(`INSERT INTO users (id, name, score) VALUES ${rows.join(', ')}`)
  }

  /** One act after the other; what is lost or refused is part of the game. */
  async #work(client: ChaosClient, goesOn: () => boolean): Promise<void> {
    while (goesOn() && this.broken.length === 0) {
      const [name, act] = client.random.pick(client.random.oneIn(LEAVE_ONE_IN) ? leaving : work)
      try {
        await act(client)
        this.figures.count(`act ${name}`)
      } catch (error) {
        if (error instanceof Lost) this.figures.count('lost')
        else if (!(error instanceof Refused)) {
          this.#break(`${name}: ${error instanceof Broken ? error.message : (error as Error).stack}`)
        }
      }
    }
  }

  #break(what: string): void {
    this.broken.push(what)
    this.#options.say(`BROKEN: ${what}`)
  }

  /** Until the time is over; says a line each minute. Gives what the proxy held once it was warm. */
  async #watch(untilMs: number): Promise<Measure | undefined> {
    const startMs = performance.now()
    const warmMs = startMs + this.#options.seconds * 1000 * WARM_UP_PART
    let warm: Measure | undefined
    let saidMs = startMs
    while (performance.now() < untilMs && this.broken.length === 0) {
      await pause(200)
      if (!this.#world.proxy.isRunning) {
        this.#break(`the proxy ended: ${this.#world.proxy.ending}`)
        return undefined
      }
      const nowMs = performance.now()
      if (warm === undefined && nowMs > warmMs) warm = await this.#measure()
      if (nowMs - saidMs < 60_000) continue
      saidMs = nowMs
      const { rssBytes, descriptors } = await this.#measure()
      const minute = Math.round((nowMs - startMs) / 60_000)
      const megabytes = Math.round(rssBytes / 2 ** 20)
      this.#options.say(
        `minute ${minute}: ${this.figures.of('statements')} statements, ${megabytes} MB, ${descriptors} descriptors; ${this.figures.print('trouble ')}`,
      )
    }
    return warm
  }

  async #measure(): Promise<Measure> {
    const { proxy } = this.#world
    return { rssBytes: proxy.rssBytes, descriptors: proxy.descriptors }
  }

  // ---------------------------------------------------------------- what must hold when all is calm again

  async #afterwards(warm: Measure): Promise<void> {
    if (!this.#world.proxy.isRunning) return
    await this.#holds('every client is served again, with its own rows', () => this.#readLedgers())
    for (const client of this.#clients) client.leave()
    await this.#holds('no connection is busy and nobody waits', async () => {
      const names = ['shardgate_pool_busy', 'shardgate_pool_waiting', 'shardgate_client_connections']
      const values = await Promise.all(names.map((name) => this.#world.proxy.metric(name)))
      return values.every((value) => value === 0) || `${names.join(', ')}: ${values.join(', ')}`
    })
    await this.#holds('no transaction is open on a server', () => this.#openTransactions())
    await this.#holds('a whole pool works on every shard', () => this.#fillPools())
    await this.#holds('numbers of a sequence are given once', () => this.#duplicateNumbers())
    await this.#holds('memory and descriptors return', async () => {
      const { rssBytes, descriptors } = await this.#measure()
      this.figures.count('final MB', Math.round(rssBytes / 2 ** 20) - this.figures.of('final MB'))
      this.figures.count('final descriptors', descriptors - this.figures.of('final descriptors'))
      const isWarm = this.#options.seconds * WARM_UP_PART >= WARM_UP_SECONDS_MIN
      const rssBytesMax = isWarm
        ? warm.rssBytes + RSS_GROWTH_BYTES_MAX
        : HEAP_MB * 2 ** 20 + RSS_BESIDE_HEAP_BYTES_MAX
      const isWell = rssBytes <= rssBytesMax && descriptors <= warm.descriptors + DESCRIPTORS_GROWTH_MAX
      return isWell || `${JSON.stringify({ rssBytes, descriptors })} after ${JSON.stringify(warm)}`
    })
    await this.#holds('no error was without an owner', async () => {
      const count = await this.#world.proxy.metric('shardgate_unexpected_errors_total')
      const lines = this.#world.proxy
        .log()
        .split('\n')
        .filter((line) => /unexpected error|session.bug/i.test(line))
      return (count === 0 && lines.length === 0) || `${count} errors: ${lines.slice(0, 3).join('\n')}`
    })
  }

  /** Asked until it is so: true, or what is wrong. */
  async #holds(what: string, check: () => Promise<boolean | string>): Promise<void> {
    let wrong: boolean | string = ''
    try {
      await eventually(
        what,
        async () => {
          wrong = await check().catch((error: Error) => error.message)
          return wrong === true
        },
        CALM_MS,
      )
    } catch {
      this.#break(`not so: ${what}: ${wrong}`)
    }
  }

  async #readLedgers(): Promise<boolean> {
    for (const client of this.#clients) {
      const { ids } = client.ledger
      const sql = `SELECT id, name, score FROM users WHERE id IN (${ids.join()}) ORDER BY id`
      checkRows(client, await client.rows(sql), ids)
    }
    return true
  }

  async #openTransactions(): Promise<boolean | string> {
    for (const backend of this.#world.backends) {
      const root = await backend.root()
      const [rows] = await root.query(
        'SELECT trx_id, trx_state, trx_query FROM information_schema.innodb_trx',
      )
      root.destroy()
      if ((rows as unknown[]).length > 0) return `${backend.name}: ${JSON.stringify(rows)}`
    }
    return true
  }

  /** As many statements at once as a pool has places. */
  async #fillPools(): Promise<boolean | string> {
    const texts = Array.from({ length: LIMITS.poolSize }, () => FILL_POOLS).flat()
    const all = await Promise.all(texts.map(() => this.#world.connect()))
    const startMs = performance.now()
    const answers = await Promise.all(all.map((db, i) => db.query(texts[i]!)))
    const elapsedMs = performance.now() - startMs
    for (const db of all) db.destroy()
    const wrong = answers.flat().find((answer) => answer.kind !== 'rows' || answer.error !== undefined)
    if (wrong !== undefined) return JSON.stringify(wrong)
    return elapsedMs < FILLED_MS || `${texts.length} statements of 0.5 s at once took ${elapsedMs} ms`
  }

  async #duplicateNumbers(): Promise<boolean | string> {
    const db = await this.#world.connect()
    const [answer] = await db.query(
      'SELECT id, COUNT(*) AS n FROM orders GROUP BY id ORDER BY n DESC LIMIT 1',
    )
    db.destroy()
    const row = answer!.kind === 'rows' && answer!.rows[0] ? textRow(answer!.rows[0]) : undefined
    return row === undefined || row[1] === '1' || `order ${row[0]} is there ${row[1]} times`
  }
}

/** Rows of `-80` and of `80-` (vindex hash). */
const FILL_POOLS = [1, 4].map((id) => `SELECT SLEEP(0.5) FROM users WHERE id = ${id}`)
/** One after the other they would take twice as long. */
const FILLED_MS = (LIMITS.poolSize * 500) / 2

type NamedAct = readonly [name: string, act: Act]

interface Measure {
  readonly rssBytes: number
  readonly descriptors: number
}
