import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Pair, startPair } from '../support/pair.ts'
import { compareRandomQueries, compareRandomWrites } from './random.ts'
import { Comparison, type Protocol } from './run-list.ts'
import { readStatementList, type StatementList } from './statement-list.ts'

const here = new URL('.', import.meta.url)

export const SCHEMA = {
  schemaDir: new URL('schema', here).pathname,
  keyspaces: ['main', 'lookup'],
} as const

/** With foreign keys over shards. */
const LINKED_SCHEMA = {
  schemaDir: new URL('linked-schema', here).pathname,
  keyspaces: [...SCHEMA.keyspaces, 'linked'],
} as const

/** Lists of statements that count and add up. */
const GROUPED: ReadonlySet<string> = new Set(
  'aggregates counted-rows errors expressions groups hidden-columns joined-groups joined-rows joins unions vtgate-refusals warnings'.split(
    ' ',
  ),
)

/** Lists of statements that write, in transactions and without. */
const WRITING: ReadonlySet<string> = new Set(
  'transactions transaction-ends writes chosen-writes insert-ids selected-rows row-numbers multi-statements unsharded foreign-keys'.split(
    ' ',
  ),
)

/** All lists against one kind of server. `DIFFERENTIAL_LIST=name` runs one. */
export function describeDifferential(server: 'mariadb' | 'mysql'): void {
  describe(`a sharded ${server} answers as one server would`, () => {
    let pair: Pair
    let comparison: Comparison
    beforeAll(async () => {
      pair = await startPair({ server, shardCounts: [2, 4], ...LINKED_SCHEMA })
      comparison = new Comparison(pair)
    })
    afterAll(() => pair?.close())

    const protocols: readonly Protocol[] = ['text', 'binary']
    for (const list of lists(server)) {
      for (const protocol of protocols) {
        test(`${list.name}, by the ${protocol} protocol`, async () => {
          expect((await comparison.run(list, protocol)).join('\n\n')).toBe('')
        }, 60_000)
      }
    }

    // The client's own statement over copies of its tables: the way that every other must agree with.
    for (const list of lists(server)) {
      // The one tells the way, what the other runs must be on one server.
      if (list.name === 'explain' || list.name === 'program-variables') continue
      test(`${list.name}, over copies`, () => expectSame(list, "planner_version = 'federation'"), 60_000)
      if (GROUPED.has(list.name))
        test(`${list.name}, over groups`, () => expectSame(list, "planner_version = 'groups'"), 60_000)
      if (WRITING.has(list.name))
        test(`${list.name}, atomic`, () => expectSame(list, "transaction_mode = 'twopc'"), 60_000)
    }

    /** `set`: by which the proxy's session begins. */
    async function expectSame(list: StatementList, set: string): Promise<void> {
      // Under LOCK TABLES a statement is refused when it runs, not when it is prepared.
      const protocol = list.name === 'transactions' ? 'text' : 'binary'
      expect((await comparison.run(list, protocol, { set })).join('\n\n')).toBe('')
    }

    test('every listed difference is still there', () => {
      expect(comparison.unseen).toEqual([])
    })

    test.each(['users', 'things', 'places', 'nothing'])('COM_FIELD_LIST of %s', async (table) => {
      const sides = [pair.reference, ...pair.proxies]
      const clients = await Promise.all(sides.map((side) => side.connect({ database: 'main' })))
      const [expected, ...actual] = await Promise.all(clients.map((client) => client.fieldList(table)))
      for (const answer of actual) expect(answer).toEqual(expected)
      for (const client of clients) client.close()
    })

    test('random queries', () => compareRandomQueries(pair), 120_000)
    test('random changes', () => compareRandomWrites(pair), 120_000)

    test('the proxies had nothing to complain of', () => {
      expect(pair.proxies.flatMap(({ proxy }) => proxy.complaints)).toEqual([])
    })
  })
}

export function lists(server: 'mariadb' | 'mysql') {
  const wanted = process.env['DIFFERENTIAL_LIST']
  return readdirSync(new URL('statements', here))
    .filter((file) => file.endsWith('.txt') && (wanted === undefined || file === `${wanted}.txt`))
    .map((file) => readStatementList(new URL(`statements/${file}`, here), server))
}
