import assert from 'node:assert/strict'
import { test } from 'vitest'
import { UserLoads } from '../../../src/session/user-loads.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'

function loads() {
  const clock = new ManualClock()
  return { clock, loads: new UserLoads(1_000, clock) }
}

const of = (setting: string) => ({ errno: 1226, message: new RegExp(`limits\\.${setting}`) })

test('connections are counted for each user, and given back', () => {
  const { loads: users } = loads()
  const limits = { connections: 2 }
  users.connected('a', limits)
  users.connected('a', limits)
  assert.throws(() => users.connected('a', limits), of('connections'))
  users.connected('b', limits)
  users.left('a')
  users.connected('a', limits)
})

test('statements come back at the rate of the user, up to those of a second', async () => {
  const { loads: users, clock } = loads()
  const limits = { rate: 4 }
  const begin = () => users.begins('a', limits)
  users.connected('a', limits)
  for (let i = 0; i < 4; i++) begin()
  users.left('a') // who comes again has no more
  assert.throws(begin, of('rate'))
  await clock.advance(250)
  begin()
  assert.throws(begin, of('rate'))
  await clock.advance(60_000)
  for (let i = 0; i < 4; i++) begin()
  assert.throws(begin, of('rate'))
})

test('statements at once wait for each other in their order, for a bounded time', async () => {
  const { loads: users, clock } = loads()
  const limits = { concurrency: 1 }
  assert.equal(users.enter('a', limits), true)
  assert.equal(users.enter('a', limits), false)
  assert.equal(users.enter('b', limits), true)
  const order: string[] = []
  const wait = (who: string) =>
    users.wait('a', limits, { entered: () => void order.push(who), signal: new AbortController().signal })
  const first = wait('first')
  const second = assert.rejects(wait('second'), of('concurrency'))
  users.ends('a')
  await first
  await clock.advance(1_000)
  await second
  users.enterAnyway('a')
  users.ends('a')
  assert.equal(users.enter('a', limits), false)
  users.ends('a')
  await settle()
  assert.deepEqual([order, users.enter('a', limits)], [['first'], true])
})
