import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { sumInfo } from '../../../src/engine/sum-info.ts'
import type { Plan } from '../../../src/plan/plan.ts'
import { greetingVersion, parseServerVersion } from '../../../src/session/server-version.ts'
import { namesOf, namesOfSet } from '../../../src/session/settings/character-set.ts'
import { likeMatcher } from '../../../src/session/show/like.ts'
import { PlanCaches, type PlanLimits } from '../../../src/session/statements/plan-cache.ts'
import { quoteString } from '../../../src/values/sql-literal.ts'
import { toUtf8 } from '../../../src/values/to-utf8.ts'

test('OK texts of several shards are added up', () => {
  assert.equal(
    sumInfo(['Rows matched: 2  Changed: 1  Warnings: 0', '', 'Rows matched: 40  Changed: 3  Warnings: 1']),
    'Rows matched: 42  Changed: 4  Warnings: 1',
  )
  assert.equal(sumInfo(['', '']), '')
})

describe('LIKE over names', () => {
  for (const [pattern, name, expected] of [
    ["'cust%'", 'Customers', true],
    ["'%'", '', true],
    ["'_ustomers'", 'customers', true],
    ["'_ustomers'", 'ccustomers', false],
    ["'a\\_b'", 'a_b', true],
    ["'a\\_b'", 'axb', false],
    ["'%a%b%'", 'xxaxxbxx', true],
    ["'%ab'", 'aab', true],
    ["''", 'x', false],
  ] as const) {
    test(`${name} LIKE ${pattern}: ${expected}`, () => assert.equal(likeMatcher(pattern)(name), expected))
  }
})

describe('server versions', () => {
  for (const [text, number, isMariadb] of [
    ['9.7.4-2', 90_704, false],
    ['8.0.36', 80_036, false],
    ['10.11.19-MariaDB-0+deb12u1', 101_119, true],
    ['5.5.5-10.11.6-MariaDB', 101_106, true],
  ] as const) {
    test(text, () => {
      const version = parseServerVersion(text)
      assert.deepEqual([version.number, version.isMariadb], [number, isMariadb])
    })
  }
})

describe('the version in the greeting', () => {
  for (const [text, announced] of [
    ['9.7.4-2', '9.7.4-2'],
    ['10.11.19-MariaDB-0+deb12u1', '5.5.5-10.11.19-MariaDB-0+deb12u1'],
    ['5.5.5-10.11.6-MariaDB', '5.5.5-10.11.6-MariaDB'],
    ['11.4.2-MariaDB', '11.4.2-MariaDB'],
  ] as const) {
    test(text, () => assert.equal(greetingVersion(parseServerVersion(text)), announced))
  }
})

describe('the plan cache', () => {
  const plan = (construct: string): Plan => ({
    root: { kind: 'Unsupported', construct },
    userVariables: [],
    locks: false,
  })

  const caches = (limits: Partial<PlanLimits>) =>
    new PlanCaches({ plansMax: 1000, bytesMax: 1e9, cachesMax: 2, ...limits })

  test('forgets what was not asked for while others were', () => {
    const cache = caches({ plansMax: 4 }).of('main')
    cache.set('a', plan('a'), 1)
    cache.set('b', plan('b'), 1)
    cache.set('c', plan('c'), 1) // a and b are the older half now
    assert.equal(cache.get('a')?.root.kind, 'Unsupported') // and a is young again
    cache.set('d', plan('d'), 1)
    cache.set('e', plan('e'), 1)
    assert.equal(cache.get('b'), undefined)
    assert.notEqual(cache.get('a'), undefined)
    assert.ok(cache.size <= 4)
  })

  test('counts the texts that plans keep alive, those of all ways of reading together', () => {
    const all = caches({ bytesMax: 10_000_000 })
    const [main, other] = [all.of('main'), all.of('other')]
    for (let i = 0; i < 1000; i++) for (const cache of [main, other]) cache.set(`${i}`, plan('x'), 60_000)
    assert.ok((main.size + other.size) * 120_000 < 10_000_000)
    main.set('huge', plan('huge'), 2_000_000)
    assert.equal(main.get('huge'), undefined)
  })

  test('a cache that gave its place to another one says so, and keeps nothing', () => {
    const all = caches({})
    const first = all.of('1')
    first.set('a', plan('a'), 1)
    all.of('2')
    all.of('3')
    assert.ok(first.isDropped)
    first.set('b', plan('b'), 1)
    assert.equal(first.size, 0)
  })
})

describe('character sets of clients', () => {
  test('the collation of the handshake becomes SET NAMES', () => {
    assert.equal(namesOf(255, false), "'utf8mb4' COLLATE 'utf8mb4_0900_ai_ci'")
    assert.equal(namesOf(45, true), "'utf8mb4' COLLATE 'utf8mb4_general_ci'")
    assert.equal(namesOf(8, false), "'latin1' COLLATE 'latin1_swedish_ci'")
  })

  test('MariaDB 10.11 knows no 0900 collation: it gets the default of the character set', () => {
    assert.equal(namesOf(255, true), "'utf8mb4' COLLATE 'utf8mb4_general_ci'")
  })

  test('unknown names, pairs that do not fit and unsafe sets are refused', () => {
    assert.throws(() => namesOfSet('klingon', undefined, false), { errno: 1115 })
    assert.throws(() => namesOfSet('utf8mb4', 'no_such', false), { errno: 1273 })
    assert.throws(() => namesOfSet('utf8mb4', 'latin1_bin', false), { errno: 1253 })
    assert.throws(() => namesOfSet('utf16', undefined, false), { errno: 1231 })
    assert.throws(() => namesOfSet('gbk', undefined, false), { errno: 1235, message: /gbk/ })
  })

  test('text is hashed as UTF-8 whatever the client speaks', () => {
    assert.equal(Buffer.from(toUtf8(Buffer.from('e9', 'hex'), 'latin1')).toString(), 'é')
    assert.equal(Buffer.from(toUtf8(Buffer.from('é'), 'utf8mb4')).toString(), 'é')
    assert.throws(() => toUtf8(Buffer.from('e9', 'hex'), 'dec8'), { errno: 1235, message: /dec8/ })
  })
})

test('string literals mean the same under every sql_mode', () => {
  assert.equal(quoteString("it's"), "'it''s'")
  assert.equal(quoteString('a\\b'), '_utf8mb4 0x615c62')
  assert.equal(quoteString('é'), '_utf8mb4 0xc3a9') // whatever the client's character set
})
