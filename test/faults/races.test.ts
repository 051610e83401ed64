import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { clientsBy } from '../support/clients.ts'
import { eventually } from '../support/eventually.ts'
import { connectTo, type FaultCluster, startFaultCluster, threadsRunning } from '../support/fault-cluster.ts'
import { type ProtocolClient, type Result, textRow } from '../support/protocol-client.ts'

/** Sessions that meet at the same rows of several shards, of which no server sees the whole. */
let faults: FaultCluster

beforeAll(async () => {
  faults = await startFaultCluster()
})
afterAll(() => faults?.close())

const client = clientsBy(() => connectTo(faults.proxy))

// 1 and 2 are on `-80`, 4 and 5 on `80-` (vindex hash).
beforeEach(async () => {
  const setup = await client()
  await setup.query('DELETE FROM users')
  await setup.query(`INSERT INTO users (id, name, score) VALUES (1, 'a', 0), (2, 'b', 0), (4, 'd', 0)`)
})

function cells([result]: readonly Result[]): unknown {
  return result!.kind === 'rows' ? result!.rows.map(textRow) : result
}

async function ok(of: ProtocolClient, ...statements: readonly string[]): Promise<void> {
  for (const sql of statements) expect([sql, (await of.query(sql))[0]]).toMatchObject([sql, { kind: 'ok' }])
}

test('who waits in a circle over two shards is told so when his time is over, and keeps his transaction', async () => {
  const [one, two] = [await client(), await client()]
  await ok(one, 'SET innodb_lock_wait_timeout = 1', 'BEGIN', `UPDATE users SET score = 1 WHERE id = 1`)
  await ok(two, 'SET innodb_lock_wait_timeout = 30', 'BEGIN', `UPDATE users SET score = 2 WHERE id = 4`)
  const waiting = two.query('UPDATE users SET score = score + 20 WHERE id IN (1, 2)')
  await eventually(
    'the second waits',
    async () => (await threadsRunning(await faults.rootOf('-80'), 'score + 20')).length > 0,
  )
  const [refused] = await one.query('UPDATE users SET score = score + 10 WHERE id IN (2, 4)')
  expect(refused).toMatchObject({ kind: 'error', errno: 1205 })
  // Of the statement nothing is left on any shard; what the transaction has done before it is.
  expect(cells(await one.query('SELECT score FROM users WHERE id IN (1, 2) ORDER BY id'))).toEqual([
    ['1'],
    ['0'],
  ])
  await ok(one, 'COMMIT')
  expect((await waiting)[0]).toMatchObject({ kind: 'ok', affectedRows: 2 })
  await ok(two, 'COMMIT')
  expect(cells(await one.query('SELECT id, score FROM users ORDER BY id'))).toEqual([
    ['1', '21'],
    ['2', '20'],
    ['4', '2'],
  ])
})

test('a key that moves between shards while others read it is there once in the end', async () => {
  const [mover, reader, writer] = [await client(), await client(), await client()]
  await ok(writer, 'SET innodb_lock_wait_timeout = 5')
  let isMoving = true
  const moves = (async () => {
    for (let i = 0; i < 40; i++) {
      const [from, to] = i % 2 === 0 ? [1, 5] : [5, 1]
      await ok(mover, `UPDATE users SET id = ${to} WHERE id = ${from}`)
    }
    isMoving = false
  })()
  let written = 0
  const writes = (async () => {
    while (isMoving) {
      const [answer] = await writer.query(`UPDATE users SET score = score + 1 WHERE name = 'a'`)
      if (answer!.kind === 'ok') written += answer!.affectedRows
      // It met the move of the row, shard for shard: nothing of it is left.
      else
        expect(answer).toMatchObject({
          kind: 'error',
          errno: expect.toSatisfy((n) => n === 1205 || n === 1213),
        })
    }
  })()
  while (isMoving) {
    const answer = cells(await reader.query(`SELECT name FROM users WHERE name = 'a'`)) as string[][]
    // While the two shards commit it may be seen on both, or on neither.
    expect(answer.length).toBeLessThanOrEqual(2)
    for (const row of answer) expect(row).toEqual(['a'])
    const other = cells(await reader.query('SELECT name FROM users WHERE id IN (2, 4) ORDER BY id'))
    expect(other).toEqual([['b'], ['d']])
  }
  await Promise.all([moves, writes])
  expect(cells(await reader.query(`SELECT id, score FROM users WHERE name = 'a'`))).toEqual([
    ['1', String(written)],
  ])
})
