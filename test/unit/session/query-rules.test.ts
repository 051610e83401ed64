import assert from 'node:assert/strict'
import { test } from 'vitest'
import type { Plan } from '../../../src/plan/plan.ts'
import { parseRules } from '../../../src/session/rules/parse-rules.ts'
import { QueryRules, type Sender } from '../../../src/session/rules/query-rules.ts'
import { scan } from '../../../src/sql/fingerprint.ts'
import { silentLogger } from '../../../src/telemetry/log.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const APP: Sender = { user: 'app', host: '10.1.2.3', workload: undefined }

/** A plan of a statement on `shop.orders`. */
function planOf(kind: 'Unsharded' | 'Scatter' = 'Unsharded'): Plan {
  const tables = [{ right: 'read', command: 'SELECT', keyspace: 'shop', table: 'orders' }]
  const root = { kind: 'Route', routing: { kind, keyspace: 'shop' } }
  return { root, needs: { command: 'SELECT', reaches: [], tables } } as unknown as Plan
}

function rulesOf(...rules: readonly Record<string, unknown>[]) {
  const clock = new ManualClock()
  const named = rules.map((rule, i) => ({ name: `rule ${i}`, action: 'refuse', ...rule }))
  const made = new QueryRules(parseRules({ rules: named }), { clock, log: silentLogger })
  const apply = (sql: string, sender: Partial<Sender> = {}, plan = planOf()) => {
    try {
      return made.apply(plan, scan(sql, 0, 80_400), { ...APP, ...sender }) ?? 'passed'
    } catch (error) {
      return (error as { errno: number }).errno
    }
  }
  return { clock, made, apply }
}

const READ = 'select * from orders where id = 7'

test.each([
  [{}, 1227],
  [{ statement: 'SELECT * FROM orders WHERE id = 1' }, 1227],
  [{ statement: 'SELECT * FROM orders WHERE ref = 1' }, 'passed'],
  [{ like: 'select * from orders where%' }, 1227],
  [{ like: '%from orders' }, 'passed'],
  [{ verbs: ['select'] }, 1227],
  [{ verbs: ['update', 'delete'] }, 'passed'],
  [{ tables: ['shop.ord%'] }, 1227],
  [{ tables: ['shop.ord_rs', 'shop.lines'] }, 'passed'],
  [{ tables: ['%.orders'] }, 1227],
  [{ users: ['app'] }, 1227],
  [{ users: ['other'] }, 'passed'],
  [{ clients: ['10.0.0.0/8'] }, 1227],
  [{ clients: ['10.1.2.4', '2001:db8::/32'] }, 'passed'],
  [{ plans: ['scatter'] }, 'passed'],
  [{ workloads: ['report'] }, 'passed'],
  [{ users: ['app'], verbs: ['SELECT'], tables: ['shop.orders'] }, 1227],
  [{ users: ['other'], verbs: ['SELECT'] }, 'passed'],
  [{ action: 'timeout', timeout_ms: 50 }, 50],
  [{ action: 'log' }, 'passed'],
] as const)('%j: %s', (rule, expected) => {
  const { apply } = rulesOf(rule)
  assert.equal(apply(READ), expected)
})

test('what a rule says of the sender is asked each time, of the statement once for each plan', () => {
  const { apply } = rulesOf({ clients: ['2001:db8::/32'], plans: ['scatter'], workloads: ['report'] })
  const plan = planOf('Scatter')
  const sender = { host: '2001:db8::7', workload: 'report' }
  assert.equal(apply(READ, sender, plan), 1227)
  assert.equal(apply(READ, { ...sender, workload: 'own' }, plan), 'passed')
  assert.equal(apply(READ, { ...sender, host: '::1' }, plan), 'passed')
  assert.equal(apply(READ, { ...sender, host: 'localhost' }, plan), 'passed')
  assert.equal(apply(READ, sender, planOf()), 'passed')
})

test('rules apply in their order, and the shortest time counts', async () => {
  const { apply, clock, made } = rulesOf(
    { action: 'timeout', timeout_ms: 900 },
    { action: 'timeout', timeout_ms: 300 },
    { action: 'throttle', per_second: 2 },
    { users: ['bad'] },
  )
  assert.deepEqual([apply(READ), apply(READ), apply(READ)], [300, 300, 1203])
  await clock.advance(1_000)
  assert.deepEqual([apply(READ, { user: 'bad' }), apply(READ), apply(READ)], [1227, 300, 1203])
  assert.deepEqual(
    made.counts.map(({ matched }) => matched),
    [6, 6, 6, 1],
  )
})

test('mistakes are named', () => {
  const parse = (rule: Record<string, unknown>) => () => parseRules({ rules: [rule] })
  assert.throws(parse({ name: 'x', action: 'drop' }), /rules\.0\.action/)
  assert.throws(parse({ name: 'x', action: 'timeout' }), /timeout_ms goes with/)
  assert.throws(parse({ name: 'x', action: 'refuse', clients: ['10.0.0'] }), /10\.0\.0/)
  assert.throws(parse({ name: 'x', action: 'refuse', clients: ['10.0.0.0/99'] }), /10\.0\.0\.0\/99/)
  assert.throws(parse({ name: 'x', action: 'refuse', table: ['a.b'] }), /table/)
  const twice = [
    { name: 'x', action: 'log' },
    { name: 'x', action: 'log' },
  ]
  assert.throws(() => parseRules({ rules: twice }), /two rules are named x/)
  assert.deepEqual(parseRules(undefined), [])
})
