import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { SqlError } from '../../../src/errors/sql-error.ts'
import { printPlan } from '../../../src/plan/print-plan.ts'
import type { PlanContext } from '../../../src/planner/build-plan.ts'
import { planOf, plansFolder } from './plan-cases.ts'

/**
 * Golden plans: in test/plans/*.txt each case is a comment, a statement, `----` and its plan, with an empty line behind
 * it. `UPDATE_PLANS=1` writes the plans anew; the diff is the review. A comment `# target …` sets the session's target.
 */
interface Case {
  readonly comment: readonly string[]
  readonly statement: string
  readonly plan: string
}

const update = process.env['UPDATE_PLANS'] === '1'

for (const file of readdirSync(plansFolder).filter((name) => name.endsWith('.txt'))) {
  const cases = parseCases(readFileSync(new URL(file, plansFolder), 'utf8'))
  if (update) {
    writeFileSync(new URL(file, plansFolder), cases.map((each) => printCase(each, printed(each))).join('\n'))
    continue
  }
  describe(file, () => {
    for (const each of cases) test(each.statement, () => expect(printed(each)).toBe(each.plan))
  })
}

if (update) test('plans are written anew', () => expect(readdirSync(plansFolder)).not.toHaveLength(0))

function printed({ comment, statement }: Case): string {
  try {
    return printPlan(planOf(statement, targetOf(comment)))
  } catch (error) {
    if (error instanceof SqlError) return `Error ${error.errno}: ${error.message}`
    throw error
  }
}

function targetOf(comment: readonly string[]): Partial<PlanContext> {
  const words = comment.find((line) => line.startsWith('# target '))?.split(' ') ?? []
  if (words.length === 0) return {}
  const [keyspace, shard] = words[2].split(':')
  return { defaultKeyspace: keyspace, ...(shard === undefined ? {} : { shard }) }
}

function parseCases(text: string): readonly Case[] {
  return text
    .split('\n\n')
    .filter((block) => block.trim() !== '')
    .map((block) => {
      const lines = block.trimEnd().split('\n')
      const comment = lines.filter((line) => line.startsWith('#'))
      const rest = lines.slice(comment.length)
      const separator = rest.indexOf('----')
      const end = separator < 0 ? rest.length : separator
      return { comment, statement: rest.slice(0, end).join('\n'), plan: rest.slice(end + 1).join('\n') }
    })
}

function printCase({ comment, statement }: Case, plan: string): string {
  return [...comment, statement, '----', plan, ''].join('\n')
}
