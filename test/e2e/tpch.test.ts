import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadTables } from '../../bench/support/load-tables.ts'
import { tpchQueries } from '../../bench/tpch/queries.ts'
import { tpchTables } from '../../bench/tpch/rows.ts'
import { compareOutcomes } from '../differential/compare.ts'
import { onEachServer } from '../support/each-server.ts'
import { type Pair, startPair } from '../support/pair.ts'
import { type ProtocolClient, printError, type Result } from '../support/protocol-client.ts'

const SCHEMA = {
  schemaDir: new URL('../../bench/tpch/schema', import.meta.url).pathname,
  keyspaces: ['tpch'],
}
const SCALE = 0.002

/** The same queries with wider conditions, where the standard's find nothing in so few rows. */
const WIDER: ReadonlyMap<number, readonly (readonly [from: string | RegExp, to: string])[]> = new Map([
  [2, [['p_size = 15', 'p_size > 15']]],
  [8, [["p_type = 'ECONOMY ANODIZED STEEL'", "p_type LIKE 'ECONOMY%'"]]],
  [17, [["AND p_container = 'MED BOX'", '']]],
  [18, [['> 300', '> 250']]],
  [19, [[/p_brand = 'Brand#\d+' AND/g, '']]],
  [
    20,
    [
      ["n_name = 'CANADA'", "n_name > 'CANADA'"],
      ["'forest%'", "'%f%'"],
    ],
  ],
  [21, [["n_name = 'SAUDI ARABIA'", "n_name < 'SAUDI ARABIA'"]]],
])

/** Of a column that a server groups or sorts by in a table of its own it tells that table's definition; its plan decides. */
const DIFFERS: ReadonlyMap<number, readonly string[]> = new Map([
  [3, ['column.orgName']],
  [7, ['column.schema']],
  [9, ['column.schema', 'column.orgTable']],
  [16, ['column.orgName', 'column.flags']],
])

onEachServer((server) => {
  let pair: Pair
  let clients: readonly ProtocolClient[]
  beforeAll(async () => {
    pair = await startPair({ server, shardCounts: [4], ...SCHEMA })
    const sides = [pair.reference, ...pair.proxies]
    clients = await Promise.all(sides.map((side) => side.connect({ database: 'tpch' })))
    await loadTables(tpchTables(SCALE), clients.map(succeeding))
  })
  afterAll(async () => {
    for (const client of clients ?? []) client.close()
    await pair?.close()
  })

  test.each(tpchQueries)('TPC-H $number', async ({ number, sql }) => {
    const wider = WIDER.get(number)?.reduce((text, [from, to]) => text.replace(from, to), sql)
    for (const text of wider === undefined ? [sql] : [sql, wider]) {
      const [[expected], [actual]] = await Promise.all(clients.map((client) => client.query(text)))
      const found = compareOutcomes(outcome(expected), outcome(actual), true)
      expect(found.filter(({ field }) => !DIFFERS.get(number)?.includes(field))).toEqual([])
      if (text === (wider ?? sql)) expect(rowsFound(expected)).toBeGreaterThan(0)
    }
  })
})

/** Rows that are more than one NULL: what an aggregate says of nothing. */
function rowsFound(result: Result): number {
  return result.kind === 'rows' ? result.rows.filter((row) => row.toString('latin1') !== '\xfb').length : 0
}

function outcome(result: Result) {
  return { prepared: undefined, results: [result], warnings: [], tables: new Map() }
}

function succeeding(client: ProtocolClient): (sql: string) => Promise<void> {
  return async (sql) => {
    const failed = (await client.query(sql)).find((result) => result.kind === 'error')
    if (failed?.kind === 'error') throw new Error(`${sql.slice(0, 60)}: ${printError(failed)}`)
  }
}
