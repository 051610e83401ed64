import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Pair, startPair } from '../support/pair.ts'
import { lists, SCHEMA } from './differential.ts'
import { Comparison } from './run-list.ts'

/** The lists in which it matters that shards are not one server: what commits, locks, counts and fails by itself. */
const LISTS = [
  'routing',
  'joins',
  'reference',
  'writes',
  'sequences',
  'transactions',
  'ddl',
  'warnings',
  'types',
]

describe('shards on servers of their own answer as one server would', () => {
  let pair: Pair
  let comparison: Comparison
  beforeAll(async () => {
    pair = await startPair({ server: 'mariadb', shardCounts: [2], isOneMysqld: false, ...SCHEMA })
    comparison = new Comparison(pair)
  })
  afterAll(() => pair?.close())

  for (const list of lists('mariadb').filter(({ name }) => LISTS.includes(name))) {
    test.each(['text', 'binary'] as const)(`${list.name}, by the %s protocol`, async (protocol) => {
      expect((await comparison.run(list, protocol)).join('\n\n')).toBe('')
    })
  }
})
