import { describe, expect, test } from 'vitest'
import { traceOf } from './plan-cases.ts'

/** The tree that the rules begin with. */
function treeOf(sql: string): string | undefined {
  return traceOf(sql).trace[0]?.replace(/^merge: /, '')
}

const cases = [
  {
    why: 'clauses stand in the order in which they are carried out',
    sql: `select distinct age, count(*) c, sum(count(*)) over (partition by age) from user where id > 1
      group by age having c > 1 order by c limit 3`,
    tree: 'Project(Limit(Distinct(Order(Window(Filter(Aggregate(Filter(user))))))))',
  },
  {
    why: 'commas, parentheses and inner joins are one join',
    sql: 'select 1 from user u, (music m join extra e on m.user_id = e.user_id) where u.id = m.user_id',
    tree: 'Project(Filter(Join(user, music, extra)))',
  },
  {
    why: 'outer joins stand above inner ones',
    sql: 'select 1 from user u left join music m on m.user_id = u.id join extra e on e.user_id = u.id',
    tree: 'Project(OuterJoin(Join(user, extra), music))',
  },
  {
    why: 'what an inner join says of an outer-joined table is asked above it',
    sql: 'select 1 from user u left join music m on m.user_id = u.id join extra e on e.x = m.x',
    tree: 'Project(Filter(OuterJoin(Join(user, extra), music)))',
  },
  {
    why: 'RIGHT JOIN is the mirror image of LEFT JOIN',
    sql: 'select 1 from music m right join user u on m.user_id = u.id',
    tree: 'Project(OuterJoin(user, music))',
  },
  {
    why: 'the inner side may be a join',
    sql: 'select 1 from user u left join (music m join extra e on m.x = e.x) on m.user_id = u.id',
    tree: 'Project(OuterJoin(user, Join(music, extra)))',
  },
  {
    why: 'what looks to its left finds the outer joins made',
    sql: 'select 1 from user u left join music m on m.user_id = u.id, lateral (select m.x) d',
    tree: 'Project(Join(OuterJoin(user, music), Derived d(Project(nothing))))',
  },
  {
    why: 'subqueries stand below the first clause that asks for them',
    sql: `select (select max(rate) from currency) from user u
      where id in (select user_id from music) or exists (select 1 from extra) group by id`,
    tree: 'Project(Aggregate(Apply(Filter(Apply(user, IN Project(music), EXISTS Project(extra))), value Project(Aggregate(currency)))))',
  },
  {
    why: 'IN is a value where it matters whether it is NULL',
    sql: 'select 1 from user where id not in (select user_id from music)',
    tree: 'Project(Filter(Apply(user, IN as value Project(music))))',
  },
  {
    why: 'a subquery in ON of an inner join is asked where WHERE is, of an outer join at its inner side',
    sql: `select 1 from user u join music m on exists (select 1 from extra)
      left join token t on t.id = any (select 1 from person)`,
    tree: 'Project(Filter(Apply(OuterJoin(Join(user, music), Apply(token, IN Project(person))), EXISTS Project(extra))))',
  },
  {
    why: 'a table of WITH stands wherever it is named',
    sql: 'with c as (select id from user limit 3) select 1 from c a, c b',
    tree: 'Project(Join(Cte a(Project(Limit(user))), Cte b(Project(Limit(user)))))',
  },
  {
    why: 'a recursive table of WITH ends where it names itself',
    sql: 'with recursive c as (select 1 as id union all select id + 1 from c) select 1 from user, c',
    tree: 'Project(Join(user, Cte c(Union(Project(nothing), Project(recursion)))))',
  },
  {
    why: 'clauses behind a union or parentheses are about all of it',
    sql: '(select id from user order by id limit 3) union (select 1) order by 1 limit 2',
    tree: 'Limit(Order(Union(Project(Limit(Order(user))), Project(nothing))))',
  },
  {
    why: 'TABLE is a SELECT',
    sql: 'table user order by id',
    tree: 'Project(Order(user))',
  },
  {
    why: 'a write looks at rows as a query does',
    sql: "update user u join music m on u.id = m.user_id set u.name = (select 'x') where u.id > 5",
    tree: 'Write(Apply(Filter(Join(user, music)), value Project(nothing)))',
  },
  {
    why: 'INSERT … SELECT writes rows of a query, INSERT … VALUES its own',
    sql: 'insert into extra (user_id) select user_id from music',
    tree: 'Write(Project(music))',
  },
] as const

describe('the tree of a statement', () => {
  for (const { why, sql, tree } of cases) test(why, () => expect(treeOf(sql)).toBe(tree))

  test('rows of VALUES are no rows of tables', () => {
    expect(traceOf('insert into music (user_id) values (1)').trace[0]).toBe('finish: InsertRows(music)')
  })
})
