import { beforeEach, describe, expect, test } from 'vitest'
import type { Endpoint } from '../../../src/tablet/endpoint.ts'
import { type TabletHealth, UNKNOWN_HEALTH } from '../../../src/tablet/health.ts'
import { ShardPrimary } from '../../../src/tablet/shard-primary.ts'
import { silentLogger } from '../../../src/telemetry/log.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const WINDOW_MS = 10_000

/** A tablet whose health the test says. */
class FakeEndpoint {
  readonly checker = {
    isChecking: false,
    hurry: (isHurried: boolean) => {
      this.isHurried = isHurried
    },
    connectAnew: (connectsAnew: boolean) => {
      this.connectsAnew = connectsAnew
    },
  }
  health: TabletHealth = UNKNOWN_HEALTH
  isDoubtful = false
  isHurried = false
  connectsAnew = false
  lost: Error | undefined
  readonly alias: string
  constructor(alias: string) {
    this.alias = alias
  }
  get name() {
    return this.alias
  }
  get isAway() {
    return this.isDoubtful || this.health.state === 'unreachable'
  }
  lose(reason: Error) {
    this.lost = reason
  }
  sendAwayWaiters() {}
  is(state: TabletHealth['state'], more: Partial<TabletHealth> = {}): void {
    this.health = { ...this.health, readOnly: false, lastError: state, ...more, state }
  }
}

let clock: ManualClock
let primary: ShardPrimary
let a: FakeEndpoint
let b: FakeEndpoint

beforeEach(() => {
  clock = new ManualClock()
  primary = new ShardPrimary(
    'shop/-80',
    { windowMs: WINDOW_MS, requestsMax: 2 },
    { clock, log: silentLogger },
  )
  a = new FakeEndpoint('a')
  b = new FakeEndpoint('b')
  a.is('healthy')
  name(a)
})

function name(endpoint: FakeEndpoint): void {
  primary.update({ named: endpoint as unknown as Endpoint, namedTerm: '', candidates: undefined })
}

async function outcome(waiting: Promise<void>): Promise<string> {
  return await waiting.then(
    () => 'served',
    (error: Error) => error.message,
  )
}

describe('a primary that the topology names', () => {
  test('is not waited for while it answers', async () => {
    expect(await outcome(primary.wait('answers'))).toBe('served')
    expect(primary.buffer.waited).toBe(0)
  })

  test('is waited for while it is lost, and looked at often', async () => {
    a.is('unreachable')
    primary.evaluate()
    const waiting = outcome(primary.wait('answers'))
    expect(a.isHurried).toBe(true)
    a.is('healthy')
    primary.evaluate()
    expect(await waiting).toBe('served')
    expect(a.isHurried).toBe(false)
  })

  test('or until another one is named: what hangs on the old one is told at once', async () => {
    a.is('unreachable')
    primary.evaluate()
    const { term } = primary
    const waiting = outcome(primary.wait('answers'))
    b.is('healthy')
    name(b)
    expect(await waiting).toBe('served')
    expect(primary.endpoint?.alias).toBe('b')
    expect(primary.term).not.toBe(term)
    expect(a.lost?.message).toMatch(/b is the primary of shop\/-80 now/)
  })

  test('is not waited for beyond the window, which begins with the outage', async () => {
    a.is('unreachable')
    primary.evaluate()
    await clock.advance(WINDOW_MS - 1)
    const waiting = outcome(primary.wait('answers'))
    await clock.advance(1)
    expect(await waiting).toMatch(
      /target: shop\.-80\.primary: no healthy tablet available: for 10000 ms: a cannot/,
    )
    expect(await outcome(primary.wait('answers'))).toMatch(/for longer than 10000 ms/)
    expect(primary.buffer.evicted['window exceeded']).toBe(1)
  })

  test('of too many that wait, the one that has waited longest goes', async () => {
    a.is('unreachable')
    primary.evaluate()
    const [first, second, third] = [1, 2, 3].map(() => outcome(primary.wait('answers')))
    expect(await first).toMatch(/2 later statements wait for it \(buffer\.requests\)/)
    a.is('healthy')
    primary.evaluate()
    expect(await Promise.all([second, third])).toEqual(['served', 'served'])
    expect(primary.buffer).toMatchObject({ waiting: 0, waited: 3, evicted: { 'buffer full': 1 } })
  })

  test('one whose statement is killed waits no longer', async () => {
    a.is('unreachable')
    primary.evaluate()
    const killer = new AbortController()
    const waiting = outcome(primary.wait('answers', killer))
    killer.abort(new Error('killed'))
    expect(await waiting).toBe('killed')
  })

  test('while there is doubt, its check is waited for', async () => {
    a.isDoubtful = true
    primary.evaluate()
    const waiting = outcome(primary.wait('answers'))
    a.isDoubtful = false
    primary.evaluate()
    expect(await waiting).toBe('served')
  })

  test('made read-only it answers still; writes wait', async () => {
    a.is('healthy', { readOnly: true })
    primary.evaluate()
    expect(await outcome(primary.wait('answers'))).toBe('served')
    const waiting = outcome(primary.wait('writes'))
    expect(a.connectsAnew, 'its name may lead elsewhere now').toBe(true)
    a.is('healthy')
    primary.evaluate()
    expect(await waiting).toBe('served')
    expect(a.connectsAnew).toBe(false)
  })
})

test('another primary that is named, and was read-only when it was looked at last, is waited for', async () => {
  // Its successor's last look may be from before it was made writable.
  b.is('healthy', { readOnly: true })
  name(b)
  expect(primary.mayWait('writes')).toBe(true)
})

test('one that nobody names is not waited for', async () => {
  primary.update({ named: undefined, namedTerm: '', candidates: undefined })
  expect(primary.can('answers')).toBe(false)
  expect(await outcome(primary.wait('answers'))).toBe('served') // to be told so
  expect(primary.trouble).toBe('the topology names no primary')
})

test('whoever takes writes is found when all have been looked at, not before', () => {
  const fresh = new ShardPrimary(
    'shop/-80',
    { windowMs: WINDOW_MS, requestsMax: 2 },
    { clock, log: silentLogger },
  )
  const candidates = [a, b] as unknown as readonly Endpoint[]
  fresh.update({ named: undefined, namedTerm: '', candidates })
  expect(fresh.endpoint).toBeUndefined()
  b.is('healthy', { readOnly: true })
  fresh.evaluate()
  expect(fresh.endpoint?.alias).toBe('a')
})

describe('two that take writes', () => {
  let told: string[]
  let fresh: ShardPrimary
  beforeEach(() => {
    told = []
    const log = {
      ...silentLogger,
      error: (_: string, fields?: object) => void told.push(JSON.stringify(fields)),
    }
    fresh = new ShardPrimary('shop/-80', { windowMs: WINDOW_MS, requestsMax: 2 }, { clock, log })
    a.is('healthy', { gtids: '0-1-9' })
    b.is('healthy', { gtids: '0-1-9', readOnly: true })
    fresh.update({ named: undefined, namedTerm: '', candidates: [a, b] as unknown as readonly Endpoint[] })
    expect(fresh.endpoint?.alias).toBe('a')
    b.is('healthy', { gtids: '0-1-9' })
  })

  test('are an alarm, and neither is the primary, whether a connection to one is lost meanwhile or not', () => {
    fresh.evaluate()
    expect([fresh.endpoint, told.length]).toEqual([undefined, 1])
    a.isDoubtful = true
    fresh.evaluate()
    expect(fresh.endpoint).toBeUndefined()
    b.is('healthy', { gtids: '0-1-9', readOnly: true })
    a.isDoubtful = false
    fresh.evaluate()
    expect([fresh.endpoint?.alias, fresh.alarm]).toEqual(['a', undefined])
  })

  test('are none while one of them is being looked at: it may have stopped answering', () => {
    a.checker.isChecking = true
    fresh.evaluate()
    expect([fresh.endpoint, told]).toEqual([undefined, []])
    a.checker.isChecking = false
    a.is('unreachable')
    fresh.evaluate()
    expect([fresh.endpoint?.alias, told]).toEqual(['b', []])
  })
})
