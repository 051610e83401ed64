import { describe, expect, test } from 'vitest'
import { printPlan } from '../../../src/plan/print-plan.ts'
import { planOf, traceOf } from './plan-cases.ts'

/** What is done to each statement, and at `-` what is not; the plans themselves are in test/plans. */
const cases: readonly { readonly why: string; readonly sql: string; readonly steps: string }[] = [
  {
    why: 'a point select: one route has it all',
    sql: 'select name from user where id = 5',
    steps: `
merge: Project(Filter(user))
  placeTable: user -> Route(user), vindex hash says where its rows are
  pushFilter: Filter(Route(user)) -> Route(Filter(user)), a shard has all that it asks for
  - pushToOneShard: Project(Route(Filter(user))), its route may meet several shards
settle: Project(Route(Filter(user)))
  chooseRouting: Route(Filter(user)), Equal keyspace=customer vindex=hash values=[:0]
push: Project(Route(Filter(user)))
  pushProject: Project(Route(Filter(user))) -> Route(Project(Filter(user))), nothing is above the shards
finish: Route(Project(Filter(user)))`,
  },
  {
    why: 'a scatter with ORDER BY and LIMIT: shards sort and cut, above them rows are merged and cut again',
    sql: 'select name from user order by age limit 10',
    steps: `
merge: Project(Limit(Order(user)))
  placeTable: user -> Route(user), vindex hash says where its rows are
  - pushToOneShard: Order(Route(user)), its route may meet several shards
  - pushToOneShard: Limit(Order(Route(user))), its input is no route
  - pushToOneShard: Project(Limit(Order(Route(user)))), its input is no route
settle: Project(Limit(Order(Route(user))))
  chooseRouting: Route(user), Scatter keyspace=customer
push: Project(Limit(Order(Route(user))))
  pushOrder: Order(Route(user)) -> Route(Order(user)), shards sort, their rows are merged
  pushLimit: Limit(Route(Order(user))) -> Limit(Route(Limit(Order(user)))), no more rows of a shard can be wanted
  - pushLimit: Limit(Route(Limit(Order(user)))), it cuts what the shards send
  - pushProject: Project(Limit(Route(Limit(Order(user))))), something is done above the shards
  - bindJoin: Project(Limit(Route(Limit(Order(user))))), its rows are not those of a join
  - bindGroups: Project(Limit(Route(Limit(Order(user))))), its rows are not groups of those of a join
finish: Project(Limit(Route(Limit(Order(user)))))`,
  },
  {
    why: 'groups: shards make parts of them, HAVING is asked where it can be',
    sql: 'select age, count(*) n from user group by age having n > 5 and age < 50',
    steps: `
merge: Project(Filter(Aggregate(user)))
  placeTable: user -> Route(user), vindex hash says where its rows are
  - pushToOneShard: Aggregate(Route(user)), its route may meet several shards
  - pushFilter: Filter(Aggregate(Route(user))), what it asks for is on no route
  - pushToOneShard: Project(Filter(Aggregate(Route(user)))), its input is no route
settle: Project(Filter(Aggregate(Route(user))))
  chooseRouting: Route(user), Scatter keyspace=customer
push: Project(Filter(Aggregate(Route(user))))
  splitAggregate: Aggregate(Route(user)) -> Aggregate(Route(Order(Aggregate(user)))), shards group their own rows
  splitHaving: Filter(Aggregate(Route(Order(Aggregate(user))))) -> Filter(Aggregate(Route(Order(Filter(Aggregate(user)))))), aggregates are known of whole groups
  - pushAggregate: Aggregate(Route(Order(Filter(Aggregate(user))))), rows of a group may be on several shards
  - splitAggregate: Aggregate(Route(Order(Filter(Aggregate(user))))), it puts parts of groups together
  - splitHaving: Filter(Aggregate(Route(Order(Filter(Aggregate(user)))))), it is asked of whole groups
  - pushFilter: Filter(Aggregate(Route(Order(Filter(Aggregate(user)))))), what it asks for is on no route
  - pushProject: Project(Filter(Aggregate(Route(Order(Filter(Aggregate(user))))))), something is done above the shards
  - bindJoin: Project(Filter(Aggregate(Route(Order(Filter(Aggregate(user))))))), its rows are not those of a join
  - bindGroups: Project(Filter(Aggregate(Route(Order(Filter(Aggregate(user))))))), its rows are not groups of those of a join
finish: Project(Filter(Aggregate(Route(Order(Filter(Aggregate(user)))))))`,
  },
  {
    why: 'a join that no shard can do by itself: what was tried',
    sql: 'select 1 from user u join music m on u.name = m.title where u.id = 5',
    steps: `
merge: Project(Filter(Join(user, music)))
  placeTable: user -> Route(user), vindex hash says where its rows are
  placeTable: music -> Route(music), vindex hash says where its rows are
  - mergeRoutes: Join(Route(user), Route(music)), nothing says of two of its routes that rows that join are on one shard
  - takeInQuery: Join(Route(user), Route(music)), its inputs are all routes, or none is
  - pushFilter: Filter(Join(Route(user), Route(music))), what it asks for is on no route
  - pushToOneShard: Project(Filter(Join(Route(user), Route(music)))), its input is no route
settle: Project(Filter(Join(Route(user), Route(music))))
  chooseRouting: Route(user), Equal keyspace=customer vindex=hash values=[:1]
  chooseRouting: Route(music), Scatter keyspace=customer
push: Project(Filter(Join(Route(user), Route(music))))
  - splitHaving: Filter(Join(Route(user), Route(music))), its groups are not put together
  - pushFilter: Filter(Join(Route(user), Route(music))), what it asks for is on no route
  - pushProject: Project(Filter(Join(Route(user), Route(music)))), its rows are not those of one route
  - bindJoin: Project(Filter(Join(Route(user), Route(music)))), a condition is about several of them, or may be noticed
  - bindGroups: Project(Filter(Join(Route(user), Route(music)))), its rows are not groups of those of a join
finish: Project(Filter(Join(Route(user), Route(music))))`,
  },
  {
    why: 'outer joins and subqueries: each with the route that takes it in',
    sql: 'select 1 from user u left join music m on m.user_id = u.id where u.id in (select user_id from extra) and exists (select 1 from token)',
    steps: `
merge: Project(Filter(Apply(OuterJoin(user, music), IN Project(extra), EXISTS Project(token))))
  placeTable: user -> Route(user), vindex hash says where its rows are
  placeTable: music -> Route(music), vindex hash says where its rows are
  takeInOuter: OuterJoin(Route(user), Route(music)) -> Route(OuterJoin(user, music)), equal columns of one vindex
  placeTable: extra -> Route(extra), vindex hash says where its rows are
  placeTable: token -> Route(token), vindex xxhash says where its rows are
  takeInSubqueries: Apply(Route(OuterJoin(user, music)), IN Project(Route(extra)), EXISTS Project(Route(token))) -> Apply(Route(Apply(OuterJoin(user, music), IN Project(extra))), EXISTS Project(Route(token))), equal columns of one vindex
  - pushToOneShard: Project(Route(token)), its route may meet several shards
  - takeInSubqueries: Apply(Route(Apply(OuterJoin(user, music), IN Project(extra))), EXISTS Project(Route(token))), nothing says that token is where the rows are
  - pushFilter: Filter(Apply(Route(Apply(OuterJoin(user, music), IN Project(extra))), EXISTS Project(Route(token)))), what it asks for is on no route
  - pushToOneShard: Project(Filter(Apply(Route(Apply(OuterJoin(user, music), IN Project(extra))), EXISTS Project(Route(token))))), its input is no route
settle: Project(Filter(Apply(Route(Apply(OuterJoin(user, music), IN Project(extra))), EXISTS Project(Route(token)))))
  chooseRouting: Route(Apply(OuterJoin(user, music), IN Project(extra))), Scatter keyspace=customer
  chooseRouting: Route(token), Scatter keyspace=customer
push: Project(Filter(Apply(Route(Apply(OuterJoin(user, music), IN Project(extra))), EXISTS Project(Route(token)))))
  pushProject: Project(Route(token)) -> Route(Project(token)), nothing is above the shards
  - splitHaving: Filter(Apply(Route(Apply(OuterJoin(user, music), IN Project(extra))), EXISTS Route(Project(token)))), its groups are not put together
  - pushFilter: Filter(Apply(Route(Apply(OuterJoin(user, music), IN Project(extra))), EXISTS Route(Project(token)))), what it asks for is on no route
  - pushProject: Project(Filter(Apply(Route(Apply(OuterJoin(user, music), IN Project(extra))), EXISTS Route(Project(token))))), its rows are not those of one route
  - bindJoin: Project(Filter(Apply(Route(Apply(OuterJoin(user, music), IN Project(extra))), EXISTS Route(Project(token))))), not of tables whose columns are known
  - bindGroups: Project(Filter(Apply(Route(Apply(OuterJoin(user, music), IN Project(extra))), EXISTS Route(Project(token))))), its rows are not groups of those of a join
finish: Project(Filter(Apply(Route(Apply(OuterJoin(user, music), IN Project(extra))), EXISTS Route(Project(token)))))`,
  },
]

describe('the trace of a statement', () => {
  for (const { why, sql, steps } of cases) {
    test(`${why}: ${sql}`, () => {
      const { plan, trace } = traceOf(sql)
      expect(printPlan(plan)).toBe(printPlan(planOf(sql)))
      expect(['', ...trace].join('\n')).toBe(`${steps}\nplan:\n${printPlan(plan)}`)
    })
  }

  test('says where the rules are not asked', () => {
    const toShard = traceOf('select 1 from user', { shard: '-80' }).trace[0]
    expect(toShard).toBe('the target is shard customer:-80, which gets the statement as it is')
    const unsharded = traceOf('select 1 from commerce.product').trace[0]
    expect(unsharded).toBe('all tables are in unsharded keyspace commerce, which gets the statement as it is')
  })
})
