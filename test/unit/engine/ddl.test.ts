import { describe, expect, test } from 'vitest'
import { ByteBudget } from '../../../src/base/byte-budget.ts'
import { runDdl } from '../../../src/engine/ddl.ts'
import type { ShardPort, WriteAnswer } from '../../../src/engine/shard-port.ts'
import type { Condition } from '../../../src/errors/condition.ts'
import { ServerError } from '../../../src/errors/server-error.ts'
import { generateShardRanges } from '../../../src/key/key-range.ts'
import { shardRangeOf, tileShards } from '../../../src/key/shard-ranges.ts'
import type { RunDdl } from '../../../src/plan/write-primitives.ts'
import { bindingsOf } from './bindings.ts'
import { portOf, viewOf } from './port.ts'

const shards = tileShards(generateShardRanges(2).map(shardRangeOf))

const ddl: RunDdl = {
  kind: 'Ddl',
  keyspace: 'ks',
  routing: { kind: 'Scatter', keyspace: 'ks' },
  query: { kind: 'Verbatim' },
  implicitCommit: true,
  tables: ['t'],
  objects: [{ kind: 'TABLE', name: 't' }],
  isRepeatable: true,
  countsOnce: false,
  unnamed: [],
}

/** What a shard makes of it: an answer, or what it throws. */
type Shard = Partial<WriteAnswer> | Error

const refusedWith = (errno: number, message: string) => new ServerError({ errno, sqlState: '42000', message })

async function run(answers: readonly Shard[], more: Partial<RunDdl> = {}, doors: Partial<ShardPort> = {}) {
  const bindings = bindingsOf({})
  const port = portOf({
    commit: async () => {},
    exclusively: (_keyspace, _names, work) => work(),
    schemaChanged: async () => {},
    outside:
      ({ shard }) =>
      async () => {
        const answer = answers[shard]!
        if (answer instanceof Error) throw answer
        return { affectedRows: 0, lastInsertId: 0, warnings: 0, info: '', conditions: [], ...answer }
      },
    ...doors,
  })
  const memory = new ByteBudget(1_000_000)
  const limits = { copiedRowsMax: 1, copiedBytesMax: 1 }
  return await runDdl(
    { ...ddl, ...more },
    { bindings, shards: viewOf(shards), port, memory, limits, format: 'text' },
  )
}

test('commits, takes the locks of its tables, runs on all shards at once, and has the columns read again', async () => {
  const log: string[] = []
  const doors: Partial<ShardPort> = {
    commit: async () => void log.push('commit'),
    exclusively: async (keyspace, names, work) => {
      log.push(`alone at ${keyspace} ${names}`)
      return await work()
    },
    outside: ({ shard }) => {
      log.push(`found ${shard}`)
      return async () => {
        log.push(`run on ${shard}`)
        return { affectedRows: 0, lastInsertId: 0, warnings: 0, info: '', conditions: [] }
      }
    },
    schemaChanged: async (keyspace, tables) => void log.push(`changed ${keyspace} ${tables}`),
  }
  await run([], {}, doors)
  expect(log).toEqual([
    'commit',
    'alone at ks t',
    // A resharding meanwhile moves none.
    'found 0',
    'found 1',
    'run on 0',
    'run on 1',
    'changed ks t',
  ])
})

test('rows that were copied are counted of all shards, of a reference table once', async () => {
  const answers = [
    { affectedRows: 3, info: 'Records: 3  Duplicates: 0  Warnings: 0' },
    { affectedRows: 4, info: 'Records: 4  Duplicates: 0  Warnings: 0' },
  ]
  expect(await run(answers)).toMatchObject({
    affectedRows: 7n,
    info: 'Records: 7  Duplicates: 0  Warnings: 0',
  })
  expect(await run(answers, { countsOnce: true })).toMatchObject({ affectedRows: 3n })
})

test('what all shards warn of is told once, what one warns of as well', async () => {
  const note = (message: string): Condition => ({ level: 'Note', code: 1051, message })
  const outcome = await run([
    { warnings: 1, conditions: [note("Unknown table 'ks.a'")] },
    { warnings: 2, conditions: [note("Unknown table 'ks.a'"), note("Unknown table 'ks.b'")] },
  ])
  expect(outcome).toMatchObject({
    warnings: 2,
    conditions: [note("Unknown table 'ks.a'"), note("Unknown table 'ks.b'")],
  })
})

test('a table that no VSchema names is made with a warning', async () => {
  const outcome = await run([{}, {}], { unnamed: [{ keyspace: 'ks', table: 't' }] })
  expect(outcome.warnings).toBe(1)
  expect(outcome.conditions[0]?.message).toContain('default_unsharded_keyspace')
})

describe('what shards refuse', () => {
  const exists = refusedWith(1050, "Table 't' already exists")
  const full = refusedWith(1114, "The table 't' is full")

  test('all of them, is told as by one server', async () => {
    await expect(run([exists, exists])).rejects.toBe(exists)
  })

  test('one of them, is told with what the others have made of it', async () => {
    await expect(run([{}, full])).rejects.toMatchObject({
      errno: 1114,
      message:
        "The table 't' is full (on shard 80- of keyspace ks; shard -80 has the change: repeat the statement when nothing is in its way, which leaves that as it is)",
    })
  })

  test('one of them, of a statement that would be done twice, is told with another way out', async () => {
    await expect(run([{}, full], { isRepeatable: false })).rejects.toMatchObject({
      message: expect.stringContaining('make it on the others alone, USE `ks:80-`'),
    })
  })

  test('repeated, it is done where the shards that have it have the same', async () => {
    const same = { definition: async () => 'CREATE TABLE `t` (`id` int)' }
    expect(await run([exists, {}], {}, same)).toMatchObject({ affectedRows: 0n })
  })

  test('repeated, it is refused where the shard has another table of the name', async () => {
    const other = { definition: async (_keyspace: string, shard: number) => `CREATE TABLE t${shard}` }
    await expect(run([exists, {}], {}, other)).rejects.toMatchObject({ errno: 1050 })
  })

  test('repeated, and failing again, it still tells which shards have it', async () => {
    await expect(run([exists, full])).rejects.toMatchObject({
      errno: 1114,
      message: expect.stringContaining('on shard 80- of keyspace ks; shard -80 has the change'),
    })
  })

  test('an error that says nothing of an earlier change is no success', async () => {
    await expect(run([{}, refusedWith(1205, 'Lock wait timeout exceeded')])).rejects.toMatchObject({
      errno: 1205,
    })
  })
})
