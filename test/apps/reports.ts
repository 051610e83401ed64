import { readFileSync } from 'node:fs'
import { compareOutcomes } from '../differential/compare.ts'
import type { Protocol } from '../differential/run-list.ts'
import { Runner } from '../differential/runner.ts'
import type { Pair } from '../support/pair.ts'

const statements = readFileSync(new URL('reports.sql', import.meta.url), 'utf8')
  .replace(/^--.*$/gm, '')
  .split(/;\n/)
  .map((text) => text.trim())
  .filter((text) => text !== '')

/** Where a column comes from, as far as the plan of the one server that is asked decides it. */
const BY_PLAN = /column\.(?:schema|table|orgTable|orgName|flags|decimals)$/

/** Asks the plain server and the proxy each report of `reports.sql`: those that differ, and how. */
export async function compareReports(pair: Pair, protocol: Protocol): Promise<readonly string[]> {
  const sides = [pair.reference, ...pair.proxies]
  const runners = await Promise.all(sides.map((side) => Runner.open(side, { database: 'shop' })))
  const different: string[] = []
  for (const sql of statements) {
    const answers = await Promise.all(runners.map((runner) => runner.run({ sql }, protocol)))
    const [expected, actual] = answers.map((answer) => ({ ...answer, warnings: [], tables: new Map() }))
    const all = compareOutcomes(expected, actual, /\border by\b/i.test(sql))
    const found = all.filter(({ field }) => !BY_PLAN.test(field))
    const told = found.map((each) => `${each.field}\n- ${each.expected}\n+ ${each.actual}`)
    if (found.length > 0) different.push([sql, ...told].join('\n'))
  }
  for (const runner of runners) runner.close()
  return different
}
