import type { Difference } from '../select/compare-answers.ts'
import { print } from '../select/fragment.ts'
import { allTables, type Schema, type Table } from '../select/schema.ts'
import type { Pair, Side } from '../select/test-bed.ts'
import { compareTold, isRefused } from './compare-told.ts'
import { Contents } from './contents.ts'
import { Player, type Told } from './player.ts'
import type { Script, Step } from './script.ts'

export interface Judgement {
  /** Steps that have been played, those that were refused included. */
  readonly played: number
  readonly withErrors: number
  readonly refusals: readonly Seen[]
  /** Differences of kinds that are known; the script goes on behind them. */
  readonly known: readonly Seen[]
  /** Ends the script. */
  readonly found?: Seen
}

export interface Seen {
  readonly step: number
  readonly difference: Difference
}

type IsKnown = (kind: string) => boolean

/** What is left over in lookup tables goes behind the commit. */
const SETTLED_MS = 2_000

/** Plays scripts on a proxy and on the plain databases beside its shards, and puts everything back. */
export class Referee {
  readonly pair: Pair
  readonly #schema: Schema
  readonly #contents: Contents
  #played = 0

  private constructor(pair: Pair, schema: Schema, contents: Contents) {
    this.pair = pair
    this.#schema = schema
    this.#contents = contents
  }

  /** The tables hold what scripts begin with. */
  static async open(pair: Pair, schema: Schema): Promise<Referee> {
    return new Referee(pair, schema, await Contents.open(pair, schema))
  }

  close(): void {
    this.#contents.close()
  }

  /** Behind a script that somebody else has played here. */
  async restore(): Promise<void> {
    await this.#contents.restore()
  }

  async judge(written: Script, isKnown: IsKnown): Promise<Judgement> {
    const script = aheadOfAll(written, this.#played++)
    const [plain, proxy] = [this.pair.plain, this.pair.proxy].map((side) => new Player(side, script.mode))
    try {
      return await this.#judge(script, { plain: plain!, proxy: proxy!, isKnown })
    } finally {
      await Promise.all([plain!.close(), proxy!.close()])
      await this.#contents.restore()
    }
  }

  /** In what another plain server differs at the end. */
  async compareAnother({ mode, steps }: Script, other: Side): Promise<Difference | undefined> {
    const players = [this.pair.plain, other].map((side) => new Player(side, mode))
    try {
      let last: Difference | undefined
      for (const step of steps) {
        const [left, right] = await Promise.all(players.map((player) => player.play(step)))
        last = compareTold(left!, right!, isInOrder(step))
      }
      return last
    } finally {
      await Promise.all(players.map((player) => player.close()))
      await this.#contents.restore()
    }
  }

  async #judge(
    { steps }: Script,
    { plain, proxy, isKnown }: { readonly plain: Player; readonly proxy: Player; readonly isKnown: IsKnown },
  ): Promise<Judgement> {
    const refusals: Seen[] = []
    const known: Seen[] = []
    let withErrors = 0
    let touched = new Set<Table>()
    // Of a refused statement there is nothing to be asked; of a failure over several shards the error alone is kept, and where one
    // server keeps it over statements without a table, it may be gone.
    let isUntold = false
    for (const [i, step] of steps.entries()) {
      if (isUntold && step.isAsking) continue
      const sum = () => ({ played: i + 1, withErrors, refusals, known })
      const got = await proxy.play(step)
      isUntold = got.results.at(-1)!.kind === 'error' || (isUntold && got.results.at(-1)!.kind === 'ok')
      if (isRefused(got)) {
        refusals.push({ step: i, difference: refusalOf(got) })
        // A part of it has been done, or what follows hangs on it.
        if (step.isNeeded || got.results.length > 1) return sum()
      } else {
        const expected = await plain.play(step)
        if (expected.results.at(-1)!.kind === 'error') withErrors++
        const told = compareTold(expected, got, isInOrder(step))
        const difference = told && { ...told, kind: `${told.kind} of ${verbOf(step)}` }
        if (difference !== undefined) {
          if (!isKnown(difference.kind)) return { ...sum(), found: { step: i, difference } }
          known.push({ step: i, difference })
        }
      }
      const tables = this.#tablesOf(step)
      if (step.isWrite) for (const table of tables) touched.add(table)
      const difference = await this.#compare(step, step.isEnd ? [...touched] : tables)
      if (difference !== undefined) return { ...sum(), found: { step: i, difference } }
      if (step.isEnd) touched = new Set()
    }
    return { played: steps.length, withErrors, refusals, known }
  }

  async #compare(step: Step, tables: readonly Table[]): Promise<Difference | undefined> {
    if (!step.isWrite && !step.isEnd) return undefined
    // Going back to a savepoint names no table.
    const own = tables.length > 0 ? tables : step.isEnd ? [] : allTables(this.#schema)
    if (own.length === 0) return undefined
    const difference = await this.#contents.compare(own)
    if (difference !== undefined || !step.isEnd) return difference
    const startedMs = performance.now()
    for (;;) {
      const found = await this.#contents.compareLookups(own)
      if (found === undefined || performance.now() > startedMs + SETTLED_MS) return found
    }
  }

  #tablesOf({ sql }: Step): readonly Table[] {
    const text = print(sql, false).sql
    return allTables(this.#schema).filter(({ name }) => new RegExp(`\\b${name}\\b`).test(text))
  }
}

function refusalOf({ results }: Told): Difference {
  const last = results.at(-1)!
  const message = last.kind === 'error' ? last.message : ''
  return { kind: `refused: ${nameless(message)}`, expected: 'an answer', got: message }
}

/** A message without what differs from statement to statement. */
function nameless(message: string): string {
  return message.replace(/\b(?:main|extra|plain)\b[.\w]*|\b[a-z]{1,2}\d+\w*\b|\d+/g, '*')
}

/** What is far beyond the numbers of all scripts of a schema. */
const NUMBERS = 100_000

/** Rows that are to be ahead of all numbers are so each time, when a script is played again and again. */
function aheadOfAll(script: Script, played: number): Script {
  const steps = script.steps.map((step) => {
    if (!step.isNeeded || typeof step.sql !== 'string') return step
    const [, number = ''] = / VALUES \((\d+)/.exec(step.sql) ?? []
    return { ...step, sql: step.sql.replaceAll(number, String(Number(number) + played * NUMBERS)) }
  })
  return { ...script, steps }
}

function isInOrder({ sql }: Step): boolean {
  return /^(?:INSERT|REPLACE)/.test(print(sql, false).sql)
}

/** `INSERT`, `INSERT … SELECT`, `UPDATE` … */
function verbOf({ sql }: Step): string {
  const [verb = ''] = /^\w+/.exec(print(sql, false).sql) ?? []
  const isOfRows = /^(?:INSERT|REPLACE)/.test(verb) && / SELECT /.test(print(sql, false).sql)
  return isOfRows ? `${verb} … SELECT` : verb
}
