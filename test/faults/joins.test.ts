import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientsBy } from '../support/clients.ts'
import { eventually } from '../support/eventually.ts'
import { type FaultCluster, type Shard, startFaultCluster, threadsRunning } from '../support/fault-cluster.ts'
import { bigintParam, type Result, textRow } from '../support/protocol-client.ts'

/** Joins above the shards, and what can happen when one table has been read and the next one is asked. */
let faults: FaultCluster

beforeAll(async () => {
  faults = await startFaultCluster()
  const setup = await client()
  const users = Array.from({ length: 20 }, (_, i) => `(${i + 1}, 'user ${i + 1}', ${(i % 5) + 1})`)
  await setup.query(`INSERT INTO users (id, name, team) VALUES ${users}`)
  await setup.query('INSERT INTO orders (id, user_id, product, amount) VALUES (1, 1, 2, 5), (2, 2, 3, 6)')
  // Judged once; what follows only reads.
  expect(pairs(await setup.query(JOIN))).toEqual(JOINED)
  expect((await prepared(setup))[0]).toMatchObject({ kind: 'rows' })
})
afterAll(() => faults?.close())

const client = clientsBy(() => faults.connect())

const JOIN =
  'SELECT a.id, o.id FROM users a LEFT JOIN orders o ON o.product = a.team WHERE a.id < 4 ORDER BY a.id'
const JOINED = [
  ['1', null],
  ['2', '1'],
  ['3', '2'],
]
/** What the second round asks. */
const SECOND = 'FROM orders o WHERE'

const prepared = async (asking: Awaited<ReturnType<typeof client>>) => {
  const statement = await asking.prepare(JOIN.replace('< 4', '< ?'))
  if (statement.kind === 'error') throw new Error(statement.message)
  return asking.execute(statement.id, [bigintParam(4n)])
}

function pairs([answer]: readonly Result[]): unknown {
  return answer?.kind === 'rows' && answer.error === undefined
    ? answer.rows.map((row) => textRow(row))
    : answer
}

async function held(shards: readonly Shard[] = ['-80', '80-']): Promise<readonly Connection[]> {
  const roots = await Promise.all(shards.map((shard) => faults.rootOf(shard)))
  for (const root of roots) {
    await root.query('USE main')
    await root.query('LOCK TABLES orders WRITE')
  }
  return roots
}

/** Runs `work` when the first table has been read, and the second one has been asked and does not answer. */
async function betweenRounds(
  ask: () => Promise<readonly Result[]>,
  work: () => Promise<void>,
): Promise<unknown> {
  const locked = await held()
  const watching = await Promise.all([faults.rootOf('-80'), faults.rootOf('80-')])
  const waiting = async () =>
    (await Promise.all(watching.map((root) => threadsRunning(root, SECOND)))).flat().length
  try {
    const asked = ask().catch((error: unknown) => error)
    await eventually('the second table is asked', async () => (await waiting()) > 0)
    await work()
    const answer = await asked
    await eventually('nobody asks any more', async () => (await waiting()) === 0)
    return Array.isArray(answer) ? answer[0] : answer
  } finally {
    for (const root of [...locked, ...watching]) await root.end()
  }
}

test.each([
  ['a text', false],
  ['a prepared statement', true],
])('KILL QUERY ends %s, and its session goes on', async (_, isPrepared) => {
  const asking = await client()
  const other = await client()
  const [id] = pairs(await asking.query('SELECT CONNECTION_ID()')) as string[][]
  const ask = () => (isPrepared ? prepared(asking) : asking.query(JOIN))
  const answer = await betweenRounds(ask, async () => {
    await other.query(`KILL QUERY ${id![0]}`)
  })
  expect(answer).toMatchObject({ kind: 'error', errno: 1317 })
  expect(pairs(await asking.query(JOIN))).toEqual(JOINED)
})

test('KILL QUERY ends a query whose subquery has been run', async () => {
  const asking = await client()
  const other = await client()
  const [id] = pairs(await asking.query('SELECT CONNECTION_ID()')) as string[][]
  const pulled = 'SELECT id FROM orders o WHERE product < (SELECT MAX(team) FROM users) ORDER BY id'
  expect(pairs(await asking.query(pulled))).toEqual([['1'], ['2']])
  const answer = await betweenRounds(
    () => asking.query(pulled),
    async () => {
      await other.query(`KILL QUERY ${id![0]}`)
    },
  )
  expect(answer).toMatchObject({ kind: 'error', errno: 1317 })
  expect(pairs(await asking.query(pulled))).toEqual([['1'], ['2']])
})

test('a deadline ends it', async () => {
  const asking = await client()
  await asking.query('SET query_timeout = 300')
  const answer = await betweenRounds(
    () => asking.query(JOIN),
    async () => {},
  )
  expect(answer).toMatchObject({ kind: 'error', errno: 3024 })
  await asking.query('SET query_timeout = 0')
  expect(pairs(await asking.query(JOIN))).toEqual(JOINED)
})

test('a client that leaves stops it', async () => {
  const asking = await client()
  await betweenRounds(
    () => asking.query(JOIN),
    async () => {
      asking.raw.socket.destroy()
    },
  )
  expect(pairs(await (await client()).query(JOIN))).toEqual(JOINED)
})

test('in a transaction, KILL QUERY leaves it open', async () => {
  const asking = await client()
  const other = await client()
  const [id] = pairs(await asking.query('SELECT CONNECTION_ID()')) as string[][]
  await asking.query('BEGIN')
  await asking.query('UPDATE users SET team = 3 WHERE id = 1')
  const answer = await betweenRounds(
    () => asking.query(JOIN),
    async () => {
      await other.query(`KILL QUERY ${id![0]}`)
    },
  )
  expect(answer).toMatchObject({ kind: 'error', errno: 1317 })
  expect(pairs(await asking.query(JOIN))).toEqual([['1', '2'], ...JOINED.slice(1)])
  await asking.query('ROLLBACK')
  expect(pairs(await asking.query(JOIN))).toEqual(JOINED)
})

test('a server that dies ends it with an error, and no rows', async () => {
  const asking = await client()
  const [holding, watching] = [await held(['-80']), await faults.rootOf('-80')]
  const asked = asking.query(JOIN)
  await eventually(
    'the second table is asked',
    async () => (await threadsRunning(watching, SECOND)).length > 0,
  )
  for (const root of [...holding, watching]) root.destroy()
  await faults.kill('-80')
  const [answer] = await asked
  expect(answer).toMatchObject({ kind: 'error' })
  await faults.restart('-80')
  await eventually('it is answered again', async () => {
    const again = pairs(await (await client()).query(JOIN))
    return JSON.stringify(again) === JSON.stringify(JOINED)
  })
})
