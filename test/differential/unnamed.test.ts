import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { onEachServer } from '../support/each-server.ts'
import { type Pair, startPair } from '../support/pair.ts'
import { SCHEMA } from './differential.ts'
import { Comparison } from './run-list.ts'
import { readStatementList } from './statement-list.ts'

const file = new URL('unnamed/migrations.txt', import.meta.url)

describe('tables that no VSchema names are found as on one server', () => {
  onEachServer((server) => {
    let pair: Pair
    let comparison: Comparison
    beforeAll(async () => {
      const config = { default_unsharded_keyspace: 'lookup' }
      pair = await startPair({ server, shardCounts: [2], ...SCHEMA, config })
      comparison = new Comparison(pair)
    })
    afterAll(() => pair?.close())

    test.each(['text', 'binary'] as const)(
      'migrations, by the %s protocol',
      async (protocol) => {
        expect((await comparison.run(readStatementList(file, server), protocol)).join('\n\n')).toBe('')
      },
      60_000,
    )

    test('every listed difference is still there', () => {
      expect(comparison.unseen).toEqual([])
    })
  })
})
