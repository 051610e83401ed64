import { expect, test } from 'vitest'
import { HealthChecker, type TabletHealth, UNKNOWN_HEALTH } from '../../../src/tablet/health.ts'
import { heardHealth, toldHealth } from '../../../src/tablet/health-exchange.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'

const HEALTHY: TabletHealth = { ...UNKNOWN_HEALTH, state: 'healthy', gtids: 'a:1-5', lagSeconds: 0.5 }

test('what is told is what is heard, as JSON carries it', () => {
  const group = { state: 'ONLINE', role: 'PRIMARY', hasMajority: true }
  for (const health of [UNKNOWN_HEALTH, HEALTHY, { ...HEALTHY, lagSeconds: Number.POSITIVE_INFINITY, group }])
    expect(heardHealth(JSON.parse(JSON.stringify(toldHealth(health))))).toStrictEqual(health)
})

/** A checker whose server cannot be reached; each attempt is written down. */
function checkerOf(standsIn: boolean) {
  const clock = new ManualClock()
  const asked: number[] = []
  const told: [TabletHealth['state'], string][] = []
  const begunMs = clock.now()
  const connect = async () => {
    asked.push(clock.now() - begunMs)
    throw new Error('nobody there')
  }
  const options = { intervalMs: 1_000, timeoutMs: 3_000, standsIn }
  const checker = new HealthChecker(connect, options, clock, (health, _, by) => told.push([health.state, by]))
  return { clock, asked, told, checker }
}

test('whoever stands in looks when he has not heard in time, and for a reason of his own', async () => {
  const { clock, asked, told, checker } = checkerOf(true)
  await settle()
  expect(asked).toEqual([0])
  for (let second = 1; second <= 10; second++) {
    await clock.advance(1_000)
    checker.hear(HEALTHY)
  }
  expect([asked, checker.health]).toEqual([[0], HEALTHY])
  expect(told.at(-1)).toEqual(['healthy', 'heard'])
  await clock.advance(4_000)
  expect(asked).toEqual([0, 14_000])
  expect(told.at(-1)).toEqual(['unreachable', 'own'])
  checker.checkNow()
  checker.hear(HEALTHY) // from before, it may be
  await settle()
  expect([asked.length, checker.health.state]).toEqual([3, 'unreachable'])
  checker.hurry(true)
  await settle()
  await clock.advance(600)
  expect(asked.length).toBe(6)
  checker.close()
  checker.hear(HEALTHY)
  expect([checker.health.state, clock.pending()]).toEqual(['unreachable', []])
})

test('whoever looks for all does so in any case', async () => {
  const { clock, asked, checker } = checkerOf(false)
  await settle()
  await clock.advance(3_000)
  expect(asked).toEqual([0, 1_000, 2_000, 3_000])
  checker.close()
})
