import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SqlError } from '../../../src/errors/sql-error.ts'
import { printPlan } from '../../../src/plan/print-plan.ts'
import { planOf } from './plan-cases.ts'

describe('one plan serves every text of one key', () => {
  const texts = [
    ['select name from user where id = 1', "select name from user where id = 'x'"],
    ['select 1 from user where id in (1)', 'select 1 from user where id in (1, 2, 3)'],
    ['insert into user (id) values (1)', 'insert into user (id) values (1), (2)'],
    ['select 1 from user limit 3', 'select 1 from user limit 30'],
    ["select concat( name,'a' ) from user order by id", "select concat( name,'bcd' ) from user order by id"],
  ] as const
  for (const [a, b] of texts) test(a, () => expect(printPlan(planOf(a))).toBe(printPlan(planOf(b))))
})

describe('values that only look equal', () => {
  const column = fc.constantFrom('u.id', 'm.user_id', 'u.age', 'm.x')
  const number = fc.integer({ min: 1, max: 9 })

  test('tables that meet by values only are never planned for several shards', () => {
    fc.assert(
      fc.property(number, number, fc.constantFrom('=', '<=>'), (a, b, op) => {
        const plan = planOf(`select 1 from user u, music m where u.id ${op} ${a} and m.user_id ${op} ${b}`)
        return plan.root.kind === 'Federate' && plan.shortcut?.routing.kind === 'Union'
      }),
    )
  })

  test('a join runs on several shards only if a chain of equal columns links the vindexes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(column, column), { maxLength: 4 }), (pairs) => {
        const where = ['1 = 1', ...pairs.map(([a, b]) => `${a} = ${b}`)].join(' and ')
        const plan = planOf(`select 1 from user u, music m where ${where}`)
        const isPlanned = plan.root.kind !== 'Federate'
        return isPlanned === areLinked('u.id', 'm.user_id', pairs)
      }),
    )
  })
})

function areLinked(from: string, to: string, pairs: readonly (readonly [string, string])[]): boolean {
  const reached = new Set([from])
  for (let grown = -1; grown !== reached.size; ) {
    grown = reached.size
    for (const [a, b] of pairs) {
      if (reached.has(a)) reached.add(b)
      if (reached.has(b)) reached.add(a)
    }
  }
  return reached.has(to)
}

describe('bounds', () => {
  const tables = (count: number) => Array.from({ length: count }, (_, i) => `user u${i}`)

  test('a FROM has at most the 61 tables that MySQL joins', () => {
    expect(planOf(`select 1 from ${tables(61)}`).shortcut).toBeDefined()
    for (const from of [tables(62).join(), tables(1400).join(' join ')])
      expect(() => planOf(`select 1 from ${from}`)).toThrowError(/^Too many tables; MySQL can only use 61/)
    const onMariadb = () => planOf(`select 1 from ${tables(62)}`, { serverVersion: 101_106 })
    expect(onMariadb).toThrowError(/^Too many tables; MariaDB can only use 61/)
  })

  test('very many tables are not brought together', () => {
    const union = (count: number) => Array(count).fill('select 1 from user where id = 1').join(' union ')
    expect(planOf(union(900)).shortcut).toBeDefined()
    expect(planOf(union(20_000))).toMatchObject({ root: { kind: 'Unsupported' } })
  })

  test('subqueries nested in select lists take time by their number, not two to its power', () => {
    const nested = (inner: string) => `select ${'(select '.repeat(60)}${inner}${')'.repeat(60)} from user`
    expect(planOf(nested('1')).shortcut).toBeDefined()
    expect(planOf(nested('database()')).shortcut).toBeDefined()
  })

  test('queries are followed inside of twice as many others as MySQL allows', () => {
    const select = 'select distinct id, row_number() over (partition by id) from'
    const clauses =
      'where exists (select 1 from currency) group by id having count(*) > 1 order by id limit 5'
    const nested = (count: number) =>
      `select id from ${`(${select} `.repeat(count)}user${`) d ${clauses}`.repeat(count)}`
    expect(planOf(nested(127)).shortcut).toBeDefined()
    // MySQL's own error is that of the copies' server.
    expect(planOf(nested(150))).toMatchObject({ root: { kind: 'Federate' } })
  })

  test('tables of WITH that double from one to the next are not followed for ever', () => {
    const next = (_: unknown, i: number) => `c${i + 1} as (select a.id from c${i} a, c${i} b)`
    const clauses = ['c0 as (select id from user)', ...Array.from({ length: 40 }, next)]
    expect(planOf(`with ${clauses} select 1 from c40`)).toMatchObject({ root: { kind: 'Unsupported' } })
  })
})

describe('errors that MySQL gives, too', () => {
  const cases = [
    { sql: 'select * from nosuch', changes: {}, errno: 1146 },
    { sql: 'select * from nowhere.t', changes: {}, errno: 1049 },
    { sql: 'create table t (a int)', changes: { defaultKeyspace: undefined }, errno: 1046 },
  ]
  for (const { sql, changes, errno } of cases) {
    test(`${errno}: ${sql}`, () => {
      try {
        planOf(sql, changes as never)
      } catch (error) {
        expect(error).toBeInstanceOf(SqlError)
        expect((error as SqlError).errno).toBe(errno)
        return
      }
      expect.unreachable()
    })
  }
})

test('deep conditions are planned without running out of stack', () => {
  const sql = `select 1 from user where ${Array.from({ length: 3000 }, (_, i) => `id = ${i}`).join(' or ')}`
  expect(planOf(sql).shortcut).toBeDefined()
})
