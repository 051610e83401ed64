import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import { type ProtocolClient, textRow } from '../support/protocol-client.ts'

/**
 * What an INSERT with numbers of a sequence says of ids, as MySQL 9.7 says it of AUTO_INCREMENT: the OK's insert id and
 * LAST_INSERT_ID(). Users 1 and 2 are on `-80`, 4 is on `80-`.
 */
let faults: FaultCluster
let client: ProtocolClient

beforeAll(async () => {
  faults = await startFaultCluster()
  client = await faults.connect()
  await client.query('ALTER TABLE orders ADD UNIQUE user_product (user_id, product)')
})
afterAll(async () => {
  client?.close()
  await faults?.close()
})

/** [affected rows, the OK's id, LAST_INSERT_ID()] */
async function insert(sql: string): Promise<readonly [number, number, number]> {
  const [ok] = await client.query(sql)
  if (ok!.kind !== 'ok') throw new Error(JSON.stringify(ok))
  return [ok!.affectedRows, Number(ok!.lastInsertId), await lastInsertId()]
}

async function lastInsertId(): Promise<number> {
  const [rows] = await client.query('SELECT LAST_INSERT_ID()')
  if (rows!.kind !== 'rows') throw new Error(JSON.stringify(rows))
  return Number(textRow(rows!.rows[0]!)[0])
}

const VALUES = 'INSERT INTO orders (user_id, product, amount) VALUES'

test('rows that are inserted, changed, left as they are and dropped', async () => {
  const [, a] = await insert(`${VALUES} (1, 1, 1)`)
  const [, b] = await insert(`${VALUES} (4, 1, 1)`)
  expect(b).toBe(a + 1)
  // A row that is changed is told in the OK, and no LAST_INSERT_ID().
  expect(await insert(`${VALUES} (1, 1, 5) ON DUPLICATE KEY UPDATE amount = 5`)).toEqual([2, a, b])
  // One that is as it was is not told at all.
  expect(await insert(`${VALUES} (1, 1, 5) ON DUPLICATE KEY UPDATE amount = 5`)).toEqual([0, 0, b])
  // Unless the statement names it.
  const named = 'ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), amount = 6'
  expect(await insert(`${VALUES} (1, 1, 6) ${named}`)).toEqual([2, a, a])
  expect(await insert(`${VALUES} (1, 1, 6) ${named}`)).toEqual([0, a, a])
  expect(await insert(`INSERT IGNORE INTO orders (user_id, product, amount) VALUES (4, 1, 6)`)).toEqual([
    0,
    0,
    a,
  ])
  // An id that the statement brings itself.
  expect(await insert(`INSERT INTO orders (id, user_id, product, amount) VALUES (7, 1, 7, 7)`)).toEqual([
    1,
    7,
    a,
  ])
})

test('of several rows the first that was inserted', async () => {
  const [, before] = await insert(`${VALUES} (1, 20, 1), (4, 20, 1)`)
  const upsert = 'ON DUPLICATE KEY UPDATE amount = amount + 1'
  // The first row draws a number, and meets another; the second is inserted.
  const [affected, told, last] = await insert(`${VALUES} (1, 20, 1), (4, 21, 1) ${upsert}`)
  expect([affected, last]).toEqual([3, told])
  expect(await idOf(4, 21)).toBe(told)
  const [dropped, toldOfIgnore] = await insert(
    'INSERT IGNORE INTO orders (user_id, product, amount) VALUES (4, 21, 1), (4, 22, 1)',
  )
  expect(dropped).toBe(1)
  expect(await idOf(4, 22)).toBe(toldOfIgnore)
  expect(told).toBeGreaterThan(before)
})

async function idOf(user: number, product: number): Promise<number> {
  const [rows] = await client.query(`SELECT id FROM orders WHERE user_id = ${user} AND product = ${product}`)
  if (rows!.kind !== 'rows') throw new Error(JSON.stringify(rows))
  return Number(textRow(rows!.rows[0]!)[0])
}

test('of several rows of one shard, some of which met others, the first that was inserted', async () => {
  const upsert = 'ON DUPLICATE KEY UPDATE amount = amount + 1'
  const [, before] = await insert(`${VALUES} (1, 30, 1), (4, 30, 1)`)
  // All on `-80`: the first draws a number and meets another.
  const one = await insert(`${VALUES} (1, 30, 1), (1, 31, 1), (2, 31, 1) ${upsert}`)
  expect(one).toEqual([4, await idOf(1, 31), await idOf(1, 31)])
  // On both, the met ones first and last.
  const both = await insert(`${VALUES} (1, 30, 1), (4, 30, 1), (4, 32, 1), (1, 32, 1), (1, 31, 1) ${upsert}`)
  expect(both).toEqual([8, await idOf(4, 32), await idOf(4, 32)])
  // INSERT IGNORE tells a dropped row's number on the shard.
  const ignored = await insert(
    'INSERT IGNORE INTO orders (user_id, product, amount) VALUES (1, 30, 1), (1, 33, 1), (2, 31, 1), (4, 30, 1)',
  )
  expect(ignored).toEqual([1, await idOf(1, 33), await idOf(1, 33)])
  // In a transaction, by SQL PREPARE and by the binary protocol.
  await client.query('BEGIN')
  const inside = await insert(`${VALUES} (1, 30, 1), (1, 34, 1), (4, 30, 1), (4, 34, 1) ${upsert}`)
  expect(inside[1]).toBe(await idOf(1, 34))
  await client.query('ROLLBACK')
  await client.query(`PREPARE s FROM '${VALUES} (1, 30, 1), (1, ?, 1), (4, 30, 1) ${upsert}'`)
  await client.query('SET @p = 35')
  const prepared = await insert('EXECUTE s USING @p')
  expect(prepared[2]).toBe(await idOf(1, 35))
  expect(before).toBeLessThan(one[1])
})
