import { expect, test } from 'vitest'
import { Outlier } from '../../../src/tablet/outlier.ts'
import { SlowStart } from '../../../src/tablet/slow-start.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function outlierOf(failures = 3) {
  const clock = new ManualClock()
  const told: (number | undefined)[] = []
  const outlier = new Outlier({ failures, pauseMs: 1_000 }, clock, (pauseMs) => told.push(pauseMs))
  const fail = (times: number) => {
    for (let i = 0; i < times; i++) outlier.failed()
  }
  return { clock, told, outlier, fail }
}

test('so many failures in a row take it out for a while', async () => {
  const { clock, told, outlier, fail } = outlierOf()
  fail(2)
  outlier.answered()
  fail(2)
  expect(outlier.isOut).toBe(false)
  fail(1)
  expect(outlier.isOut).toBe(true)
  await clock.advance(999)
  expect(outlier.isOut).toBe(true)
  await clock.advance(1)
  expect(outlier.isOut).toBe(false)
  expect(told).toEqual([1_000, undefined])
})

test('twice as long each time soon after, up to a bound, and as at first when it was good for as long', async () => {
  const { clock, told, fail } = outlierOf()
  for (let i = 0; i < 7; i++) {
    fail(3)
    await clock.advance(told.at(-1)!)
  }
  expect(told.filter((ms) => ms !== undefined)).toEqual([1, 2, 4, 8, 16, 32, 32].map((s) => s * 1_000))
  await clock.advance(32_000)
  fail(3)
  expect(told.at(-1)).toBe(1_000)
})

test('what fails while it is out does not count, and 0 is for never', async () => {
  const { clock, told, outlier, fail } = outlierOf()
  fail(30)
  await clock.advance(1_000)
  fail(2)
  expect([outlier.isOut, told]).toEqual([false, [1_000, undefined]])
  const never = outlierOf(0)
  never.fail(100)
  expect(never.outlier.isOut).toBe(false)
  outlier.close()
  expect(clock.pending()).toEqual([])
})

test('a replica that comes back gets its share in ten steps', async () => {
  const clock = new ManualClock()
  const shares: number[] = []
  const start: SlowStart = new SlowStart(10_000, clock, () => shares.push(start.share))
  expect(start.share).toBe(1)
  start.begin()
  await clock.advance(4_000)
  expect(shares).toEqual([0.1, 0.2, 0.3, 0.4, 0.5])
  start.begin() // away and back again
  await clock.advance(9_000)
  expect([start.share, clock.pending()]).toEqual([1, []])
  const atOnce = new SlowStart(0, clock, () => {})
  atOnce.begin()
  expect(atOnce.share).toBe(1)
})
