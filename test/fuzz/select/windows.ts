import { columnOf, keyOf } from './columns.ts'
import { type ExprShape, expr } from './expressions.ts'
import { type Fragment, optional, sql } from './fragment.ts'
import type { Expr, Grammar, Scope } from './grammar.ts'
import { smallNumber } from './literals.ts'

/** A window function with its window; `orderKey` tells all rows apart. */
export function windowed(g: Grammar, scope: Scope, shape: ExprShape): Expr {
  const key = keyOf(scope)
  const rules = key === undefined ? PEERS : [...PEERS, ...PLACES]
  return g.random.pick(rules)(g, scope, shape, key?.join(', ') ?? '')
}

type Rule = (g: Grammar, scope: Scope, shape: ExprShape, key: string) => Expr

/** The same for all rows that are peers. */
const PEERS: readonly Rule[] = [
  (g, scope) =>
    integer(
      sql`${g.random.pick(['RANK()', 'DENSE_RANK()'])} OVER (${partition(g, scope)}${orderBy(g, scope)})`,
    ),
  (g, scope) =>
    double(
      sql`${g.random.pick(['CUME_DIST()', 'PERCENT_RANK()'])} OVER (${partition(g, scope)}${orderBy(g, scope)})`,
    ),
  (g, scope) =>
    integer(sql`COUNT(*) OVER (${partition(g, scope)}${g.random.oneIn(2) ? orderBy(g, scope) : ''})`),
  (g, scope, shape) =>
    decimal(sql`SUM(${value(g, scope, shape)}) OVER (${partition(g, scope)}${orderBy(g, scope)}${range(g)})`),
  (g, scope, shape) => integer(sql`MAX(${value(g, scope, shape)}) OVER (${partition(g, scope)})`),
]

/** Each row has its own place. */
const PLACES: readonly Rule[] = [
  (g, scope, _, key) => integer(sql`ROW_NUMBER() OVER (${partition(g, scope)} ORDER BY ${key})`),
  (g, scope, _, key) => integer(sql`NTILE(3) OVER (${partition(g, scope)} ORDER BY ${key} DESC)`),
  (g, scope, shape, key) => {
    const more = g.random.oneIn(2) ? sql`, ${smallNumber(g)}` : ''
    const lag = sql`${g.random.pick(['LAG', 'LEAD'])}(${value(g, scope, shape)}, ${g.random.pick(['1', '2'])}${more})`
    return integer(sql`${lag} OVER (${partition(g, scope)} ORDER BY ${key})`)
  },
  (g, scope, shape, key) => {
    const name = g.random.pick(['FIRST_VALUE', 'LAST_VALUE'])
    return integer(
      sql`${name}(${value(g, scope, shape)}) OVER (${partition(g, scope)} ORDER BY ${key}${frame(g)})`,
    )
  },
  (g, scope, shape, key) =>
    integer(
      sql`NTH_VALUE(${value(g, scope, shape)}, 2) OVER (${partition(g, scope)} ORDER BY ${key}${frame(g)})`,
    ),
  (g, scope, shape, key) =>
    decimal(
      sql`${g.random.pick(['SUM', 'AVG'])}(${value(g, scope, shape)}) OVER (${partition(g, scope)} ORDER BY ${key}${frame(g)})`,
    ),
  (g, scope, shape, key) =>
    integer(sql`COUNT(${value(g, scope, shape)}) OVER (${partition(g, scope)} ORDER BY ${key}${frame(g)})`),
]

function value(g: Grammar, scope: Scope, shape: ExprShape): Fragment {
  return expr(g, scope, 'integer', { ...shape, depth: Math.min(shape.depth, 1), isTame: true }).sql
}

function partition(g: Grammar, scope: Scope): Fragment {
  const column = columnOf(g, scope, ({ family }) => family !== 'json')
  return g.random.oneIn(3) || column === undefined ? '' : optional(sql`PARTITION BY ${column.sql}`)
}

function orderBy(g: Grammar, scope: Scope): Fragment {
  const column = columnOf(g, scope, ({ family }) => family !== 'json')
  return column === undefined
    ? ' ORDER BY 1 + 1'
    : sql` ORDER BY ${column.sql}${g.random.oneIn(2) ? ' DESC' : ''}`
}

function range({ random }: Grammar): Fragment {
  return random.pick(['', ' RANGE UNBOUNDED PRECEDING', ' RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING'])
}

function frame({ random }: Grammar): Fragment {
  return optional(
    random.pick([
      ' ROWS UNBOUNDED PRECEDING',
      ' ROWS BETWEEN 1 PRECEDING AND CURRENT ROW',
      ' ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING',
      ' ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING',
      ' ROWS BETWEEN 2 FOLLOWING AND 3 FOLLOWING',
      ' RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW',
    ]),
  )
}

const integer = (text: Fragment): Expr => ({ sql: text, family: 'integer', isTame: false })
const decimal = (text: Fragment): Expr => ({ sql: text, family: 'decimal', isTame: false })
const double = (text: Fragment): Expr => ({ sql: text, family: 'double', isTame: false })
