import { Random } from '../random.ts'
import type { Difference } from '../select/compare-answers.ts'
import type { TableRows } from '../select/rows.ts'
import { allTables, type Schema } from '../select/schema.ts'
import type { Finding, SelectFuzzOptions, SelectFuzzResult } from '../select/select-fuzz.ts'
import { ServerGone, TestBed } from '../select/test-bed.ts'
import { Referee } from './referee.ts'
import { randomWriteRows, randomWriteSchema } from './schema.ts'
import type { Script } from './script.ts'
import { scriptText } from './script-text.ts'
import { randomScript } from './script-writer.ts'
import { shrinkScript } from './shrink-script.ts'

export type WriteFuzzOptions = Pick<
  SelectFuzzOptions,
  | 'seed'
  | 'count'
  | 'flavor'
  | 'perSchema'
  | 'shrunkMax'
  | 'areRefusalsShrunk'
  | 'isKnown'
  | 'only'
  | 'signal'
  | 'onFinding'
  | 'onProgress'
  | 'onCrash'
>

const SHARD_COUNTS = [2, 8] as const

/** Random sessions that write, each through a proxy over few or many shards, and on one plain server. */
export async function fuzzWrites(options: WriteFuzzOptions): Promise<SelectFuzzResult> {
  const startedMs = performance.now()
  const run = new WriteFuzz(options)
  while (!run.isDone) {
    const bed = await TestBed.start(options.flavor, SHARD_COUNTS)
    try {
      while (!run.isDone) await run.schema(bed)
    } catch (error) {
      if (!(error instanceof ServerGone)) throw error
      run.noteCrash(error)
    } finally {
      await bed.close()
    }
  }
  return { ...run.result, seconds: (performance.now() - startedMs) / 1000 }
}

interface Loaded {
  readonly schema: Schema
  readonly rows: readonly TableRows[]
  readonly referees: readonly Referee[]
}

class WriteFuzz {
  readonly #options: WriteFuzzOptions
  readonly #counts = {
    differences: new Map<string, number>(),
    refusals: new Map<string, number>(),
    undetermined: new Map<string, number>(),
  }
  #seed: number
  /** The next script of the schema. */
  #next = 0
  #statements = 0
  #ofSchema = 0
  #withErrors = 0
  #crashes = 0

  constructor(options: WriteFuzzOptions) {
    this.#options = options
    this.#seed = options.seed
  }

  get isDone(): boolean {
    const { count, signal } = this.#options
    return this.#statements >= count || signal?.aborted === true
  }

  get result(): Omit<SelectFuzzResult, 'seconds'> {
    return {
      statements: this.#statements,
      withRows: 0,
      withErrors: this.#withErrors,
      crashes: this.#crashes,
      ...this.#counts,
    }
  }

  noteCrash({ message }: ServerGone): void {
    this.#crashes++
    this.#options.onCrash({ seed: this.#seed, statement: this.#next, message })
  }

  /** One schema with its rows, and the scripts over it that are not played yet. */
  async schema(bed: TestBed): Promise<void> {
    const { flavor, perSchema, only } = this.#options
    const random = new Random(this.#seed)
    const schema = randomWriteSchema(random, flavor)
    const rows = allTables(schema).map((table) => randomWriteRows(random, table))
    await bed.load(schema, rows)
    const referees = await Promise.all(bed.pairs.map((pair) => Referee.open(pair, schema)))
    try {
      const loaded = { schema, rows, referees }
      while (this.#ofSchema < perSchema && !this.isDone) {
        const first = only ?? this.#next
        this.#next = first + 1
        if (only !== undefined) this.#statements = this.#options.count
        await this.#run(loaded, first)
        this.#options.onProgress?.(this.#statements)
      }
    } finally {
      for (const referee of referees) referee.close()
    }
    this.#next = this.#ofSchema = 0
    this.#seed++
  }

  /** The script over few shards, the next one over many. */
  async #run(loaded: Loaded, number: number): Promise<void> {
    const { flavor } = this.#options
    const referee = loaded.referees[number % loaded.referees.length]!
    const script = randomScript(flavor, loaded.schema, { seed: this.#seed, number })
    const { isKnown = () => false } = this.#options
    const { played, withErrors, refusals, known, found } = await referee.judge(script, isKnown)
    this.#statements += played
    this.#ofSchema += played
    this.#withErrors += withErrors
    for (const { difference } of known) tally(this.#counts.differences, difference.kind)
    for (const refusal of refusals) await this.#look(loaded, referee, { ...refusal, script, number })
    if (found !== undefined) await this.#look(loaded, referee, { ...found, script, number })
  }

  /** Shrinks what is worth it, and tells of it. */
  async #look(loaded: Loaded, referee: Referee, seen: Seen): Promise<void> {
    const { shrunkMax, areRefusalsShrunk, isKnown = () => false, onFinding } = this.#options
    const { difference, step, number } = seen
    const isRefusal = difference.kind.startsWith('refused')
    const tallied = isRefusal ? this.#counts.refusals : this.#counts.differences
    const isLookedAt = !isRefusal || areRefusalsShrunk
    if (!isLookedAt || (tallied.get(difference.kind) ?? 0) >= shrunkMax)
      return void tally(tallied, difference.kind)
    const script = { ...seen.script, steps: seen.script.steps.slice(0, step + 1) }
    const other = loaded.referees.find((each) => each !== referee)!
    const own = isRefusal ? undefined : await referee.compareAnother(script, other.pair.plain)
    if (own !== undefined && difference.kind.startsWith(own.kind)) {
      await other.restore()
      return void tally(this.#counts.undetermined, difference.kind)
    }
    await other.restore()
    tally(tallied, difference.kind)
    let last = difference
    const shrunk = await shrinkScript(script, async (smaller) => {
      const { found, refusals } = await referee.judge(smaller, isKnown)
      const again = isRefusal ? refusals.find((each) => each.difference.kind === difference.kind) : found
      if (again?.difference.kind !== difference.kind) return false
      last = again.difference
      return true
    })
    const finding: Finding = {
      seed: this.#seed,
      statement: number,
      side: referee.pair.proxy.name,
      kind: difference.kind,
      script: scriptText(shrunk, last, loaded),
    }
    onFinding(finding)
  }
}

interface Seen {
  readonly script: Script
  readonly number: number
  readonly step: number
  readonly difference: Difference
}

function tally(counts: Map<string, number>, kind: string): void {
  counts.set(kind, (counts.get(kind) ?? 0) + 1)
}
