import type { Pair } from '../support/pair.ts'
import type { ErrorResult, PreparedInfo, Result } from '../support/protocol-client.ts'
import { compareOutcomes, type Difference, type Outcome } from './compare.ts'
import { resetLinked, resetTables } from './reset-tables.ts'
import { Runner } from './runner.ts'
import { type ListedStatement, MAYBE, type StatementList } from './statement-list.ts'

export type Protocol = 'text' | 'binary'

/** Runs lists on the reference and through each proxy, statement by statement, and compares. */
export class Comparison {
  readonly #pair: Pair
  /** `list:line field` of each listed difference that was seen, and of each that was looked for. */
  readonly #seen = new Set<string>()
  readonly #listed = new Set<string>()

  constructor(pair: Pair) {
    this.#pair = pair
  }

  /** What no directive explains; each is text that a person can act on. */
  async run(
    list: StatementList,
    protocol: Protocol,
    options: { readonly set?: string } = {},
  ): Promise<readonly string[]> {
    const { reference, flavor } = this.#pair
    // One cluster is enough where one server answers.
    const proxies = options.set === undefined ? this.#pair.proxies : this.#pair.proxies.slice(0, 1)
    const sides = [reference, ...proxies]
    await resetTables(this.#pair)
    if (list.statements.some(({ sql }) => sql === 'USE linked')) await resetLinked(this.#pair)
    const runners = await Promise.all(sides.map((side) => Runner.open(side, list)))
    const { set } = options
    if (set !== undefined)
      for (const runner of runners.slice(1)) await runner.run({ sql: `SET ${set}` }, 'text')
    // The same problem of several proxies is told once.
    const problems = new Map<string, string[]>()
    try {
      for (const statement of list.statements) {
        if (statement.only !== undefined && statement.only !== flavor) continue
        if (statement.textOnly && protocol === 'binary') continue
        const [expected, ...actual] = await this.#runOnAll(runners, statement, protocol)
        for (const [i, outcome] of actual.entries()) {
          const problem = this.#judge(expected!, outcome, statement, list)
          if (problem === undefined) continue
          const text = `${list.name}:${statement.line} ${problem}`
          problems.set(text, [...(problems.get(text) ?? []), proxies[i]!.name])
        }
      }
    } finally {
      for (const runner of runners) runner.close()
    }
    return [...problems].map(([text, names]) => `${text}\n    over ${names.join(' and ')}`)
  }

  /** What the proxy is to refuse does not run on the reference either: the tables stay alike. */
  async #runOnAll(
    runners: readonly Runner[],
    statement: ListedStatement,
    protocol: Protocol,
  ): Promise<readonly Outcome[]> {
    const asked = runners.map((runner, i) =>
      i > 0 || !statement.refused ? runner.run(statement, protocol) : NOT_ASKED,
    )
    const answers = await Promise.all(asked)
    const hasWarnings = answers.some(({ results }) =>
      results.some((r) => r.kind === 'error' || r.warnings > 0),
    )
    return await Promise.all(
      runners.map(async (runner, i) => ({
        ...answers[i]!,
        warnings: hasWarnings ? await runner.showWarnings() : [],
        tables: await runner.tablesOf(statement),
      })),
    )
  }

  /** Listed differences that no run has shown: the list is out of date. */
  get unseen(): readonly string[] {
    return [...this.#listed].filter((reason) => !this.#seen.has(reason))
  }

  #judge(
    expected: Outcome,
    actual: Outcome,
    statement: ListedStatement,
    list: StatementList,
  ): string | undefined {
    const isRefused = [actual.prepared, ...actual.results].some((r) => errorOf(r)?.errno === 1235)
    const isRefusedBySelf = expected.results.some((r) => r.kind === 'error' && r.errno === 1235)
    if (isRefused && statement.refused) return undefined
    if (statement.refused) return `${statement.sql}\n    is listed as refused, but was answered`
    const found = compareOutcomes(expected, actual, isOrdered(statement))
    if (isRefused && !isRefusedBySelf) {
      const texts = [actual.prepared, ...actual.results].map((r) =>
        r?.kind === 'error' ? r.message : r?.kind,
      )
      return `${statement.sql}\n    refused: ${texts.join('; ')}`
    }
    const where = `${list.name}:${statement.line}`
    const nameOf = (field: string) => `${where} ${field}`
    for (const [field, reason] of statement.differs) if (reason !== MAYBE) this.#listed.add(nameOf(field))
    for (const { field } of found) this.#seen.add(nameOf(field))
    const unexplained = found.filter(({ field }) => !statement.differs.has(field))
    return unexplained.length === 0
      ? undefined
      : `${statement.sql}${unexplained.map(printDifference).join('')}`
  }
}

function errorOf(result: Result | PreparedInfo | undefined): ErrorResult | undefined {
  if (result?.kind === 'error') return result
  return result?.kind === 'rows' ? result.error : undefined
}

function isOrdered({ sql, unordered }: ListedStatement): boolean {
  return /\border\s+by\b/i.test(sql) && !unordered
}

const NOT_ASKED = { prepared: undefined, results: [] }

/** Of long values only the lines that differ. */
function printDifference({ field, expected, actual }: Difference): string {
  const [left, right] = [expected.split('\n'), actual.split('\n')]
  const isLong = left.length + right.length > LINES_SHOWN && field !== 'order'
  const minus = isLong ? left.filter((line) => !right.includes(line)) : left
  const plus = isLong ? right.filter((line) => !left.includes(line)) : right
  const lines = [...minus.map((line) => `- ${line}`), ...plus.map((line) => `+ ${line}`)]
  return `\n    ${[`${field}:`, ...lines].join('\n    ')}`
}

const LINES_SHOWN = 8
