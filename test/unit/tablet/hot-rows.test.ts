import assert from 'node:assert/strict'
import { test } from 'vitest'
import { type HotRowOptions, HotRows } from '../../../src/tablet/hot-rows.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'

function rowsOf(options: Partial<HotRowOptions> = {}) {
  const clock = new ManualClock()
  const rows = new HotRows(
    { concurrency: 1, queueMax: 2, waitTimeoutMs: 1_000, isDryRun: false, ...options },
    clock,
  )
  const entered: string[] = []
  const wait = (who: string, timeoutMs?: number, signal = new AbortController().signal) =>
    rows.wait('row', { entered: () => void entered.push(who), timeoutMs, signal })
  return { rows, clock, entered, wait }
}

test('places at a row go to whoever has waited longest, and a row that nobody writes is forgotten', async () => {
  const { rows, entered, wait } = rowsOf()
  assert.equal(rows.enter('row'), true)
  assert.equal(rows.enter('other'), true)
  assert.equal(rows.enter('row'), false)
  const both = [wait('first'), wait('second')]
  rows.leave('row')
  assert.deepEqual(entered, ['first'])
  rows.leave('row')
  await Promise.all(both)
  assert.deepEqual(entered, ['first', 'second'])
  assert.equal(rows.enter('row'), false)
  rows.leave('row')
  assert.equal(rows.enter('row'), true)
  assert.deepEqual(rows.counts, { waiting: 0, waited: 2, refused: 0, timedOut: 0 })
})

test('the queue is bounded in number and time, and who is killed leaves it', async () => {
  const { rows, clock, entered, wait } = rowsOf()
  rows.enter('row')
  const killed = new AbortController()
  const slow = assert.rejects(wait('slow'), { errno: 1205 })
  const gone = assert.rejects(wait('gone', undefined, killed.signal), { message: 'killed' })
  await settle()
  await assert.rejects(wait('third'), { errno: 1203, message: /hot_rows\.queue/ })
  killed.abort(new Error('killed'))
  await gone
  const quick = assert.rejects(wait('quick', 100), { errno: 1205 })
  await clock.advance(100)
  await quick
  await clock.advance(900)
  await slow
  rows.leave('row')
  assert.deepEqual(entered, [])
  assert.equal(rows.enter('row'), true)
  assert.deepEqual(rows.counts, { waiting: 0, waited: 3, refused: 1, timedOut: 2 })
})

test('a dry run counts who would wait', () => {
  const { rows } = rowsOf({ isDryRun: true })
  assert.deepEqual(
    [1, 2, 3].map(() => rows.enter('row')),
    [true, true, true],
  )
  assert.equal(rows.counts.waited, 2)
  for (let i = 0; i < 3; i++) rows.leave('row')
  assert.equal(rows.enter('row'), true)
  assert.equal(rows.counts.waited, 2)
})
