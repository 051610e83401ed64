import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chooseReplica, type Replica, type ReplicaChoiceOptions } from '../../../src/tablet/replica-choice.ts'
import { cellDistance } from '../../../src/topology/records.ts'

const LIMITS: ReplicaChoiceOptions = { replicaLagMaxSeconds: 30, replicasMin: 1 }

interface Named extends Replica {
  readonly name: string
  outstanding: number
}

function replica(name: string, more: Partial<Replica> = {}): Named {
  return { name, standing: 'good', lagSeconds: 0, distance: 0, outstanding: 0, capacity: 1, ...more }
}

/** From 0 to below 1, the same each time. */
function numbers(seed = 1): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** How often each is chosen. `holds`: so many requests are under way, the oldest ends when another begins. */
function counts(replicas: readonly Named[], { times = 6_000, holds = 0, options = LIMITS } = {}) {
  const random = numbers()
  const chosen = new Map<string, number>()
  const running: Named[] = []
  for (let i = 0; i < times; i++) {
    const one = chooseReplica(replicas, undefined, options, random)
    if (one === undefined) return {}
    chosen.set(one.name, (chosen.get(one.name) ?? 0) + 1)
    one.outstanding++
    running.push(one)
    if (running.length > holds) running.shift()!.outstanding--
  }
  return Object.fromEntries(chosen)
}

function expectShares(
  found: Readonly<Record<string, number>>,
  shares: Readonly<Record<string, number>>,
): void {
  const total = Object.values(found).reduce((a, b) => a + b, 0)
  const whole = Object.values(shares).reduce((a, b) => a + b, 0)
  expect(Object.keys(found).sort()).toEqual(Object.keys(shares).sort())
  for (const [name, share] of Object.entries(shares))
    expect(Math.abs(found[name]! / total - share / whole), `${name}: ${found[name]}`).toBeLessThan(0.02)
}

describe('the share of each', () => {
  test('equals get the same, one after the other and many at once', () => {
    const three = () => ['a', 'b', 'c'].map((name) => replica(name))
    expectShares(counts(three()), { a: 1, b: 1, c: 1 })
    expectShares(counts(three(), { holds: 100 }), { a: 1, b: 1, c: 1 })
  })

  test('by weight, one after the other and many at once', () => {
    const three = () => [1, 2, 5].map((capacity) => replica(`of ${capacity}`, { capacity }))
    const shares = { 'of 1': 1, 'of 2': 2, 'of 5': 5 }
    expectShares(counts(three()), shares)
    expectShares(counts(three(), { holds: 160 }), shares)
  })

  test('one that comes back gets a tenth first', () => {
    expectShares(counts([replica('back', { capacity: 0.1 }), replica('there')]), { back: 1, there: 10 })
  })

  test('one that is slow has more outstanding, and gets none until others have as many', () => {
    expect(counts([replica('slow', { outstanding: 50 }), replica('quick')], { holds: 10 })).toEqual({
      quick: 6_000,
    })
  })
})

describe('who is asked', () => {
  const order = [
    { why: 'the own cell', first: {}, second: { distance: 1 } },
    { why: 'a cell of the same alias', first: { distance: 1 }, second: { distance: 2 } },
    {
      why: 'the own cell, however busy it is',
      first: { outstanding: 1_000 },
      second: { distance: 1 },
    },
    { why: 'another cell, when the own one is behind', first: { distance: 2 }, second: { lagSeconds: 31 } },
    {
      why: 'the one least behind, when all are',
      first: { lagSeconds: 40, distance: 2 },
      second: { lagSeconds: 41 },
    },
    {
      why: 'one that lags before one whose replication is broken',
      first: { lagSeconds: 4_000 },
      second: { lagSeconds: Number.POSITIVE_INFINITY },
    },
    { why: 'one that is sure', first: { distance: 2 }, second: { standing: 'doubtful' } },
    {
      why: 'one that is behind before one that is doubtful',
      first: { lagSeconds: 100 },
      second: { standing: 'doubtful' },
    },
    {
      why: 'one that is doubtful before none',
      first: { standing: 'doubtful' },
      second: { standing: 'away' },
    },
    {
      why: 'one that does not replicate is not behind',
      first: { lagSeconds: undefined },
      second: { lagSeconds: 31 },
    },
  ] as const
  for (const { why, first, second } of order)
    test(why, () => {
      const [a, b] = [replica('first', first), replica('second', second)]
      expect(counts([a, b], { times: 50 })).toEqual({ first: 50 })
      expect(counts([b, a], { times: 50 })).toEqual({ first: 50 })
    })

  test('nobody, when all are away, and never the primary', () => {
    expect(counts([replica('a', { standing: 'away' })])).toEqual({})
    const primary = replica('p')
    expect(chooseReplica([primary], primary, LIMITS, Math.random)).toBeUndefined()
    const far = replica('far', { distance: 2, lagSeconds: 400 })
    expect(chooseReplica([primary, far], primary, LIMITS, Math.random)).toBe(far)
  })

  test('so many as are needed, though they are behind: those least behind', () => {
    const four = () => [0, 40, 50, 60].map((lagSeconds) => replica(`${lagSeconds}`, { lagSeconds }))
    const of = (replicasMin: number) => ({ options: { ...LIMITS, replicasMin } })
    expectShares(counts(four(), of(1)), { 0: 1 })
    expectShares(counts(four(), of(2)), { 0: 1, 40: 1 })
    expectShares(counts(four(), of(3)), { 0: 1, 40: 1, 50: 1 })
    expectShares(counts(four(), of(9)), { 0: 1, 40: 1, 50: 1, 60: 1 })
  })

  test('whoever is asked is never worse than another', () => {
    const any = fc.record({
      standing: fc.constantFrom('good', 'doubtful', 'away'),
      lagSeconds: fc.option(fc.constantFrom(0, 10, 31, 99, Number.POSITIVE_INFINITY), { nil: undefined }),
      distance: fc.integer({ min: 0, max: 2 }),
      outstanding: fc.integer({ min: 0, max: 5 }),
      capacity: fc.constantFrom(0.1, 1, 2),
    })
    fc.assert(
      fc.property(fc.array(any, { maxLength: 6 }), fc.integer({ min: 1, max: 4 }), (all, replicasMin) => {
        const replicas = all.map((each, i) => replica(`${i}`, each as Partial<Replica>))
        const chosen = chooseReplica(replicas, undefined, { ...LIMITS, replicasMin }, numbers(7))
        if (chosen === undefined) return replicas.every(({ standing }) => standing === 'away')
        const lag = ({ lagSeconds }: Replica) => lagSeconds ?? 0
        return !replicas.some(
          (other) =>
            other.standing === 'good' &&
            (chosen.standing !== 'good' ||
              (lag(chosen) > 30 && lag(other) < lag(chosen) && replicasMin === 1) ||
              (lag(other) <= Math.min(30, lag(chosen)) && other.distance < chosen.distance)),
        )
      }),
    )
  })
})

test('cells are near each other by an alias that names both', () => {
  const aliases = new Map([
    ['east', { cells: ['e1', 'e2'] }],
    ['west', { cells: ['w1'] }],
    ['none', {}],
  ])
  const distances = ['e1', 'e2', 'w1', 'n'].map((cell) => cellDistance('e1', cell, aliases))
  expect(distances).toEqual([0, 1, 2, 2])
})
