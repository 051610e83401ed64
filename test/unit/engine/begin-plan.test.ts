import { describe, expect, test } from 'vitest'
import { ByteBudget } from '../../../src/base/byte-budget.ts'
import { beginPlan } from '../../../src/engine/begin-plan.ts'
import type { RunContext } from '../../../src/engine/run-context.ts'
import type { ShardPort, ShardWrite, WriteAnswer } from '../../../src/engine/shard-port.ts'
import { generateShardRanges } from '../../../src/key/key-range.ts'
import { shardRangeOf, tileShards } from '../../../src/key/shard-ranges.ts'
import type { Plan } from '../../../src/plan/plan.ts'
import type { Primitive } from '../../../src/plan/primitives.ts'
import type { SendWrite, SplitInsert } from '../../../src/plan/write-primitives.ts'
import { createVindex } from '../../../src/vindex/registry.ts'
import { bindingsOf } from './bindings.ts'
import { portOf, viewOf } from './port.ts'

const shards = tileShards(generateShardRanges(2).map(shardRangeOf))
const view = viewOf(shards)
const verbatim = { kind: 'Verbatim' } as const
const scatter = { kind: 'Scatter', keyspace: 'ks' } as const

const planOf = (root: Primitive, more: Partial<Plan> = {}): Plan => ({
  root,
  userVariables: [],
  locks: true,
  ...more,
})

const answered = (changes: Partial<WriteAnswer> = {}): WriteAnswer => ({
  affectedRows: 1,
  lastInsertId: 0,
  warnings: 0,
  info: '',
  conditions: [],
  ...changes,
})

async function run(plan: Plan, doors: Partial<ShardPort>, bindings = bindingsOf({})) {
  const begun = beginPlan(plan, bindings, view)
  if (begun.kind !== 'Several') throw new Error(begun.kind)
  const context: RunContext = {
    bindings,
    shards: view,
    port: portOf(doors),
    format: 'text',
    memory: new ByteBudget(1e6),
    limits: { copiedRowsMax: 1e6, copiedBytesMax: 1e9 },
  }
  return await begun.run(context)
}

describe('a plan for rows', () => {
  const route = { kind: 'Route', routing: scatter, query: verbatim, orderBy: [] } as const

  test('goes to the one shard that its shortcut meets, whatever its tree is', () => {
    const shortcut = { routing: { kind: 'AnyShard', keyspace: 'ks' }, query: verbatim } as const
    const root = { kind: 'Unsupported', construct: 'x' } as const
    expect(beginPlan(planOf(root, { shortcut }), bindingsOf({}), view)).toMatchObject({
      kind: 'OneShard',
      keyspace: 'ks',
      shard: 1,
      query: verbatim,
    })
  })

  test('runs its tree where the shortcut meets several, and says what is not planned', async () => {
    const shortcut = { routing: scatter, query: verbatim }
    expect(beginPlan(planOf(route, { shortcut }), bindingsOf({}), view).kind).toBe('Several')
    const root = { kind: 'Unsupported', construct: 'QUALIFY' } as const
    await expect(run(planOf(root, { shortcut }), {})).rejects.toThrow(/QUALIFY/)
  })
})

describe('a write', () => {
  const write = (changes: Partial<SendWrite> = {}): SendWrite => ({
    kind: 'Write',
    verb: 'update',
    routing: scatter,
    query: verbatim,
    ...changes,
  })

  test('on several shards is one statement each, and their sum', async () => {
    const writes: ShardWrite[] = []
    const outcome = await run(planOf(write()), {
      write: async (all) => {
        writes.push(...all)
        return [
          answered({ affectedRows: 2, info: 'Rows matched: 2  Changed: 2  Warnings: 1', warnings: 1 }),
          answered({ affectedRows: 1n, info: 'Rows matched: 1  Changed: 1  Warnings: 0', lastInsertId: 9 }),
        ]
      },
    })
    expect(writes.map(({ shard }) => shard)).toEqual([0, 1])
    expect(outcome).toMatchObject({
      kind: 'Ok',
      affectedRows: 3n,
      warnings: 1,
      lastInsertId: 9,
      info: 'Rows matched: 3  Changed: 3  Warnings: 1',
    })
  })

  test('on copies counts once', async () => {
    const outcome = await run(planOf(write({ replicated: true })), {
      write: async () => [answered({ affectedRows: 2 }), answered({ affectedRows: 2 })],
    })
    expect(outcome).toMatchObject({ affectedRows: 2n })
  })

  test('that is right on one shard only is refused on several, and sent nowhere', async () => {
    const plan = planOf(write({ singleShardOnly: 'UPDATE with LIMIT' }))
    await expect(run(plan, {})).rejects.toThrow(/UPDATE with LIMIT over several shards/)
  })
})

describe('an insert', () => {
  const vindex = createVindex('hash', 'hash', {}, { readFile: () => new Uint8Array() })
  const insert: SplitInsert = {
    kind: 'Insert',
    verb: 'insert',
    keyspace: 'ks',
    table: 't',
    head: ['insert into t (id) values'],
    tail: [],
    rows: { kind: 'Slot', slot: 0 },
    columnCount: 1,
    vindex,
    vindexColumns: [{ column: 'id', offset: 0 }],
    ignore: false,
  }
  const autoIncrement = {
    column: 'id',
    offset: 0,
    appended: false,
    sequence: { keyspace: 'main', table: 'seq' },
  }

  test('of rows of one shard goes there as one statement, without waiting', () => {
    const begun = beginPlan(planOf(insert), bindingsOf({ rows: [[1], [1]] }), view)
    expect(begun).toMatchObject({
      kind: 'OneShard',
      query: { sql: 'insert into t (id) values (1), (1)' },
      bringsIds: true,
    })
  })

  test('that draws numbers asks for them first, and tells the first of them', async () => {
    const outcome = await run(
      planOf({ ...insert, autoIncrement }),
      {
        nextIds: async (keyspace, table, count) => {
          expect([keyspace, table, count]).toEqual(['main', 'seq', 2])
          return 100n
        },
        write: async (writes) => writes.map(() => answered()),
      },
      bindingsOf({ rows: [[null], [0]] }),
    )
    expect(outcome).toMatchObject({ lastInsertId: 100n, bringsIds: false })
  })
})
