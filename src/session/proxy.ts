import { readFileSync } from 'node:fs'
import { unlessAborted } from '../base/abort.ts'
import { ByteBudget } from '../base/byte-budget.ts'
import type { Clock } from '../base/clock.ts'
import type { ClientConnection, SessionHandler } from '../mysql/server/session-handler.ts'
import { Gateway, type GatewayOptions } from '../tablet/gateway.ts'
import { type HotRowOptions, HotRows } from '../tablet/hot-rows.ts'
import { messageInKeyspaceNames } from '../tablet/keyspace-names.ts'
import { SchemaTracker } from '../tablet/schema-tracker.ts'
import { Sequences } from '../tablet/sequences.ts'
import type { ServingTablet } from '../tablet/serving-tablet.ts'
import type { Logger } from '../telemetry/log.ts'
import type { TopologySnapshot, TopologyView } from '../topology/snapshot.ts'
import { AtomicCommits, type AtomicOptions } from '../transaction/atomic-commits.ts'
import { buildVSchema } from '../vschema/build-vschema.ts'
import type { VSchema } from '../vschema/model.ts'
import { parseRoutingRules, parseShardRoutingRules } from '../vschema/records.ts'
import type { KillElsewhere } from './commands/kill-request.ts'
import type { LiveSession, ProxyContext, SessionLimits } from './proxy-context.ts'
import { parseRules, type QueryRule } from './rules/parse-rules.ts'
import { QueryRules } from './rules/query-rules.ts'
import { greetingVersion, parseServerVersion, type ServerVersion } from './server-version.ts'
import { Session } from './session.ts'
import { printTarget, type Target } from './settings/target.ts'
import { Judgements } from './statements/judgements.ts'
import { type PlanCache, PlanCaches } from './statements/plan-cache.ts'
import { UserLoads } from './user-loads.ts'

export interface ProxyOptions {
  readonly topology: TopologyView
  readonly gateway: GatewayOptions
  readonly limits: SessionLimits
  readonly hotRows?: HotRowOptions | undefined
  readonly atomic: Pick<AtomicOptions, 'abandonMs' | 'recovers' | 'onStep'>
  /** Told to clients instead of the version of the oldest primary. */
  readonly serverVersion: string | undefined
  /** The keyspace of tables that no VSchema names. */
  readonly defaultUnsharded: string | undefined
  readonly changeVSchema: ProxyContext['changeVSchema']
  readonly databases: ProxyContext['databases']
  readonly log: Logger
  readonly clock: Clock
}

const PLANS_MAX = 10_000
/** Targets and sql_modes whose plans are kept. */
const PLAN_CACHES_MAX = 64

/**
 * Everything the sessions of one process share: the databases, the VSchema in force, the plans. A new topology, VSchema
 * or table definition begins a new generation: sessions see it with their next statement.
 */
export class Shardgate implements ProxyContext {
  readonly gateway: Gateway
  readonly sequences: Sequences
  readonly atomic: AtomicCommits
  readonly sessions = new Map<number, LiveSession>()
  questions = 0
  killElsewhere: KillElsewhere | undefined
  readonly changeVSchema: ProxyContext['changeVSchema']
  readonly databases: ProxyContext['databases']
  readonly log: Logger
  readonly clock: Clock
  readonly limits: SessionLimits
  readonly hotRows: HotRows | undefined
  readonly userLoads: UserLoads
  readonly memory: ByteBudget
  readonly judgements = new Judgements()
  readonly #topology: TopologyView
  readonly #tracker: SchemaTracker
  readonly #fixedVersion: string | undefined
  readonly #defaultUnsharded: string | undefined
  readonly #unsubscribe: () => void
  readonly #plans: PlanCaches
  /** Of the file, and of the topology. */
  #fileRules: readonly QueryRule[] = []
  #topologyRules: readonly QueryRule[] = []
  #rulesRecord: unknown
  #rules: QueryRules | undefined
  #version: ServerVersion
  #defaultSqlMode: string | undefined
  #vschema: VSchema
  #toldProblems: ReadonlySet<string> = new Set()
  #generation = 0
  #coarseNowMs: number
  readonly #keepAliveMs: number
  #keptAliveMs: number
  #cancelTick: () => void = () => {}

  constructor(options: ProxyOptions) {
    const { topology, log, clock } = options
    this.log = log
    this.clock = clock
    this.#coarseNowMs = clock.now()
    this.#keptAliveMs = this.#coarseNowMs
    // What is idle in a pool is closed after that time, for servers would: twice as often.
    this.#keepAliveMs = options.gateway.pool.idleTimeoutMs / 2
    this.#tick()
    this.limits = options.limits
    this.userLoads = new UserLoads(options.gateway.pool.waitTimeoutMs, clock)
    this.hotRows = options.hotRows && new HotRows(options.hotRows, clock)
    this.changeVSchema = options.changeVSchema
    this.databases = options.databases
    this.#plans = new PlanCaches({
      plansMax: PLANS_MAX,
      bytesMax: options.limits.planMemoryMax,
      cachesMax: PLAN_CACHES_MAX,
    })
    this.memory = new ByteBudget(options.limits.memoryMax)
    this.#topology = topology
    this.#fixedVersion = options.serverVersion
    this.#defaultUnsharded = options.defaultUnsharded
    this.gateway = new Gateway(topology, options.gateway, { clock, log }, () => this.#healthChanged())
    this.sequences = new Sequences(this.gateway)
    this.atomic = new AtomicCommits({ gateway: this.gateway, clock, log, ...options.atomic })
    this.#tracker = new SchemaTracker(this.gateway, clock, log, () => this.#rebuild())
    this.#version = this.#serverVersion()
    this.#vschema = this.#build(topology.current())
    this.#readRules(topology.current())
    // After the gateway, which subscribed first: plans are made for the shards it knows.
    this.#unsubscribe = topology.onChange(() => {
      this.#rebuild()
      this.#readRules(topology.current())
      void this.#tracker.start()
    })
  }

  /**
   * Waits until the primaries have been asked once (they tell the version and the columns), or `timeoutMs` is over. Throws
   * the reason of `signal`.
   */
  async start(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const ready = Promise.all([this.gateway.firstChecks(), this.#tracker.start()])
    const timedOut = new Promise<void>((resolve) => this.clock.after(timeoutMs, resolve))
    await unlessAborted(Promise.race([ready, timedOut]), signal)
    this.#healthChanged()
  }

  createSession(client: ClientConnection): SessionHandler {
    return new Session(this, client)
  }

  close(): void {
    this.#cancelTick()
    this.#unsubscribe()
    this.#tracker.close()
    this.atomic.close()
    this.gateway.close()
  }

  get coarseNowMs(): number {
    return this.#coarseNowMs
  }

  #tick(): void {
    this.#coarseNowMs = this.clock.now()
    if (this.#coarseNowMs - this.#keptAliveMs >= this.#keepAliveMs) {
      this.#keptAliveMs = this.#coarseNowMs
      for (const session of this.sessions.values()) session.keepAlive()
    }
    this.#cancelTick = this.clock.after(1_000, () => this.#tick())
  }

  get rules(): QueryRules | undefined {
    return this.#rules
  }

  /** Those of a file, which come before those of the topology. */
  setFileRules(rules: readonly QueryRule[]): void {
    this.#fileRules = rules
    this.#remakeRules()
  }

  /** Rules with mistakes leave those before in force. */
  #readRules({ queryRules }: TopologySnapshot): void {
    if (queryRules === this.#rulesRecord) return
    this.#rulesRecord = queryRules
    try {
      this.#topologyRules = parseRules(queryRules)
      this.#remakeRules()
    } catch (error) {
      this.log.warn('the query rules of the topology cannot be used, those before stay', { error })
    }
  }

  #remakeRules(): void {
    const rules = [...this.#fileRules, ...this.#topologyRules]
    this.#rules = rules.length === 0 ? undefined : new QueryRules(rules, this)
  }

  get generation(): number {
    return this.#generation
  }

  get vschema(): VSchema {
    return this.#vschema
  }

  get serverVersion(): string {
    return this.#version.text
  }

  /** As the greeting announces it. */
  get greetingVersion(): string {
    return greetingVersion(this.#version)
  }

  get serverVersionNumber(): number {
    return this.#version.number
  }

  get isMariadb(): boolean {
    return this.#version.isMariadb
  }

  get defaultSqlMode(): string | undefined {
    return this.#defaultSqlMode
  }

  plansOf(target: Target, sqlMode: number): PlanCache {
    return this.#plans.of(`${sqlMode}/${printTarget(target)}`)
  }

  inKeyspaceNames(told: { readonly errno: number; readonly message: string }): string {
    return messageInKeyspaceNames(told, this.gateway.renamed)
  }

  isKeyspaceOrDatabase(folded: string): boolean {
    for (const [name, { shards }] of this.gateway.keyspaces) {
      if (name.toLowerCase() === folded) return true
      if (shards.some(({ database }) => database.toLowerCase() === folded)) return true
    }
    return false
  }

  async schemaChanged(keyspace: string, _tables: readonly string[]): Promise<void> {
    await this.#tracker.refresh(keyspace)
  }

  #rebuild(): void {
    this.#vschema = this.#build(this.#topology.current())
    this.#newGeneration()
  }

  #newGeneration(): void {
    this.#generation++
    this.#plans.clear()
  }

  #build(snapshot: TopologySnapshot): VSchema {
    const names = [...snapshot.keyspaces.keys()]
    const vschema = buildVSchema(
      {
        keyspaces: new Map(names.map((name) => [name, snapshot.vschemas.get(name) ?? {}])),
        routingRules: parseRoutingRules(snapshot.routingRules, 'routing rules').record,
        shardRoutingRules: parseShardRoutingRules(snapshot.shardRoutingRules, 'shard routing rules').record,
      },
      {
        deps: { readFile: (path) => readFileSync(path) },
        columns: this.#tracker,
        defaultUnsharded: this.#defaultUnsharded,
      },
    )
    this.#tellProblems(vschema)
    return vschema
  }

  /** Each when it appears, not with every new table definition. */
  #tellProblems({ problems, unknownFields }: VSchema): void {
    const found = new Set([...problems, ...unknownFields.map((field) => `${field} is passed over`)])
    for (const problem of found) if (!this.#toldProblems.has(problem)) this.log.warn('VSchema', { problem })
    this.#toldProblems = found
  }

  #healthChanged(): void {
    this.#readSqlMode()
    const version = this.#serverVersion()
    if (version.text === this.#version.text) return
    this.#version = version
    this.#newGeneration() // versioned comments are read by it
  }

  /** What a text means is the same on all shards only where their sql_mode is. */
  #readSqlMode(): void {
    const known = this.#primaries().filter(({ health }) => health.sqlMode !== undefined)
    const modes = new Set(known.map(({ health }) => health.sqlMode))
    if (modes.size > 1) {
      const primaries = known.map((e) => `${e.record.keyspace}/${e.record.shard}: ${e.health.sqlMode}`)
      this.log.warn('the primaries differ in @@global.sql_mode; sessions are read by the first', {
        primaries,
      })
    }
    this.#defaultSqlMode = known[0]?.health.sqlMode ?? this.#defaultSqlMode
  }

  #primaries(): readonly ServingTablet[] {
    return this.gateway.tablets.filter((tablet) => this.gateway.typeOf(tablet) === 'PRIMARY')
  }

  #serverVersion(): ServerVersion {
    if (this.#fixedVersion !== undefined) return parseServerVersion(this.#fixedVersion)
    const versions = this.#primaries()
      .filter((e) => e.health.serverVersion !== '')
      .map((e) => parseServerVersion(e.health.serverVersion))
    if (versions.length === 0) return this.#version ?? parseServerVersion(VERSION_UNTIL_KNOWN)
    return versions.reduce((oldest, v) => (v.number < oldest.number ? v : oldest))
  }
}

const VERSION_UNTIL_KNOWN = '8.0.40'
