import { describe, expect, it } from 'vitest'
import type { Finding } from '../fuzz/select/select-fuzz.ts'
import { fuzzWrites } from '../fuzz/writes/write-fuzz.ts'
import { onEachServer } from '../support/each-server.ts'

/** The same sessions in each run, so that what passes goes on passing. */
const SEED = 30_000
const STEPS = 750

/** Beginnings of the kinds of differences that there still are, each with what it is. */
const KNOWN: Readonly<Record<string, string>> = {
  'errno 1792': 'PREPARE of a statement that writes, in a transaction that is READ ONLY: told by EXECUTE',
  'errno 1093': 'PREPARE of a statement that reads what it changes: told by EXECUTE',
  'errno 1052': 'PREPARE of a statement with an ambiguous column: told by EXECUTE',
  'errno 1054': 'PREPARE of a statement with an unknown column: told by EXECUTE',
  'errno 1267': 'PREPARE of a statement that mixes collations: told by EXECUTE',
  'warnings of INSERT': 'PREPARE of what is deprecated: told by EXECUTE',
  'counts of INSERT … SELECT': 'a warning that one server tells once is told of each row',
}

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
        isKnown: (kind) => Object.keys(KNOWN).some((beginning) => kind.startsWith(beginning)),
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
