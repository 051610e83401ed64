import { type Clock, sleep } from '../base/clock.ts'
import { NEEDS_REPAIR, TopologyAdmin } from '../topology/admin.ts'
import { printAlias } from '../topology/alias.ts'
import { appendEvent } from '../topology/events.ts'
import { DURABILITIES, type Durability, type Keyspace, type Tablet } from '../topology/records.ts'
import { putReparentWork, type ReparentWork } from '../topology/reparent-work.ts'
import type { ShardState } from '../topology/snapshot.ts'
import { TopologyError, type TopologyStore } from '../topology/store.ts'
import { type Choice, chooseEmergency, choosePlanned, type Seen } from './candidate.ts'
import { lackingIn } from './history.ts'
import { type ManagedServer, sourceAddress } from './managed-server.ts'
import { type Permit, PermitLost } from './permit.ts'
import { decideResumption } from './resume.ts'
import { addressText, type Look, type ShardServers, seenOf } from './shard-servers.ts'

/** Where a change of primary has come to: each is told when it is behind it, so that tests can end a process there. */
export const REPARENT_STEPS = [
  'recorded',
  'read-only', // planned: the old primary takes no writes
  'caught up', // planned: the next one has everything
  'receivers stopped', // emergency: the old primary, if it lives, gets no acknowledgement any more
  'chosen', // emergency
  'detached', // the next one has no source
  'writable',
  'named', // in the topology
  'repointed', // the others follow it
] as const
export type ReparentStep = (typeof REPARENT_STEPS)[number]

export interface ReparentOptions {
  /** Of the topology, as it is; writes go through `permit`. */
  readonly store: TopologyStore
  readonly permit: Permit
  readonly keyspace: Keyspace
  readonly shard: ShardState
  readonly servers: ShardServers
  readonly clock: Clock
  /** Which process: `host pid`. */
  readonly by: string
  readonly onStep?: ((step: ReparentStep) => Promise<void>) | undefined
}

const NAME_AGAIN_MS = 200

/** Changes of one shard's primary. All methods throw an Error whose text says how things stand now. */
export class ShardReparent {
  readonly #options: ReparentOptions
  readonly #store: TopologyStore
  readonly #admin: TopologyAdmin
  readonly #durability: Durability | undefined

  constructor(options: ReparentOptions) {
    this.#options = options
    this.#store = options.permit.guarding(options.store)
    this.#admin = new TopologyAdmin(this.#store)
    this.#durability = durabilityOf(options.keyspace)
  }

  get #name(): string {
    return `${this.#options.shard.keyspace}/${this.#options.shard.name}`
  }

  /** Resolves with what was done, as a sentence. `limitMs` bounds the time without writes. */
  async planned({
    to,
    limitMs,
  }: {
    readonly to?: string | undefined
    readonly limitMs: number
  }): Promise<string> {
    const { shard, servers, clock, permit } = this.#options
    const { primary } = shard
    if (primary === undefined) throw new Error(`${this.#name} has no primary to switch from`)
    const looks = await servers.look(shard)
    const from = printAlias(primary.alias)
    const look = looks.get(from)!
    if (look.kind === 'Lost')
      throw new Error(`${from}, the primary, does not answer (${look.why}): see ctl reparent emergency`)
    const others = this.#seen(looks).filter(({ alias }) => alias !== from)
    const next = this.#tabletOf(
      chosenOrThrow(this.#name, choosePlanned(seenOf(primary, look.state), others, to)),
    )
    const [old, candidate] = [servers.of(primary), servers.of(next)]
    sourceAddress(next)
    // So that writes are stopped for what is on its way then, and not for what it is behind now.
    await candidate.waitFor(await old.position(), limitMs)
    const work: ReparentWork = { kind: 'planned', from, to: candidate.alias, ...this.#signature() }
    await this.#record(work)
    const startedMs = clock.now()
    try {
      await this.#stepped('recorded')
      await old.makeReadOnly(permit, { limitMs })
      await this.#stepped('read-only')
      await candidate.waitFor(await old.position(), Math.max(1, limitMs - (clock.now() - startedMs)))
      await this.#stepped('caught up')
    } catch (error) {
      throw await this.#undone(work, error)
    }
    await this.#install(work, candidate)
    const text = `${candidate.alias} is the primary, planned, instead of ${from}; no writes for ${clock.now() - startedMs} ms at most`
    await this.#end(text)
    await this.#repoint(candidate, undefined)
    return text
  }

  /** The primary is lost. It is not touched: nobody knows what it does. */
  async emergency({
    to,
    allowsLoss = false,
    limitMs,
    why,
  }: {
    readonly to?: string | undefined
    readonly allowsLoss?: boolean
    readonly limitMs: number
    readonly why: string
  }): Promise<string> {
    const { shard, servers, clock, permit } = this.#options
    const from = shard.primary && printAlias(shard.primary.alias)
    const work: ReparentWork = {
      kind: 'emergency',
      ...(from !== undefined && { from }),
      ...this.#signature(),
    }
    await this.#record(work)
    const startedMs = clock.now()
    await this.#stepped('recorded')
    const replicas = shard.tablets.filter(
      ({ alias, type }) => printAlias(alias) !== from && type !== 'DRAINED',
    )
    const unreached = new Map<string, string>()
    const quiet = await this.#each(replicas, unreached, async (server) => {
      const { replication } = await server.look()
      if (replication !== undefined) await server.stopReceiver(permit)
    })
    await this.#stepped('receivers stopped')
    const applied = await this.#each(quiet, unreached, (server) => server.applyReceived(limitMs))
    const reached: Seen[] = []
    await this.#each(applied, unreached, async (server) => {
      reached.push(seenOf(server.tablet, await server.look()))
    })
    const { durability, cell } = { durability: this.#durability, cell: shard.primary?.alias.cell }
    const choice = chooseEmergency({ reached, unreached, to, durability, allowsLoss, cell })
    if (choice.kind === 'Refused') {
      // As they were: the primary may come back.
      await this.#each(quiet, new Map(), (server) => server.startReplication(permit))
      await this.#forget()
      throw new Error(`${this.#name}: ${choice.why}`)
    }
    const candidate = servers.of(this.#tabletOf(choice.alias))
    const decided = { ...work, to: candidate.alias }
    await this.#record(decided)
    await this.#stepped('chosen')
    await this.#install(decided, candidate)
    const text = `${candidate.alias} is the primary, in an emergency (${why}), instead of ${from ?? 'nobody'}; it took ${clock.now() - startedMs} ms`
    await this.#end(text)
    await this.#repoint(candidate, from)
    return text
  }

  /** Ends what another process has begun. Resolves with what was done, and whether the primary has changed. */
  async resume(work: ReparentWork): Promise<{ readonly isFinished: boolean; readonly text: string }> {
    const { shard, servers, keyspace } = this.#options
    const looks = await servers.look(shard)
    const stateOf = (alias: string | undefined) => {
      const look = alias === undefined ? undefined : looks.get(alias)
      return look?.kind === 'Seen' ? look.state : undefined
    }
    const decision = decideResumption({
      work,
      from: stateOf(work.from),
      to: stateOf(work.to),
      named: shard.primary && printAlias(shard.primary.alias),
      isDiscovered: keyspace.primary === 'discover',
    })
    const what = `the ${work.kind} reparent that ${work.by} began at ${work.since}`
    switch (decision.kind) {
      case 'Finish': {
        const next = servers.of(this.#tabletOf(decision.to))
        await this.#install(work, next)
        const text = `${what} is finished: ${next.alias} is the primary`
        await this.#end(text)
        await this.#repoint(next, work.kind === 'emergency' ? work.from : undefined)
        return { isFinished: true, text }
      }
      case 'Undo': {
        await this.#undo(work)
        const text = `${what} is undone: ${decision.from} is the primary, as before`
        await this.#end(text)
        return { isFinished: false, text }
      }
      case 'Forget': {
        await this.#listenAgain(work)
        const text = `${what} is given up: ${decision.why}`
        await this.#end(text)
        return { isFinished: false, text }
      }
      case 'Wait':
        throw new Error(`${this.#name}: ${what} cannot be ended: ${decision.why}`)
    }
  }

  /** Replicas whose receivers were stopped connect again, or try to: only so do they notice who is lost. */
  async #listenAgain({ from, to }: ReparentWork): Promise<void> {
    const { shard, permit } = this.#options
    const named = shard.primary && printAlias(shard.primary.alias)
    if (from === undefined || (to !== undefined && named === to)) return
    const source = sourceAddress(this.#tabletOf(from))
    const replicas = shard.tablets.filter(
      ({ alias, type }) => printAlias(alias) !== from && type !== 'DRAINED',
    )
    await this.#each(replicas, new Map(), async (server) => {
      const { replication, isReadOnly } = await server.look()
      if (replication !== undefined) await server.startReplication(permit)
      else if (isReadOnly) await server.follow(permit, source, undefined)
    })
  }

  /** From here on there is no way back: the next one may be written to as soon as it is writable. */
  async #install(work: ReparentWork, next: ManagedServer): Promise<void> {
    const { permit } = this.#options
    try {
      const { isReadOnly } = await next.look()
      await next.detach(permit)
      if (this.#durability !== undefined)
        await next.setSemiSync(permit, this.#durability === 'semi_sync' ? 'source' : 'off')
      await this.#stepped('detached')
      if (isReadOnly) await next.makeWritable(permit)
    } catch (error) {
      throw await this.#undone(work, error)
    }
    await this.#stepped('writable')
    await this.#nameIt(next)
    await this.#stepped('named')
  }

  /** Again and again while the permit holds: without it somebody else will. */
  async #nameIt({ tablet }: ManagedServer): Promise<void> {
    for (;;)
      try {
        return await this.#admin.setPrimary(tablet.alias)
      } catch (error) {
        const isPassing = error instanceof TopologyError && ['unavailable', 'conflict'].includes(error.kind)
        if (!isPassing || !this.#options.permit.isHeld) throw error
        await sleep(this.#options.clock, NAME_AGAIN_MS)
      }
  }

  /** Has the others follow; what does not succeed is told, and for `manage` to repair. */
  async #repoint(next: ManagedServer, lost: string | undefined): Promise<void> {
    const { shard, servers } = this.#options
    const others = shard.tablets
      .filter(
        ({ alias, tags }) =>
          ![next.alias, lost].includes(printAlias(alias)) && tags?.[NEEDS_REPAIR] === undefined,
      )
      .map((tablet) => servers.of(tablet))
    await Promise.all(
      others.map(async (server) => {
        try {
          await this.follow(server, next.tablet)
        } catch (error) {
          if (error instanceof PermitLost) throw error
          await this.tell(`${server.alias} does not follow ${next.alias} yet: ${(error as Error).message}`)
        }
      }),
    )
    await this.#stepped('repointed')
  }

  /** Also makes it read-only. One that has what its source has not is taken out of use instead. */
  async follow(server: ManagedServer, source: Tablet): Promise<void> {
    const { servers, permit } = this.#options
    const own = (await server.look()).history
    const errant = lackingIn((await servers.of(source).look()).history, own)
    if (errant !== '') {
      const why = `it has transactions that ${printAlias(source.alias)} has not: ${errant}`
      await this.#admin.setNeedsRepair(server.tablet.alias, why)
      return await this.tell(`${server.alias} is drained and needs repair: ${why}`)
    }
    const isAcknowledging = this.#durability === undefined ? undefined : this.#durability === 'semi_sync'
    await server.follow(permit, sourceAddress(source), isAcknowledging)
  }

  /** Writes an event. */
  async tell(text: string): Promise<void> {
    const { shard, by } = this.#options
    const at = new Date(this.#options.clock.now()).toISOString()
    await appendEvent(this.#store, { at, keyspace: shard.keyspace, shard: shard.name, text, by })
  }

  /** What a step that failed leads to: the error that says how things stand. */
  async #undone(work: ReparentWork, error: unknown): Promise<Error> {
    const cause = error as Error
    if (cause instanceof PermitLost || !this.#options.permit.isHeld)
      return new Error(`${this.#name}: ${cause.message}; ${new PermitLost().message}`, { cause })
    try {
      await this.#undo(work)
      const text = `${cause.message}; undone: ${work.from} takes writes, as before`
      await this.#end(`${work.kind} reparent to ${work.to} failed: ${text}`)
      return new Error(`${this.#name}: ${text}`, { cause })
    } catch (failure) {
      return new Error(
        `${this.#name}: ${cause.message}; and it could not be undone: ${(failure as Error).message}. The same command, or shardgate manage, goes on with it`,
        { cause },
      )
    }
  }

  async #undo({ from, to }: ReparentWork): Promise<void> {
    const { servers, permit, shard } = this.#options
    const old = servers.of(this.#tabletOf(from!))
    if (to !== undefined) {
      const next = servers.of(this.#tabletOf(to))
      const { isReadOnly } = await next.look()
      // Whatever it was made meanwhile: two that take writes are worse than none.
      if (!isReadOnly) throw new Error(`${to} takes writes already`)
    }
    const state = await old.look()
    if (state.replication !== undefined) await old.detach(permit)
    if (this.#durability !== undefined)
      await old.setSemiSync(permit, this.#durability === 'semi_sync' ? 'source' : 'off')
    if (state.isReadOnly) await old.makeWritable(permit)
    const source = addressText(old.tablet)
    await this.#each(
      shard.tablets.filter(({ alias, type }) => printAlias(alias) !== from && type !== 'DRAINED'),
      new Map(),
      async (server) => {
        const { replication } = await server.look()
        const isFine =
          replication?.source === source && replication.receiver !== 'No' && replication.applier !== 'No'
        if (!isFine) await this.follow(server, old.tablet)
      },
    )
  }

  /** The tablets where `work` succeeded; of the others, why it did not. */
  async #each(
    tablets: readonly Tablet[],
    failed: Map<string, string>,
    work: (server: ManagedServer) => Promise<void>,
  ): Promise<readonly Tablet[]> {
    const done = await Promise.all(
      tablets.map(async (tablet) => {
        try {
          await work(this.#options.servers.of(tablet))
          return [tablet]
        } catch (error) {
          if (error instanceof PermitLost) throw error
          failed.set(printAlias(tablet.alias), (error as Error).message)
          return []
        }
      }),
    )
    return done.flat()
  }

  #seen(looks: ReadonlyMap<string, Look>): readonly Seen[] {
    return this.#options.shard.tablets.flatMap((tablet) => {
      const look = looks.get(printAlias(tablet.alias))
      return look?.kind === 'Seen' ? [seenOf(tablet, look.state)] : []
    })
  }

  #tabletOf(alias: string): Tablet {
    const found = this.#options.shard.tablets.find((tablet) => printAlias(tablet.alias) === alias)
    if (found !== undefined) return found
    throw new Error(`${alias} is no tablet of ${this.#name} any more`)
  }

  async #record(work: ReparentWork): Promise<void> {
    const { keyspace, name } = this.#options.shard
    await this.#store.commit([putReparentWork(keyspace, name, work)])
  }

  async #end(text: string): Promise<void> {
    await this.#forget()
    await this.tell(text)
  }

  async #forget(): Promise<void> {
    const { keyspace, name } = this.#options.shard
    await this.#store.commit([putReparentWork(keyspace, name, undefined)])
  }

  #signature(): Pick<ReparentWork, 'by' | 'since'> {
    return { by: this.#options.by, since: new Date(this.#options.clock.now()).toISOString() }
  }

  async #stepped(step: ReparentStep): Promise<void> {
    await this.#options.onStep?.(step)
  }
}

/** Policies of Vitess that are not known here are let be. */
export function durabilityOf({ durability_policy }: Keyspace): Durability | undefined {
  return DURABILITIES.find((known) => known === durability_policy)
}

function chosenOrThrow(name: string, choice: Choice): string {
  if (choice.kind === 'Chosen') return choice.alias
  throw new Error(`${name}: ${choice.why}`)
}
