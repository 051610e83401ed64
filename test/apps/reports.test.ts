import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compareOutcomes } from '../differential/compare.ts'
import { Runner } from '../differential/runner.ts'
import { onEachServer } from '../support/each-server.ts'
import type { Pair } from '../support/pair.ts'
import { startShop } from './applications.ts'

const statements = readFileSync(new URL('reports.sql', import.meta.url), 'utf8')
  .replace(/^--.*$/gm, '')
  .split(/;\n/)
  .map((text) => text.trim())
  .filter((text) => text !== '')

/** Where a column comes from, as far as the plan of the one server that is asked decides it. */
const BY_PLAN = /column\.(?:schema|table|orgTable|orgName|flags|decimals)$/

describe('reports of a shop', () => {
  onEachServer((server) => {
    let pair: Pair
    beforeAll(async () => {
      pair = await startShop(server)
    })
    afterAll(() => pair?.close())

    test.each(['text', 'binary'] as const)(
      'are those of one server, by the %s protocol',
      async (protocol) => {
        const sides = [pair.reference, ...pair.proxies]
        const runners = await Promise.all(sides.map((side) => Runner.open(side, { database: 'shop' })))
        const different: string[] = []
        for (const sql of statements) {
          const answers = await Promise.all(runners.map((runner) => runner.run({ sql }, protocol)))
          const [expected, actual] = answers.map((answer) => ({ ...answer, warnings: [], tables: new Map() }))
          const all = compareOutcomes(expected, actual, /\border by\b/i.test(sql))
          const found = all.filter(({ field }) => !BY_PLAN.test(field))
          const told = found.map(({ field, expected, actual }) => `${field}\n- ${expected}\n+ ${actual}`)
          if (found.length > 0) different.push([sql, ...told].join('\n'))
        }
        for (const runner of runners) runner.close()
        expect(different.join('\n\n')).toBe('')
      },
      60_000,
    )
  })
})
