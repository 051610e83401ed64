import type { ParseOptions } from '../../src/sql/parse.ts'
import { encodeBinary } from '../../src/sql/text.ts'
import { mariadbStatements, mysqlStatements, vtgateStatements } from '../unit/sql/statements.ts'
import { Random } from './random.ts'
import { checkText, Finding, type KnownTrees } from './sql-checks.ts'
import { SqlGrammar } from './sql-grammar.ts'
import { mutate } from './sql-mutate.ts'

export interface FuzzResult {
  readonly texts: number
  readonly accepted: number
  readonly findings: readonly FuzzFinding[]
}

export interface FuzzFinding {
  readonly sql: string
  readonly options: ParseOptions
  readonly what: string
}

export interface FuzzOptions {
  readonly seed: number
  readonly durationMs: number
  /** Ends the run; default 10. */
  readonly findingsMax?: number
}

const servers = [80036, 90700, 90700, 101106]

/** One text may take this long; more is a hang. */
const TEXT_MAX_MS = 2000

/** Random statements and mutations of known ones, each held against the checks, until the time is over. */
export function fuzzSql(options: FuzzOptions): FuzzResult {
  const random = new Random(options.seed)
  const grammar = new SqlGrammar(random)
  const corpus = [...mysqlStatements, ...vtgateStatements, ...mariadbStatements].map(encodeBinary)
  const known: KnownTrees = new Map()
  const findings: FuzzFinding[] = []
  const until = performance.now() + options.durationMs
  let texts = 0
  let accepted = 0
  while (performance.now() < until && findings.length < (options.findingsMax ?? 10)) {
    const { sql, isMarked } = nextText(random, grammar, corpus)
    const mode = random.oneIn(2) ? 0 : random.int(32)
    const parseOptions = { mode, serverVersion: random.pick(servers) }
    const started = performance.now()
    try {
      if (checkText(sql, parseOptions, known, isMarked && mode === 0)) accepted++
      if (performance.now() - started > TEXT_MAX_MS) throw new Finding('took too long')
    } catch (error) {
      if (!(error instanceof Finding)) throw new Error(`${JSON.stringify(sql)}`, { cause: error })
      findings.push({ sql, options: parseOptions, what: error.message })
    }
    texts++
  }
  return { texts, accepted, findings }
}

function nextText(
  random: Random,
  grammar: SqlGrammar,
  corpus: readonly string[],
): { readonly sql: string; readonly isMarked: boolean } {
  if (random.oneIn(2)) return { sql: encodeBinary(grammar.statement()), isMarked: true }
  const base = random.oneIn(2) ? encodeBinary(grammar.statement()) : random.pick(corpus)
  return { sql: mutate(base, random.pick(corpus), random), isMarked: false }
}
