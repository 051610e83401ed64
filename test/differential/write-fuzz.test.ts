import { describe, expect, it } from 'vitest'
import type { Finding } from '../fuzz/select/select-fuzz.ts'
import { fuzzWrites } from '../fuzz/writes/write-fuzz.ts'
import { onEachServer } from '../support/each-server.ts'

/** The same sessions in each run, so that what passes goes on passing. */
const SEED = 30_000
const STEPS = 750

onEachServer((flavor) => {
  describe('random sessions of writes over shards', () => {
    it('answer, and leave in all tables, what they would on one server', async () => {
      const findings: Finding[] = []
      const { refusals, statements } = await fuzzWrites({
        seed: SEED,
        count: STEPS,
        perSchema: 250,
        flavor,
        areRefusalsShrunk: false,
        shrunkMax: 1,
        onFinding: (finding) => findings.push(finding),
        onCrash: () => {},
      })
      const refused = [...refusals.values()].reduce((sum, count) => sum + count, 0)
      process.stdout.write(`${flavor}: ${refused} of ${statements} random steps are refused\n`)
      expect(findings.map(({ kind, script }) => `${kind}\n${script}`)).toEqual([])
    }, 300_000)
  })
})
