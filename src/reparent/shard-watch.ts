import { NEEDS_REPAIR, TopologyAdmin } from '../topology/admin.ts'
import { printAlias } from '../topology/alias.ts'
import { readSnapshot } from '../topology/read-snapshot.ts'
import { readReparentWork } from '../topology/reparent-work.ts'
import type { KeyspaceState, ShardState } from '../topology/snapshot.ts'
import type { Leadership } from '../topology/store.ts'
import { diagnose, type Patient, type Remedy } from './diagnosis.ts'
import { isManaged, type ManagerOptions } from './manager.ts'
import { type Permit, PermitLost } from './permit.ts'
import { withShardPermit } from './shard-permit.ts'
import { durabilityOf, ShardReparent } from './shard-reparent.ts'
import { addressText, type Look, ShardServers } from './shard-servers.ts'

/** The same repair of the same tablet is not tried more often: what did not help will not help at once. */
const REPAIR_PAUSE_MS = 10_000
const READ_ONLY_MS = 5_000

/** Looks after one shard. One look at a time, and nothing else while something is done. */
export class ShardWatch {
  readonly #name: string
  readonly #options: ManagerOptions
  readonly #leadership: Leadership
  readonly #servers: ShardServers
  readonly #failures = new Map<string, number>()
  /** When it was tried last, and what was told last, by remedy and tablet. */
  readonly #triedMs = new Map<string, number>()
  readonly #told = new Map<string, string>()
  #busy: Promise<void> | undefined
  #isClosed = false

  constructor(name: string, options: ManagerOptions, leadership: Leadership) {
    this.#name = name
    this.#options = options
    this.#leadership = leadership
    this.#servers = new ShardServers(options.access)
  }

  look(keyspace: KeyspaceState, shard: ShardState): void {
    this.#busy ??= this.#run(keyspace, shard)
      .catch((error) => {
        if (!(error instanceof PermitLost))
          this.#options.logger.error('a shard cannot be managed', { shard: this.#name, error })
      })
      .finally(() => {
        this.#busy = undefined
      })
  }

  close(): void {
    this.#isClosed = true
    this.#servers.close()
  }

  async ended(): Promise<void> {
    await this.#busy
  }

  async #run(keyspace: KeyspaceState, shard: ShardState): Promise<void> {
    const looks = await this.#servers.look(shard)
    this.#count(looks)
    const work = await readReparentWork(this.#options.store, shard.keyspace, shard.name)
    const remedies = this.#remedies(keyspace, shard, looks)
    for (const key of this.#told.keys())
      if (!remedies.some((remedy) => keyOf(remedy) === key)) this.#told.delete(key) // it is over: another time it is news
    const isNew = remedies.some((remedy) => this.#isDue(remedy))
    if (this.#isClosed || (work === undefined && !isNew)) return
    const { store, by, leaseMs, clock } = this.#options
    // Another may have acted since: what is done is decided under the shard's lock.
    await withShardPermit(
      { store, name: this.#name, by, ttlMs: leaseMs, waitMs: leaseMs * 2, clock, under: [this.#leadership] },
      (permit) => this.#act(permit),
    )
  }

  async #act(permit: Permit): Promise<void> {
    const { store, clock, by, onStep, logger } = this.#options
    const found = find(await readSnapshot(store), this.#name)
    if (found === undefined || !isManaged(found.shard)) return
    const { keyspace, shard } = found
    const reparent = new ShardReparent({
      ...{ store, permit, keyspace: keyspace.record, shard, servers: this.#servers, clock, by, onStep },
    })
    const work = await readReparentWork(store, shard.keyspace, shard.name)
    if (work !== undefined) {
      const { text } = await reparent.resume(work)
      logger.warn('a change of primary was ended', { shard: this.#name, text })
      return
    }
    const looks = await this.#servers.look(shard)
    for (const remedy of this.#remedies(keyspace, shard, looks)) {
      if (!this.#isDue(remedy)) continue
      this.#triedMs.set(keyOf(remedy), clock.now())
      await this.#remedy(remedy, { permit, reparent, shard })
    }
  }

  async #remedy(
    remedy: Remedy,
    work: { permit: Permit; reparent: ShardReparent; shard: ShardState },
  ): Promise<void> {
    try {
      const done = await this.#apply(remedy, work)
      this.#told.set(keyOf(remedy), remedy.why)
      this.#options.logger.warn('a managed shard', { shard: this.#name, text: done })
      if (remedy.kind !== 'Emergency') await work.reparent.tell(done)
    } catch (error) {
      if (error instanceof PermitLost || !work.permit.isHeld) throw error
      const text = `${remedy.kind} ${keyOf(remedy).split(' ')[1]} failed (${remedy.why}): ${(error as Error).message}`
      if (this.#told.get(keyOf(remedy)) === text) return
      this.#told.set(keyOf(remedy), text)
      this.#options.logger.error('a managed shard', { shard: this.#name, text })
      await work.reparent.tell(text)
    }
  }

  /** Resolves with what was done, as a sentence. */
  async #apply(
    remedy: Remedy,
    { permit, reparent, shard }: { permit: Permit; reparent: ShardReparent; shard: ShardState },
  ): Promise<string> {
    const { store, catchUpMs } = this.#options
    if (remedy.kind === 'Emergency') return await reparent.emergency({ limitMs: catchUpMs, why: remedy.why })
    if (remedy.kind === 'Tell') return remedy.why
    const { alias, why } = remedy
    const server = this.#servers.of(shard.tablets.find((tablet) => printAlias(tablet.alias) === alias)!)
    const admin = new TopologyAdmin(permit.guarding(store))
    switch (remedy.kind) {
      case 'MakeWritable':
        await server.makeWritable(permit)
        return `${alias} is made writable: ${why}`
      case 'MakeReadOnly':
        await server.makeReadOnly(permit, { limitMs: READ_ONLY_MS, isForced: true })
        return `${alias} is made read-only: ${why}`
      case 'SetSemiSync':
        await server.setSemiSync(permit, remedy.role)
        if (remedy.role === 'replica') await server.reconnect(permit)
        return `${alias}: semi-synchronous replication is set up (${remedy.role}): ${why}`
      case 'Follow':
        await reparent.follow(server, shard.primary!)
        return `${alias} is set up to follow ${printAlias(shard.primary!.alias)}: ${why}`
      case 'NeedsRepair':
        await admin.setNeedsRepair(server.tablet.alias, why)
        return `${alias} is drained and needs repair: ${why}`
      case 'IsRepaired':
        await admin.setNeedsRepair(server.tablet.alias, undefined)
        return `${alias} is a replica again: ${why}`
    }
  }

  #remedies(keyspace: KeyspaceState, shard: ShardState, looks: ReadonlyMap<string, Look>): readonly Remedy[] {
    const { failuresMin } = this.#options
    const patients = shard.tablets.map((tablet): Patient => {
      const alias = printAlias(tablet.alias)
      const look = looks.get(alias)
      return {
        ...{ alias, type: tablet.type, address: addressText(tablet) },
        state: look?.kind === 'Seen' ? look.state : undefined,
        failures: this.#failures.get(alias) ?? 0,
        isUnderRepair: tablet.tags?.[NEEDS_REPAIR] !== undefined,
      }
    })
    const primary = shard.primary && printAlias(shard.primary.alias)
    const durability = durabilityOf(keyspace.record)
    return diagnose({
      primary,
      patients,
      durability,
      failuresMin,
      emergencyPauseMs: this.#emergencyPauseMs(shard),
    })
  }

  #emergencyPauseMs({ record }: ShardState): number {
    const { emergencyPauseMs, clock } = this.#options
    const term = record.primary_term_start_time as { seconds?: string } | undefined
    const sinceMs = Number(term?.seconds ?? 0) * 1000
    return sinceMs + emergencyPauseMs - clock.now()
  }

  #count(looks: ReadonlyMap<string, Look>): void {
    for (const [alias, { kind }] of looks)
      this.#failures.set(alias, kind === 'Seen' ? 0 : (this.#failures.get(alias) ?? 0) + 1)
  }

  /** What is only told is told once; a repair that has been tried just now is not tried again yet. */
  #isDue(remedy: Remedy): boolean {
    if (remedy.kind === 'Tell') return this.#told.get(keyOf(remedy)) !== remedy.why
    const triedMs = this.#triedMs.get(keyOf(remedy))
    const pauseMs = remedy.kind === 'MakeReadOnly' ? 0 : REPAIR_PAUSE_MS
    return triedMs === undefined || this.#options.clock.now() - triedMs >= pauseMs
  }
}

function keyOf(remedy: Remedy): string {
  return `${remedy.kind} ${remedy.kind === 'Emergency' ? '' : remedy.alias}`
}

function find({ keyspaces }: { readonly keyspaces: ReadonlyMap<string, KeyspaceState> }, name: string) {
  for (const keyspace of keyspaces.values())
    for (const shard of keyspace.shards.values())
      if (`${keyspace.name}/${shard.name}` === name) return { keyspace, shard }
  return undefined
}
