import type { Cancellation } from '../base/abort.ts'
import type { Clock } from '../base/clock.ts'
import { SqlError } from '../errors/sql-error.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Endpoint } from './endpoint.ts'
import { type Candidate, choosePrimary } from './primary-choice.ts'
import type { ServingTablet } from './serving-tablet.ts'
import { type BufferCounts, type Eviction, WaitingStatements } from './waiting-statements.ts'

export interface BufferOptions {
  /** So long after its primary was lost, a shard's statements wait for another. 0: not at all. */
  readonly windowMs: number
  /** Statements that wait for one shard; beyond it the one that has waited longest fails. */
  readonly requestsMax: number
}

/** What the topology says of a shard. */
export interface ShardRoster {
  readonly named: Endpoint | undefined
  /** Changes whenever somebody names a primary, also the same one anew. */
  readonly namedTerm: string
  /** The primary is whoever of these takes writes. Undefined: whom the topology names. */
  readonly candidates: readonly Endpoint[] | undefined
}

/** What a statement needs of the primary: an answer, or that it takes writes. */
export type Need = 'answers' | 'writes'

const BEGINNING = 'not all servers of the shard have been looked at yet'

/** A shard's primary, as others may know it. */
export interface ServedPrimary {
  readonly name: string
  readonly endpoint: ServingTablet | undefined
  readonly trouble: string | undefined
  readonly alarm: string | undefined
  readonly buffer: BufferCounts
  readonly outages: number
}

/**
 * Who is the primary of a shard at this moment, and the statements that wait while nobody is. Each that comes during an outage waits
 * until its window is over, which begins with the outage: the first waits longest, and behind the window nobody waits.
 */
export class ShardPrimary implements ServedPrimary {
  /** `shop/-80` */
  readonly name: string
  readonly #options: BufferOptions
  readonly #clock: Clock
  readonly #log: Logger
  #roster: ShardRoster = { named: undefined, namedTerm: '', candidates: undefined }
  #endpoint: Endpoint | undefined
  #terms = 0
  /** The topology has named somebody since the endpoint became the primary. */
  #isNamedSince = false
  readonly #former = new Set<string>()
  /** The primary, and what it had executed when it answered last. */
  #last: Candidate | undefined
  /** Why nobody serves, as an operator reads it. */
  #why = ''
  #alarm: string | undefined
  #downSinceMs: number | undefined
  /** -Infinity: since before this process knew it, so that nobody waits for another. */
  #readOnlySinceMs: number | undefined
  /** The primary has answered a check. */
  #isKnown = false
  #isOutageTold = false
  readonly #waiting: WaitingStatements
  #outages = 0

  constructor(
    name: string,
    options: BufferOptions,
    { clock, log }: { readonly clock: Clock; readonly log: Logger },
  ) {
    this.name = name
    this.#options = options
    this.#clock = clock
    this.#log = log
    this.#waiting = new WaitingStatements(options.requestsMax, clock)
  }

  get buffer(): BufferCounts {
    return this.#waiting.counts
  }

  /** How often it has lost its primary, as far as statements noticed. */
  get outages(): number {
    return this.#outages
  }

  get endpoint(): Endpoint | undefined {
    return this.#endpoint
  }

  /** Changes with every change of primary, also back to the same tablet: what was open under another term is lost. */
  get term(): string {
    const named = this.#roster.candidates === undefined ? this.#roster.namedTerm : ''
    return `${this.#endpoint?.alias} ${named}${this.#terms}`
  }

  /** What an operator must look at, though the shard may serve. */
  get alarm(): string | undefined {
    return this.#alarm
  }

  /** Somebody may be the primary: that nobody is at the moment is an outage, and no mistake in the topology. */
  get isNamed(): boolean {
    return this.#roster.candidates !== undefined || this.#roster.named !== undefined
  }

  /** Why statements wait; undefined while they need not. */
  get trouble(): string | undefined {
    return this.can('answers') ? undefined : this.#why
  }

  /** Whether a statement need not wait. */
  can(need: Need): boolean {
    const endpoint = this.#endpoint
    if (endpoint === undefined) return false
    if (this.#options.windowMs === 0) return true
    const { state, readOnly } = endpoint.health
    if (endpoint.isDoubtful || state === 'unreachable') return false
    return need === 'answers' || !readOnly
  }

  /** Whether a statement that was refused may wait for a primary that takes it. */
  mayWait(need: Need): boolean {
    return this.#options.requestsMax > 0 && this.#leftMs(need) > 0
  }

  /** The topology has changed. */
  update(roster: ShardRoster): void {
    const { named, namedTerm } = this.#roster
    if (roster.named?.alias !== named?.alias || roster.namedTerm !== namedTerm) this.#isNamedSince = true
    this.#roster = roster
    this.evaluate()
  }

  /** Something is known of one of the tablets that was not known before. */
  evaluate(): void {
    const { named, candidates } = this.#roster
    if (candidates === undefined) {
      this.#raise(undefined)
      this.#why = named === undefined ? 'the topology names no primary' : this.#whyNot(named)
      this.#become(named)
    } else this.#discover(candidates)
    this.#noteOutage()
    this.#waiting.serve()
  }

  #discover(candidates: readonly Endpoint[]): void {
    const { named } = this.#roster
    const known = candidates.filter(({ health }) => health.state !== 'unknown')
    if (this.#last === undefined && known.length < candidates.length) {
      // Whoever has not answered yet may be the one.
      this.#why = BEGINNING
      return
    }
    const choice = choosePrimary({
      candidates: known.map(candidateOf),
      previous: this.#last,
      former: this.#former,
      named: named?.alias,
      isNamedSince: this.#isNamedSince,
    })
    // One that does not answer is found out only when its time is over.
    const isSure = !known.some((each) => candidateOf(each).isWritable && each.checker.isChecking)
    if (isSure) this.#raise(choice.kind === 'Serves' ? choice.alarm : choice.isAlarm ? choice.why : undefined)
    if (choice.kind === 'Serves') this.#become(candidates.find(({ alias }) => alias === choice.alias))
    else if (choice.isAlarm) this.#become(undefined)
    else {
      // Whoever was the primary still answers reads, if anybody.
      const last = candidates.find(({ alias }) => alias === this.#last?.alias)
      this.#become(last ?? named)
    }
    const endpoint = this.#endpoint
    this.#why = choice.kind === 'Nobody' ? choice.why : this.#whyNot(endpoint!)
    if (endpoint?.health.state === 'healthy') this.#last = candidateOf(endpoint)
  }

  #whyNot({ name, health, isDoubtful }: Endpoint): string {
    return isDoubtful || health.state === 'unreachable'
      ? `${name} cannot be reached: ${health.lastError}`
      : ''
  }

  #become(endpoint: Endpoint | undefined): void {
    const before = this.#endpoint
    if (endpoint === before) return
    this.#endpoint = endpoint
    this.#terms++
    before?.checker.hurry(false)
    before?.checker.connectAnew(false)
    if (endpoint === undefined) return
    const last = this.#last
    this.#last = candidateOf(endpoint)
    if (last?.alias !== endpoint.alias) {
      this.#isNamedSince = false
      this.#readOnlySinceMs = undefined
      // Of another's successor the last look may be from before it was made writable.
      this.#isKnown = last !== undefined
    }
    if (last !== undefined && last.alias !== endpoint.alias) {
      this.#former.add(last.alias)
      this.#former.delete(endpoint.alias)
      this.#log.warn('a shard has another primary', {
        shard: this.name,
        primary: endpoint.name,
        before: last.alias,
      })
    }
    // What hangs on a server that is gone is not to wait for its time-out.
    if (before?.isAway === true) before.lose(new Error(`${endpoint.name} is the primary of ${this.name} now`))
  }

  #raise(alarm: string | undefined): void {
    if (alarm !== undefined && alarm !== this.#alarm)
      this.#log.error('a shard needs somebody', { shard: this.name, reason: alarm })
    this.#alarm = alarm
  }

  #noteOutage(): void {
    const nowMs = this.#clock.now()
    const { health } = this.#endpoint ?? {}
    if (this.can('answers')) {
      if (this.#isOutageTold)
        this.#log.info('a shard has its primary again', {
          shard: this.name,
          primary: this.#endpoint!.name,
          outageMs: nowMs - this.#downSinceMs!,
          waited: this.#waiting.size,
        })
      this.#isOutageTold = false
      this.#downSinceMs = undefined
    } else if (this.isNamed) {
      if (this.#downSinceMs === undefined) {
        this.#downSinceMs = nowMs
        this.#outages++
      }
      if (!this.#isOutageTold && this.#isCertain) {
        this.#isOutageTold = true
        this.#log.warn('a shard has no primary: its statements wait', { shard: this.name, reason: this.#why })
        // They wait here, where another primary is heard of.
        this.#endpoint?.sendAwayWaiters(new SqlError('CR_SERVER_LOST', this.#why))
      }
    }
    if (health?.state === 'healthy') this.#noteReadOnly(health.readOnly, nowMs)
    const isTrouble = this.mayWait('writes') && !this.can('writes')
    const isAstray = this.#endpoint?.health.readOnly !== false
    for (const { checker } of this.#roster.candidates ?? [this.#endpoint ?? []].flat()) {
      checker.connectAnew(isAstray)
      checker.hurry(isTrouble)
    }
  }

  #noteReadOnly(readOnly: boolean, nowMs: number): void {
    // A primary that the topology names may be read-only for good.
    const isFound = !this.#isKnown && this.#roster.candidates === undefined
    this.#isKnown = true
    if (!readOnly) this.#readOnlySinceMs = undefined
    else this.#readOnlySinceMs ??= isFound ? Number.NEGATIVE_INFINITY : nowMs
  }

  /** What is the matter has been found out: a doubt mostly ends with the check that it asks for. */
  get #isCertain(): boolean {
    const endpoint = this.#endpoint
    if (endpoint === undefined) return this.#why !== BEGINNING
    return !endpoint.isDoubtful && endpoint.health.state !== 'unknown'
  }

  /** Of the window that began with what keeps the statement from being served. */
  #leftMs(need: Need): number {
    const nowMs = this.#clock.now()
    const sinceMs = !this.can('answers')
      ? this.#downSinceMs
      : need === 'writes'
        ? this.#readOnlySinceMs
        : undefined
    return (sinceMs ?? nowMs) + this.#options.windowMs - nowMs
  }

  /**
   * Resolves when there is a primary that the statement can go to. Throws 2013 when the window of the outage is over or others need
   * the place, and the reason of `cancel`.
   */
  async wait(need: Need, cancel?: Cancellation): Promise<void> {
    if (this.can(need)) return
    const leftMs = this.#leftMs(need)
    const { requestsMax, windowMs } = this.#options
    if (!this.isNamed) return // whoever waits is told so
    if (leftMs <= 0 || requestsMax === 0)
      throw this.#unavailable(windowMs === 0 ? '' : `for longer than ${windowMs} ms: `)
    const hows: Record<Eviction, string> = {
      'window exceeded': `for ${windowMs} ms: `,
      'buffer full': `${requestsMax} later statements wait for it (buffer.requests): `,
      cancelled: '',
    }
    await this.#waiting.wait({
      isServed: () => this.can(need),
      timeoutMs: leftMs,
      signal: cancel?.signal,
      unavailable: (why) => this.#unavailable(hows[why]),
    })
  }

  /** The shard is no more: whoever waits finds that out for himself. */
  close(): void {
    this.#waiting.release()
  }

  #unavailable(how: string): SqlError {
    const target = `${this.name.replace('/', '.')}.primary`
    const why = this.#why === '' ? `${this.#endpoint?.name} takes no writes` : this.#why
    return new SqlError('CR_SERVER_LOST', `target: ${target}: no healthy tablet available: ${how}${why}`)
  }
}

/** A doubt about it is no answer: it counts as what it was when it answered last. */
function candidateOf({ alias, health }: Endpoint): Candidate {
  return { alias, isWritable: health.state === 'healthy' && !health.readOnly, gtids: health.gtids }
}
