import { describe, expect, test } from 'vitest'
import { ServerError } from '../../../src/errors/server-error.ts'
import { SqlError } from '../../../src/errors/sql-error.ts'
import type { ResponseReader } from '../../../src/mysql/client/response-reader.ts'
import { TextStatement } from '../../../src/mysql/client/shard-statement.ts'
import type { Lane, OpenRows } from '../../../src/transaction/lane.ts'
import { Transaction } from '../../../src/transaction/transaction.ts'
import { FakeShards, settings, target } from './fake-shards.ts'

/** A transaction that has run a statement on each of these shards. */
async function begunOn(names: readonly string[]) {
  const shards = new FakeShards()
  const transaction = new Transaction(shards)
  transaction.begin({ begin: 'BEGIN' })
  for (const name of names) await ask(shards, await transaction.reach(target(name), settings))
  shards.log.length = 0
  return { transaction, shards }
}

const twoShards = () => begunOn(['-80', '80-'])

async function ask(shards: FakeShards, lane: Lane): Promise<void> {
  const asked = lane.query('SELECT 1')
  await shards.answer()
  await asked
}

describe('a client that goes away', () => {
  test('in mid-COMMIT: every shard commits, then nothing is kept', async () => {
    const { transaction, shards } = await twoShards()
    const committed = transaction.commit()
    await new Promise(setImmediate)
    transaction.close()
    await shards.answer()
    await shards.answer()
    await committed
    expect(shards.log).toEqual(['-80: COMMIT', '80-: COMMIT'])
    expect(transaction.lanes.size).toBe(0)
  })

  test('while a connection is awaited: it goes back to the pool unused', async () => {
    const shards = new FakeShards()
    const transaction = new Transaction(shards)
    transaction.begin({ begin: 'BEGIN' })
    const reached = transaction.reach(target('-80'), settings)
    transaction.close()
    await expect(reached).rejects.toThrow('interrupted')
    expect([shards.given, shards.log, transaction.lanes.size]).toEqual([['-80'], [], 0])
  })

  test('in a transaction: its connections are closed', async () => {
    const { transaction, shards } = await twoShards()
    transaction.close()
    expect(shards.log).toEqual(['-80 closed', '80- closed'])
  })
})

test('1205 ends the transaction everywhere where a server has rolled back its part for it, and nowhere else', async () => {
  const { transaction, shards } = await twoShards()
  const goesOn = transaction.afterFailure(1205)
  await shards.answer()
  await goesOn
  expect(transaction.isOpen).toBe(true)
  shards.log.length = 0
  shards.forgetful.add('-80')
  const ended = transaction.afterFailure(1205)
  await shards.answer()
  await shards.answer()
  await ended
  expect(shards.log).toEqual(['-80: ', '80-: ', '-80: ROLLBACK', '80-: ROLLBACK'])
  expect(transaction.isOpen).toBe(false)
})

test('a COMMIT commits nowhere when a connection is known to be lost', async () => {
  const { transaction, shards } = await twoShards()
  transaction.lanes.get(target('80-'))!.lease.discard()
  const committed = transaction.commit()
  const failed = expect(committed).rejects.toThrow('nothing was committed')
  await shards.answer()
  await failed
  expect(shards.log).toEqual(['80- closed', '-80: ROLLBACK'])
  expect(transaction.takeWarning()).toBeUndefined()
})

test.each([
  {
    what: 'refuses',
    error: new ServerError({ errno: 1205, sqlState: 'HY000', message: 'no' }),
    says: 'ks/80- failed (no), committed: ks/-80; rolled back: ks/80-',
  },
  {
    what: 'does not answer',
    error: new SqlError('CR_SERVER_LOST', 'lost'),
    says: 'ks/80- failed (lost), committed: ks/-80; not known: ks/80-',
  },
])('a COMMIT that one shard $what says what has become of the others', async ({ error, says }) => {
  const { transaction, shards } = await twoShards()
  for (const each of transaction.lanes.all()) each.noteWrite()
  const lane = transaction.lanes.get(target('80-'))!
  const { query } = lane
  lane.query = (sql) => (sql === 'COMMIT' ? Promise.reject(error) : query.call(lane, sql))
  const failed = expect(transaction.commit()).rejects.toThrow(
    `Commit is not atomic over several shards: ${says}`,
  )
  for (let i = 0; i < 3; i++) await shards.answer()
  await failed
  expect(transaction.takeWarning()).toMatchObject({ level: 'Warning' })
})

describe('lanes', () => {
  test('hear of the transaction together with its first statement', async () => {
    const shards = new FakeShards()
    const transaction = new Transaction(shards)
    transaction.begin({ begin: 'BEGIN' })
    const lane = await transaction.reach(target('-80'), settings)
    expect([shards.log, lane.inTransaction]).toEqual([[], true])
    await ask(shards, lane)
    expect(shards.log).toEqual(['-80: BEGIN', '-80: SELECT 1'])
  })

  test('of a MariaDB hear of it before: a KILL that met it would let the statement commit by itself', async () => {
    const shards = new FakeShards()
    shards.isMariadb = true
    const transaction = new Transaction(shards)
    transaction.begin({ begin: 'BEGIN' })
    const reached = transaction.reach(target('-80'), settings)
    await shards.answer()
    await reached
    expect(shards.log).toEqual(['-80: BEGIN'])
  })

  test('are closed when their server refuses to begin: nothing runs outside the transaction unseen', async () => {
    const shards = new FakeShards()
    const transaction = new Transaction(shards)
    transaction.begin({ begin: 'BEGIN' })
    const lane = await transaction.reach(target('-80'), settings)
    shards.refuseNext()
    const asked = expect(lane.query('SELECT 1')).rejects.toThrow()
    await shards.answer()
    await asked
    expect(lane.isLost).toBe(true)
  })

  test('on a primary and on a replica of one shard are two', async () => {
    const { transaction, shards } = await twoShards()
    const replica = target('-80', 'REPLICA')
    expect(transaction.lane(replica)).toBeUndefined()
    const reached = await transaction.reach(replica, settings)
    expect(reached.target).toBe(replica)
    await ask(shards, reached)
    expect(shards.log).toEqual(['-80@replica: BEGIN', '-80@replica: SELECT 1'])
    expect(transaction.lanes.size).toBe(3)
  })

  test('are lost with the term of their primary: nothing is written to the old one', async () => {
    const { transaction, shards } = await twoShards()
    shards.term = 'two'
    await expect(transaction.reach(target('-80'), settings)).rejects.toThrow(
      'The transaction was lost with the connection to tablet of ks/-80@primary. Issue a ROLLBACK to go on',
    )
    expect(shards.log).toEqual(['-80 closed'])
    await expect(transaction.commit()).rejects.toThrow('nothing was committed')
    expect([shards.log, transaction.isOpen]).toEqual([['-80 closed', '80- closed'], false])
  })

  test('that were reserved and are lost tell what is lost with them, once', async () => {
    const shards = new FakeShards()
    const transaction = new Transaction(shards)
    const lane = await transaction.reach(target('-80'), settings)
    lane.reserve('GET_LOCK()')
    lane.lease.discard()
    expect(() => transaction.lane(target('-80'))).toThrow(/and with it: GET_LOCK\(\)/)
    expect(transaction.lane(target('-80'))).toBeUndefined()
  })

  test('of one target that are wanted twice at once are one, in which the transaction begins once', async () => {
    const shards = new FakeShards()
    const transaction = new Transaction(shards)
    transaction.begin({ begin: 'BEGIN' })
    const both = [1, 2].map(() => transaction.reach(target('-80'), settings))
    const [first, second] = await Promise.all(both)
    expect(first).toBe(second)
    await ask(shards, first!)
    expect(shards.log).toEqual(['-80: BEGIN', '-80: SELECT 1'])
  })

  test('are reached with the savepoints that were set before', async () => {
    const { transaction, shards } = await twoShards()
    const set = transaction.savepoint('a')
    await shards.answer()
    await set
    const reached = transaction.reach(target('c0-'), settings)
    await shards.answer()
    await reached
    expect(shards.log).toEqual(['-80: SAVEPOINT a', '80-: SAVEPOINT a', 'c0-: BEGIN', 'c0-: SAVEPOINT a'])
  })

  test('have rows that are still being read taken into memory before the next command', async () => {
    const { transaction } = await twoShards()
    const lane = transaction.lane(target('-80'))!
    let spooled = 0
    const rows = { isEnded: false, spool: () => spooled++, onDone: () => {} }
    lane.sendForRows(TextStatement.ofSql('SELECT 1'), rows as unknown as ResponseReader & OpenRows)
    void lane.query('SELECT 2')
    void lane.query('SELECT 3')
    expect(spooled).toBe(1)
  })
})

const PROOFS = ['-40', '40-80', '80-'].map((name) => `${name}: SELECT @@global.read_only`)

describe('a COMMIT over three shards', () => {
  async function threeShards({ written = ['-40', '40-80', '80-'], certifying = [] as string[] } = {}) {
    const begun = await begunOn(['-40', '40-80', '80-'])
    for (const name of certifying) begun.shards.certifying.add(name)
    for (const name of written) begun.transaction.lanes.get(target(name))!.noteWrite()
    return begun
  }

  function refuse(transaction: Transaction, name: string): void {
    const lane = transaction.lanes.get(target(name))!
    const { query } = lane
    const error = new ServerError({ errno: 1180, sqlState: 'HY000', message: `no ${name}` })
    lane.query = (sql) => (sql === 'COMMIT' ? Promise.reject(error) : query.call(lane, sql))
  }

  test('asks nobody when all have just answered', async () => {
    const { transaction, shards } = await threeShards()
    transaction.isAnswered = true
    const committed = transaction.commit()
    await new Promise(setImmediate)
    expect(shards.log).toEqual(['-40: COMMIT', '40-80: COMMIT', '80-: COMMIT'])
    await shards.answer()
    await committed
    expect(transaction.isAnswered).toBe(false)
  })

  test('goes to all at once when each has said that it is there', async () => {
    const { transaction, shards } = await threeShards()
    const committed = transaction.commit()
    await new Promise(setImmediate)
    expect(shards.log.splice(0)).toEqual(PROOFS)
    await shards.answer()
    expect(shards.log).toEqual(['-40: COMMIT', '40-80: COMMIT', '80-: COMMIT'])
    await shards.answer()
    await committed
  })

  test('asks nothing where one has written', async () => {
    const { transaction, shards } = await threeShards({ written: ['40-80'] })
    const committed = transaction.commit()
    await shards.answer()
    await committed
    expect(shards.log).toEqual(['-40: COMMIT', '40-80: COMMIT', '80-: COMMIT'])
  })

  test('commits nothing where one turns out to be lost', async () => {
    const { transaction, shards } = await threeShards()
    const lane = transaction.lanes.get(target('80-'))!
    const { query } = lane
    lane.query = (sql) => {
      lane.query = query
      return sql.startsWith('SELECT') ? Promise.reject(new Error('lost')) : query.call(lane, sql)
    }
    const failed = expect(transaction.commit()).rejects.toThrow('lost')
    for (let i = 0; i < 2; i++) await shards.answer()
    await failed
    expect(shards.log.filter((each) => each.endsWith('COMMIT'))).toEqual([])
    expect(shards.log).toContain('40-80: ROLLBACK')
    expect(transaction.takeWarning()).toBeUndefined()
  })

  test.each([
    ['has become read-only', { readOnly: '80-', certifying: [] }],
    ['has its commits certified', { readOnly: '', certifying: ['80-'] }],
  ])('goes ahead to one that %s: what that refuses is committed nowhere', async (_what, how) => {
    const { transaction, shards } = await threeShards(how)
    shards.readOnly.add(how.readOnly)
    refuse(transaction, '80-')
    const failed = expect(transaction.commit()).rejects.toThrow('no 80-')
    for (let i = 0; i < 3; i++) await shards.answer()
    await failed
    expect(shards.log.slice(3).sort()).toEqual(['-40: ROLLBACK', '40-80: ROLLBACK', '80-: ROLLBACK'])
  })

  test('names every shard that failed', async () => {
    const { transaction, shards } = await threeShards()
    for (const name of ['40-80', '80-']) refuse(transaction, name)
    const failed = expect(transaction.commit()).rejects.toThrow(
      'ks/40-80, ks/80- failed (no 40-80), committed: ks/-40; rolled back: ks/40-80, ks/80-',
    )
    for (let i = 0; i < 4; i++) await shards.answer()
    await failed
    expect(transaction.takeWarning()).toMatchObject({ level: 'Warning', code: 301 })
  })
})
