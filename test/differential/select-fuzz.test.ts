import { describe, expect, it } from 'vitest'
import { type Finding, fuzzSelect } from '../fuzz/select/select-fuzz.ts'
import { onEachServer } from '../support/each-server.ts'

/** The same statements in each run, so that what passes goes on passing. */
const SEED = 20_000
const STATEMENTS = 3000

onEachServer((flavor) => {
  describe('random SELECTs over shards', () => {
    it('answer as one server would', async () => {
      const findings: Finding[] = []
      const { differences, refusals } = await fuzzSelect({
        seed: SEED,
        count: STATEMENTS,
        perSchema: STATEMENTS / 3,
        flavor,
        isSelf: false,
        isStrict: false,
        areRefusalsShrunk: false,
        shrunkMax: 1,
        only: undefined,
        onFinding: (finding) => findings.push(finding),
        onCrash: () => {},
      })
      const refused = [...refusals.values()].reduce((sum, count) => sum + count, 0)
      process.stdout.write(`${flavor}: ${refused} of ${STATEMENTS} random SELECTs are refused\n`)
      expect(findings.map(({ kind, script }) => `${kind}\n${script}`)).toEqual([])
      expect(differences).toEqual(new Map())
    }, 120_000)
  })
})
