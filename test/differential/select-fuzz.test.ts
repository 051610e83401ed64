import { describe, expect, it } from 'vitest'
import { type Finding, fuzzSelect } from '../fuzz/select/select-fuzz.ts'
import { onEachServer } from '../support/each-server.ts'

/** The same statements in each run, so that what passes goes on passing. */
const SEED = 20_000
const STATEMENTS = { mysql: 2_000, mariadb: 1_000 } as const

/** Beginnings of the kinds of differences that there still are, each with what it is. */
const KNOWN: Readonly<Record<string, string>> = {
  'column.flags': 'one server uses no temporary table for LIMIT 0, or one for a part of the columns',
  'message of': 'which keyspace, which clause, and the way out that the proxy names',
  warnings: 'deprecated functions that the proxy answers itself, rows counted by each shard',
  'errno 0 -> 1146': 'MariaDB, over copies: a recursive table of WITH in one that nothing names',
  'errno 1111 -> 0': 'MariaDB: an aggregate in a query of WITH that nothing names is not looked at',
  'errno 1052 -> 1066': 'two tables of one name: MySQL finds the ambiguous column first',
}

onEachServer((flavor) => {
  describe('random SELECTs over shards', () => {
    it('answer as one server would', async () => {
      const findings: Finding[] = []
      const { refusals } = await fuzzSelect({
        seed: SEED,
        count: STATEMENTS[flavor],
        perSchema: 500,
        flavor,
        isSelf: false,
        isStrict: false,
        way: 'auto',
        isInTurn: false,
        areWrites: false,
        areRefusalsShrunk: false,
        isKnown: (kind) => Object.keys(KNOWN).some((beginning) => kind.startsWith(beginning)),
        shrunkMax: 1,
        onFinding: (finding) => findings.push(finding),
        onCrash: () => {},
      })
      const refused = [...refusals.values()].reduce((sum, count) => sum + count, 0)
      process.stdout.write(`${flavor}: ${refused} of ${STATEMENTS[flavor]} random SELECTs are refused\n`)
      expect(findings.map(({ kind, script }) => `${kind}\n${script}`)).toEqual([])
    }, 300_000)
  })
})
