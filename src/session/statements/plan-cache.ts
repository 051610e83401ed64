import type { Plan } from '../../plan/plan.ts'

/** What a plan takes beside texts. */
const PLAN_BYTES = 2048

interface Entry {
  readonly plan: Plan
  readonly bytes: number
}

/**
 * Plans by fingerprint, for one way of reading statements (keyspace, tablet type, shard, sql_mode), in two generations: a
 * hit in the old one moves to the young one. A hit on a plan in use costs one look-up.
 */
export class PlanCache {
  readonly #admit: (bytes: number) => boolean
  #young = new Map<string, Entry>()
  #old = new Map<string, Entry>()
  #isDropped = false

  /** `admit` is asked before a plan of so many bytes joins the young generation, which may age for it. */
  constructor(admit: (bytes: number) => boolean) {
    this.#admit = admit
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  /** Another one has its place. */
  get isDropped(): boolean {
    return this.#isDropped
  }

  get(key: string): Plan | undefined {
    const entry = this.#young.get(key)
    if (entry !== undefined) return entry.plan
    const older = this.#old.get(key)
    if (older === undefined) return undefined
    this.#old.delete(key)
    this.#add(key, older)
    return older.plan
  }

  /** `textBytes`: of the statement that it was made from, which names in the plan keep alive as a whole. */
  set(key: string, plan: Plan, textBytes: number): void {
    this.#add(key, { plan, bytes: PLAN_BYTES + 2 * (key.length + textBytes) })
  }

  #add(key: string, entry: Entry): void {
    if (!this.#isDropped && this.#admit(entry.bytes)) this.#young.set(key, entry)
  }

  /** What was not asked for since the last time goes. */
  age(): void {
    this.#old = this.#young
    this.#young = new Map()
  }

  drop(): void {
    this.#isDropped = true
    this.#young.clear()
    this.#old.clear()
  }
}

export interface PlanLimits {
  readonly plansMax: number
  readonly bytesMax: number
  /** Ways of reading whose plans are kept. */
  readonly cachesMax: number
}

/**
 * The plans of all ways of reading. They age together when half of what is allowed has been used since the last time; a plan
 * that alone takes an eighth is not kept.
 */
export class PlanCaches {
  readonly #limits: PlanLimits
  readonly #caches = new Map<string, PlanCache>()
  #youngPlans = 0
  #youngBytes = 0

  constructor(limits: PlanLimits) {
    this.#limits = limits
  }

  of(reading: string): PlanCache {
    const known = this.#caches.get(reading)
    if (known !== undefined) return known
    const oldest = this.#caches.entries().next().value
    if (oldest !== undefined && this.#caches.size >= this.#limits.cachesMax) {
      oldest[1].drop()
      this.#caches.delete(oldest[0])
    }
    const made = new PlanCache((bytes) => this.#admit(bytes))
    this.#caches.set(reading, made)
    return made
  }

  clear(): void {
    for (const cache of this.#caches.values()) cache.drop()
    this.#caches.clear()
    this.#youngPlans = 0
    this.#youngBytes = 0
  }

  #admit(bytes: number): boolean {
    const { plansMax, bytesMax } = this.#limits
    if (bytes > bytesMax / 8) return false
    if (this.#youngPlans >= plansMax / 2 || this.#youngBytes + bytes > bytesMax / 2) {
      for (const cache of this.#caches.values()) cache.age()
      this.#youngPlans = 0
      this.#youngBytes = 0
    }
    this.#youngPlans++
    this.#youngBytes += bytes
    return true
  }
}
