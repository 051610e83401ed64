import fc from 'fast-check'
import { expect } from 'vitest'
import type { Pair } from '../support/pair.ts'
import { compareOutcomes, type Difference } from './compare.ts'
import { randomQuery, randomWrite } from './random-statements.ts'
import { resetTables } from './reset-tables.ts'
import type { Protocol } from './run-list.ts'
import { type Asked, Runner } from './runner.ts'

/** `DIFFERENTIAL_SEED` repeats a run, `DIFFERENTIAL_RUNS` makes it longer. */
const SEED = Number(process.env['DIFFERENTIAL_SEED'] ?? Date.now() % 0x7fff_ffff)
const RUNS = Number(process.env['DIFFERENTIAL_RUNS'] ?? 400)
const WRITES_A_RUN = 12

/** What optimizers decide, and texts about a part of the rows. */
const IGNORED: ReadonlySet<string> = new Set([
  'column.flags',
  'column.orgName',
  'column.decimals', // 0, 31 or 39 of text, as it came through a temporary table
  'column.length', // 22 or 23 of DOUBLE, for the same reason
  'column.orgTable',
  'column.table',
  'column.schema',
  'prepared.column.flags',
  'prepared.column.orgName',
  'warnings',
  'message',
  'info',
])

/** VAR_STRING or STRING: a temporary table makes one of the other. */
const TEXT_TYPE = /: 25[34]$/

/**
 * Columns of a UNION over several shards are those of its first SELECT; the id of the last row is only told when that
 * row was stored.
 */
function isIgnored({ field, expected, actual }: Difference, sql: string): boolean {
  if (field.endsWith('column.type') && TEXT_TYPE.test(expected) && TEXT_TYPE.test(actual)) return true
  if (sql.includes(' UNION ') && field.includes('column.')) return true
  if (/ IGNORE | ON DUPLICATE /.test(sql) && field === 'lastInsertId') return true
  return IGNORED.has(field)
}

/** Random queries, by both protocols; fast-check prints the seed and the smallest statement that differs. */
export async function compareRandomQueries(pair: Pair): Promise<void> {
  await resetTables(pair)
  const runners = await openAll(pair)
  let refused = 0
  try {
    const property = fc.asyncProperty(
      randomQuery,
      fc.constantFrom('text', 'binary', 'params'),
      async (sql, protocol) => {
        refused += await expectAlike(
          runners,
          protocol === 'params' ? withParams(sql) : { sql },
          protocol === 'text' ? 'text' : 'binary',
        )
      },
    )
    await fc.assert(property, { seed: SEED, numRuns: RUNS })
  } finally {
    for (const runner of runners) runner.close()
  }
  // Most shapes are planned: a planner that refused everything would not pass for one that is right.
  expect(refused).toBeLessThan(RUNS * pair.proxies.length * 0.25)
}

/** Random changes, in autocommit and in transactions, and the table after each. */
export async function compareRandomWrites(pair: Pair): Promise<void> {
  const writes = fc.array(randomWrite, { minLength: WRITES_A_RUN, maxLength: WRITES_A_RUN })
  const property = fc.asyncProperty(
    writes,
    fc.constantFrom('ROLLBACK', 'COMMIT', undefined),
    async (list, end) => {
      await resetTables(pair)
      const runners = await openAll(pair)
      try {
        const statements = end === undefined ? list : ['BEGIN', ...list, end]
        for (const sql of statements) await expectAlike(runners, { sql }, 'text')
        await expectAlike(runners, { sql: 'SELECT * FROM users ORDER BY id' }, 'text')
      } finally {
        for (const runner of runners) runner.close()
      }
    },
  )
  await fc.assert(property, { seed: SEED, numRuns: Math.ceil(RUNS / 40), endOnFailure: true })
}

async function openAll({ reference, proxies }: Pair): Promise<readonly Runner[]> {
  return await Promise.all(
    [reference, ...proxies].map((side) => Runner.open(side, { foundRows: false, isAdmin: false })),
  )
}

/** The number of proxies that refused with 1235. */
async function expectAlike(runners: readonly Runner[], asked: Asked, protocol: Protocol): Promise<number> {
  const { sql } = asked
  const [expected, ...actual] = await Promise.all(runners.map((runner) => runner.run(asked, protocol)))
  const nothing = { warnings: [], tables: new Map() }
  let refused = 0
  for (const outcome of actual) {
    if ([outcome.prepared, ...outcome.results].some((r) => isRefusal(r))) {
      refused++
      continue
    }
    const found = compareOutcomes(
      { ...expected!, ...nothing },
      { ...outcome, ...nothing },
      / ORDER BY /.test(sql),
    )
    const told = found.filter((difference) => !isIgnored(difference, sql))
    expect({ ...asked, told }).toEqual({ ...asked, told: [] })
  }
  return refused
}

/** Whole numbers and texts of conditions and LIMIT as params. */
function withParams(sql: string): Asked {
  const params: (number | string)[] = []
  const text = sql.replace(
    /(?<=[=<>(,] |\(|AND |BETWEEN |LIMIT |OFFSET )(-?\d+(?![\d.e])|'[^'%]*')/g,
    (literal) => {
      params.push(literal.startsWith("'") ? literal.slice(1, -1) : Number(literal))
      return '?'
    },
  )
  return { sql: text, params }
}

function isRefusal(result: unknown): boolean {
  const { errno, error } = (result ?? {}) as { errno?: number; error?: { errno: number } }
  return (errno ?? error?.errno) === 1235
}
