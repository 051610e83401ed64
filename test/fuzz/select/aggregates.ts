import type { Family } from './column-types.ts'
import { columnOf, keyOf } from './columns.ts'
import { type ExprShape, expr } from './expressions.ts'
import { type Fragment, sql } from './fragment.ts'
import type { Expr, Grammar, Scope } from './grammar.ts'
import { condition } from './predicates.ts'

/** Families that an aggregate function can give whatever the rows' order. */
export const AGGREGATED: readonly Family[] = [
  ...([
    'integer',
    'integer',
    'decimal',
    'decimal',
    'double',
    'text',
    'binary',
    'date',
    'datetime',
    'time',
    'year',
  ] as const),
  ...(['json'] as const),
]

/** A value of a group of rows. */
export function aggregate(g: Grammar, scope: Scope, family: Family, shape: ExprShape): Expr {
  const tame: ExprShape = { ...shape, depth: Math.min(shape.depth, 1), isTame: true }
  const rules = RULES[family] ?? [extreme]
  const { sql: text, isTame = true } = g.random.pick(rules)(g, scope, tame, family)
  return { sql: text, family, isTame }
}

/** One that is told to a tolerance: its last digits hang on the order of rows. */
export function approximate(g: Grammar, scope: Scope, shape: ExprShape): Expr {
  const name = g.random.pick(['STD', 'STDDEV_SAMP', 'VAR_POP', 'VARIANCE', 'VAR_SAMP', 'STDDEV'])
  const value = expr(g, scope, g.random.pick(['integer', 'decimal', 'double']), { ...shape, isTame: true })
  return { sql: sql`${name}(${value.sql})`, family: 'double', isTame: false }
}

type Rule = (
  g: Grammar,
  scope: Scope,
  shape: ExprShape,
  family: Family,
) => { readonly sql: Fragment; readonly isTame?: boolean }

const RULES: Partial<Record<Family, readonly Rule[]>> = {
  integer: [count, count, countDistinct, countIf, bits, extreme],
  decimal: [sumOf('integer'), sumOf('integer'), sumOf('decimal'), average, extreme],
  double: [sumOf('double'), extreme],
  text: [concatenation, extreme],
  json: [objects, arrays],
}

function extreme(g: Grammar, scope: Scope, shape: ExprShape, family: Family) {
  const value = expr(g, scope, family, shape)
  return { sql: sql`${g.random.pick(['MIN', 'MAX'])}(${distinct(g, 8)}${value.sql})`, isTame: value.isTame }
}

function count(g: Grammar, scope: Scope, shape: ExprShape) {
  if (g.random.oneIn(2)) return { sql: 'COUNT(*)' }
  return { sql: sql`COUNT(${expr(g, scope, g.random.pick(['integer', 'text', 'date']), shape).sql})` }
}

/** Of any values, also those that are equal and do not look so. */
function countDistinct(g: Grammar, scope: Scope) {
  const values = [1, 2].map(() => columnOf(g, scope, ({ family }) => family !== 'json')?.sql ?? '1')
  return {
    sql: g.random.oneIn(3)
      ? sql`COUNT(DISTINCT ${values[0]!}, ${values[1]!})`
      : sql`COUNT(DISTINCT ${values[0]!})`,
  }
}

function countIf(g: Grammar, scope: Scope, shape: ExprShape) {
  return { sql: sql`COUNT(IF(${condition(g, scope, { ...shape, depth: 0, queryDepth: 0 })}, 1, NULL))` }
}

function bits(g: Grammar, scope: Scope, shape: ExprShape) {
  return {
    sql: sql`${g.random.pick(['BIT_AND', 'BIT_OR', 'BIT_XOR'])}(${expr(g, scope, 'integer', shape).sql})`,
    isTame: false,
  }
}

function sumOf(family: Family): Rule {
  return (g, scope, shape) => ({
    sql: sql`SUM(${distinct(g, 4)}${expr(g, scope, family, shape).sql})`,
    isTame: family === 'integer',
  })
}

function average(g: Grammar, scope: Scope, shape: ExprShape) {
  return {
    sql: sql`AVG(${distinct(g, 4)}${expr(g, scope, g.random.pick(['integer', 'decimal']), shape).sql})`,
    isTame: false,
  }
}

/** In an order that leaves nothing in doubt: of the values, or of the rows' keys. Of a parameter MySQL 9.7 dies. */
function concatenation(g: Grammar, scope: Scope, shape: ExprShape) {
  const { random } = g
  const separator = random.oneIn(3) ? ` SEPARATOR ${random.pick(["''", "'; '", "'|'"])}` : ''
  const key = keyOf(scope)
  if (key !== undefined && random.oneIn(2)) {
    const value = expr(g, scope, random.pick(['text', 'integer', 'date']), shape)
    return { sql: sql`GROUP_CONCAT(${value.sql} ORDER BY ${key.join(', ')}${separator})`, isTame: false }
  }
  const value =
    columnOf(g, scope, ({ family, isTame }) => isTame && CONCATENATED.includes(family))?.sql ?? "'x'"
  const direction = random.oneIn(2) ? ' DESC' : ''
  const text = sql`GROUP_CONCAT(${distinct(g, 2)}${value} ORDER BY ${value}${direction}${separator})`
  return { sql: text, isTame: false }
}

const CONCATENATED: readonly Family[] = ['text', 'integer', 'date', 'enum', 'decimal', 'datetime']

/** Keys of the object are unique when they are the rows' key. */
function objects(g: Grammar, scope: Scope, shape: ExprShape) {
  const key = keyOf(scope)
  if (key === undefined) return arrays(g, scope, shape)
  const name = `CONCAT_WS('-', ${key.map((column) => `COALESCE(${column}, 'none')`).join(', ')})`
  return { sql: sql`JSON_OBJECTAGG(${name}, ${expr(g, scope, 'integer', shape).sql})`, isTame: false }
}

/** The order of its values is nobody's promise: their number is. */
function arrays(g: Grammar, scope: Scope, shape: ExprShape) {
  return {
    sql: sql`JSON_ARRAY(JSON_LENGTH(JSON_ARRAYAGG(${expr(g, scope, 'integer', shape).sql})))`,
    isTame: false,
  }
}

function distinct({ random }: Grammar, times: number): string {
  return random.oneIn(times) ? 'DISTINCT ' : ''
}
