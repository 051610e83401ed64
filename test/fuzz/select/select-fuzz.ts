import { Random } from '../random.ts'
import { isLost } from './answers.ts'
import { type Case, randomCase } from './cases.ts'
import { randomChanges } from './changes.ts'
import type { Flavor } from './column-types.ts'
import { compareAnswers, type Difference, isRefusal, type Strictness } from './compare-answers.ts'
import { grammarFor } from './queries.ts'
import { Reproducer, type Situation } from './reproducer.ts'
import { randomRows, type TableRows } from './rows.ts'
import { allTables, randomSchema, type Schema } from './schema.ts'
import { scriptOf } from './script.ts'
import { Session, type Way } from './sessions.ts'
import { shrink } from './shrink.ts'
import { ServerGone, type Side, TestBed } from './test-bed.ts'
import { write } from './writes.ts'

export interface SelectFuzzOptions {
  readonly seed: number
  /** Statements in all. */
  readonly count: number
  readonly flavor: Flavor
  /** The plain server is held against itself, rows in another order: what differs is no proxy's fault. */
  readonly isSelf: boolean
  readonly isStrict: boolean
  readonly way: Way
  /** Each batch of statements goes through one of the proxies, and not through all of them. */
  readonly isInTurn: boolean
  /** Statements that change rows, each in a transaction of its own, instead of those that read them. */
  readonly areWrites: boolean
  /** Statements before the next schema. */
  readonly perSchema: number
  /** So many differences of a kind are shrunk; the rest is counted. */
  readonly shrunkMax: number
  readonly areRefusalsShrunk: boolean
  /** Differences of these kinds are counted, and not looked at. */
  readonly isKnown?: (kind: string) => boolean
  /** Only this statement of the first schema. */
  readonly only?: number | undefined
  /** Ends the run with the statements that are on their way. */
  readonly signal?: AbortSignal
  readonly onFinding: (finding: Finding) => void
  /** How many statements have been tried, every now and then. */
  readonly onProgress?: (statements: number) => void
  /** A server died of one of the batch of statements that begins with this one. */
  readonly onCrash: (at: {
    readonly seed: number
    readonly statement: number
    readonly message: string
  }) => void
}

export interface Finding {
  readonly seed: number
  /** Counted from 0 within its schema, whose seed this is. */
  readonly statement: number
  readonly side: string
  readonly kind: string
  readonly script: string
}

export interface SelectFuzzResult {
  readonly statements: number
  /** Rows were told, not just an error or nothing. */
  readonly withRows: number
  readonly withErrors: number
  /** Servers that died. */
  readonly crashes: number
  /** By kind. */
  readonly differences: ReadonlyMap<string, number>
  readonly refusals: ReadonlyMap<string, number>
  /** Plain servers do not agree with each other, rows in another order: nobody is wrong. */
  readonly undetermined: ReadonlyMap<string, number>
  readonly seconds: number
}

const SHARD_COUNTS = [2, 8] as const
/** Statements that are sent without waiting for the other sides. */
const BATCH = 50

/** Random SELECTs over random tables: each through proxies over few and many shards, and on one plain server. */
export async function fuzzSelect(options: SelectFuzzOptions): Promise<SelectFuzzResult> {
  const startedMs = performance.now()
  const run = new SelectFuzz(options)
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

interface Judges {
  readonly bed: TestBed
  readonly sides: readonly Side[]
  /** Of the plain server, then of each side. */
  readonly sessions: readonly Session[]
}

interface Loaded {
  readonly seed: number
  readonly schema: Schema
  readonly rows: readonly TableRows[]
  readonly flavor: Flavor
}

interface Batch {
  readonly seed: number
  readonly first: number
  readonly cases: readonly Case[]
  readonly situation: Omit<Situation, 'asked'>
}

function batchOf(
  { seed, first, schema, rows, flavor }: Loaded & { readonly first: number },
  { perSchema, only, areWrites }: SelectFuzzOptions,
): Batch {
  const at = Array.from({ length: Math.min(BATCH, perSchema - first) }, (_, i) => first + i)
  const wanted = only === undefined ? at : at.filter((i) => i === only)
  const random = new Random(seed * 7919 + first)
  const changes = !areWrites && random.oneIn(4) ? randomChanges(random, schema) : undefined
  const make = areWrites ? write : randomCase
  const cases = wanted.map((i) => make(grammarFor(new Random(seed * 1_000_003 + i), flavor, schema)))
  return { seed, first: wanted[0] ?? first, cases, situation: { rows, changes } }
}

/** Goes on where it was when the servers are others. */
class SelectFuzz {
  readonly #options: SelectFuzzOptions
  readonly #strictness: Strictness
  readonly #differences = new Map<string, number>()
  readonly #refusals = new Map<string, number>()
  readonly #undetermined = new Map<string, number>()
  #seed: number
  /** The next statement of the schema. */
  #next = 0
  #statements = 0
  #withRows = 0
  #withErrors = 0
  #crashes = 0

  constructor(options: SelectFuzzOptions) {
    this.#options = options
    this.#strictness = { isStrict: options.isStrict, hasOtherKeys: options.isSelf }
    this.#seed = options.seed
  }

  get isDone(): boolean {
    const { count, signal } = this.#options
    return this.#statements >= count || signal?.aborted === true
  }

  get result(): Omit<SelectFuzzResult, 'seconds'> {
    return {
      statements: this.#statements,
      withRows: this.#withRows,
      withErrors: this.#withErrors,
      crashes: this.#crashes,
      differences: this.#differences,
      refusals: this.#refusals,
      undetermined: this.#undetermined,
    }
  }

  noteCrash({ message }: ServerGone): void {
    this.#crashes++
    this.#options.onCrash({ seed: this.#seed, statement: this.#next - BATCH, message })
  }

  /** One schema with its rows, and the statements over it that are not tried yet. */
  async schema(bed: TestBed): Promise<void> {
    const { flavor, perSchema, isSelf, way, isInTurn } = this.#options
    const seed = this.#seed
    const random = new Random(seed)
    const schema = randomSchema(random, flavor)
    const rows = allTables(schema).map((table) => randomRows(random, table))
    await bed.load(schema, rows)
    const sides = isSelf ? [bed.twin] : bed.proxies
    // What statements leave in their session is the same only for those who have run the same ones.
    const turns = (isInTurn ? sides.map((side) => [side]) : [sides]).map((asked): Judges => {
      const sessions = [bed.reference, ...asked].map((side) => new Session(side, way))
      return { bed, sides: asked, sessions }
    })
    while (this.#next < perSchema && !this.isDone) {
      const first = this.#next
      this.#next += BATCH
      this.#statements += BATCH
      const batch = batchOf({ seed, first, schema, rows, flavor }, this.#options)
      if (batch.cases.length > 0) await this.#run(batch, turns[(first / BATCH) % turns.length]!)
      this.#options.onProgress?.(this.#statements)
    }
    for (const { sessions } of turns) for (const session of sessions) session.close()
    this.#next = 0
    this.#seed++
  }

  async #run(batch: Batch, { bed, sides, sessions }: Judges): Promise<void> {
    const { cases, situation } = batch
    let runs = await Promise.all(sessions.map((session) => session.run(cases, situation.changes)))
    const begun = runs.map((run) => run.begun.join('\n'))
    if (begun.some((told) => told !== begun[0])) {
      this.#count({ kind: 'changes before the statement', expected: begun[0]!, got: begun.join('\n\n') })
      runs = await Promise.all(sessions.map((session) => session.run(cases, undefined)))
    }
    const [reference, ...others] = runs
    for (const [i, asked] of cases.entries()) {
      const expected = reference!.answers[i]!
      const last = expected.at(-1)!.result
      if (last.kind === 'error') this.#withErrors++
      else if (last.kind === 'rows' && last.rows.length > 0) this.#withRows++
      if (expected.some(isLost)) {
        tally(this.#undetermined, 'no answer of the plain server')
        continue
      }
      for (const [n, side] of sides.entries()) {
        const differences = asked.steps.map((step, s) =>
          compareAnswers(expected[s]!, others[n]!.answers[i]![s]!, step, this.#strictness),
        )
        const difference = differences.find((each) => each !== undefined)
        if (difference === undefined) continue
        if (this.#isCountedOnly(difference)) this.#count(difference)
        else
          await this.#look(
            { asked, ...situation },
            difference,
            { bed, side },
            { seed: batch.seed, statement: batch.first + i },
          )
        break // the same difference over another number of shards is told once
      }
    }
  }

  /** Asks again alone, shrinks what is still there, and tells of it. */
  async #look(
    situation: Situation,
    first: Difference,
    { bed, side }: { readonly bed: TestBed; readonly side: Side },
    at: { readonly seed: number; readonly statement: number },
  ): Promise<void> {
    const reproducer = new Reproducer(
      bed,
      side,
      { rows: situation.rows, way: this.#options.way },
      this.#strictness,
    )
    try {
      const { difference = gone(first), isDetermined } = await reproducer.differs(situation)
      if (!isDetermined) return void tally(this.#undetermined, difference.kind)
      if (this.#count(difference) > this.#options.shrunkMax) return
      const found = { situation, difference }
      const shrunk = difference.kind.endsWith(GONE) ? found : await shrink(found, reproducer)
      this.#options.onFinding({ ...at, side: side.name, kind: difference.kind, script: scriptOf(shrunk) })
      if (shrunk.situation.rows !== situation.rows) await bed.fill(situation.rows)
    } finally {
      reproducer.close()
    }
  }

  #isCountedOnly(difference: Difference): boolean {
    const { areRefusalsShrunk, isKnown = () => false } = this.#options
    return (isRefusal(difference) && !areRefusalsShrunk) || isKnown(difference.kind)
  }

  #count(difference: Difference): number {
    return tally(isRefusal(difference) ? this.#refusals : this.#differences, difference.kind)
  }
}

function tally(counts: Map<string, number>, kind: string): number {
  const count = (counts.get(kind) ?? 0) + 1
  counts.set(kind, count)
  return count
}

const GONE = 'gone when asked again'

/** Seen once, behind other statements of its session. */
function gone(first: Difference): Difference {
  return { ...first, kind: `${first.kind}, ${GONE}` }
}
