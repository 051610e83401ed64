import type { Family } from './column-types.ts'
import { columnOf } from './columns.ts'
import { type ExprShape, expr, FAMILIES } from './expressions.ts'
import { choice, type Fragment, list, sql } from './fragment.ts'
import type { Expr, Grammar, Scope } from './grammar.ts'
import { literalOf, smallNumber, word } from './literals.ts'

const COMPARISONS = ['=', '=', '=', '<', '>', '<=', '>=', '<>', '!=', '<=>']

/** A condition of one or several parts. */
export function condition(g: Grammar, scope: Scope, shape: ExprShape): Fragment {
  const { random } = g
  if (shape.depth <= 0 || random.oneIn(2)) return simple(g, scope, shape)
  const inner = { ...shape, depth: shape.depth - 1 }
  const parts = Array.from({ length: 2 + random.int(2) }, () => condition(g, scope, inner))
  switch (random.int(6)) {
    case 0:
      return choice(sql`NOT (${parts[0]!})`, [parts[0]!])
    case 1:
      return choice(sql`(${parts[0]!} XOR ${parts[1]!})`, parts)
    case 2:
    case 3:
      return sql`(${list(parts, { separator: ' OR ' })})`
    default:
      return sql`(${list(parts, { separator: ' AND ' })})`
  }
}

function simple(g: Grammar, scope: Scope, shape: ExprShape): Fragment {
  const inner = { ...shape, depth: shape.depth - 1 }
  const kinds = shape.queryDepth > 0 ? SIMPLE.length : SIMPLE.length - QUERIES
  return SIMPLE[g.random.int(kinds)]!(g, scope, inner)
}

type Rule = (g: Grammar, scope: Scope, shape: ExprShape) => Fragment

const SIMPLE: readonly Rule[] = [
  comparison,
  comparison,
  comparison,
  comparison,
  between,
  inList,
  inList,
  pattern,
  isNull,
  truth,
  rows,
  inQuery,
  exists,
  exists,
  quantified,
]
const QUERIES = 4

function comparison(g: Grammar, scope: Scope, shape: ExprShape): Fragment {
  const left = operand(g, scope, shape)
  return sql`${left.sql} ${g.random.pick(COMPARISONS)} ${partner(g, scope, left, shape)}`
}

function between(g: Grammar, scope: Scope, shape: ExprShape): Fragment {
  const left = operand(g, scope, shape)
  const not = g.random.oneIn(4) ? 'NOT ' : ''
  return sql`${left.sql} ${not}BETWEEN ${literalOf(g, left.family).sql} AND ${partner(g, scope, left, shape)}`
}

function inList(g: Grammar, scope: Scope, shape: ExprShape): Fragment {
  const left = operand(g, scope, shape)
  const items = Array.from({ length: 1 + g.random.int(4) }, () => literalOf(g, left.family).sql)
  if (g.random.oneIn(12)) items.push('NULL')
  const not = g.random.oneIn(4) ? 'NOT ' : ''
  return sql`${left.sql} ${not}IN (${list(items)})`
}

function pattern(g: Grammar, scope: Scope, shape: ExprShape): Fragment {
  const text = columnOf(g, scope, ({ family }) => family === 'text') ?? expr(g, scope, 'text', shape)
  const not = g.random.oneIn(4) ? 'NOT ' : ''
  if (g.random.oneIn(4)) return sql`${text.sql} ${not}REGEXP ${g.random.pick(["'^[a-c]'", "'e+$'", "'a|b'"])}`
  const like = g.random.pick(["'%e%'", "'b%'", "'_a%'", "'a%'", "'%'", "'%o_'", "'cat'", "'a|_%' ESCAPE '|'"])
  return sql`${text.sql} ${not}LIKE ${like}`
}

function isNull(g: Grammar, scope: Scope, shape: ExprShape): Fragment {
  return sql`${operand(g, scope, shape).sql} IS ${g.random.oneIn(2) ? 'NOT ' : ''}NULL`
}

function truth(g: Grammar, scope: Scope, shape: ExprShape): Fragment {
  const value = expr(g, scope, 'integer', shape)
  return g.random.oneIn(2)
    ? value.sql
    : sql`${value.sql} IS ${g.random.pick(['TRUE', 'NOT TRUE', 'FALSE', 'UNKNOWN'])}`
}

function rows(g: Grammar, scope: Scope, shape: ExprShape): Fragment {
  const [left, right] = [expr(g, scope, 'integer', shape), operand(g, scope, shape)]
  const row = () => sql`(${literalOf(g, 'integer').sql}, ${literalOf(g, right.family).sql})`
  if (g.random.oneIn(2)) return sql`(${left.sql}, ${right.sql}) IN (${list([row(), row(), row()])})`
  return sql`(${left.sql}, ${right.sql}) ${g.random.pick(['=', '<', '>=', '<>', '<=>'])} ${row()}`
}

function inQuery(g: Grammar, scope: Scope, shape: ExprShape): Fragment {
  const left = operand(g, scope, shape, JOINABLE)
  const query = g.query(scope, { depth: shape.queryDepth - 1, families: [left.family], isUnlimited: true })
  const whole = sql`${left.sql} ${g.random.oneIn(3) ? 'NOT ' : ''}IN (${query.sql})`
  return choice(whole, [sql`${left.sql} IN (NULL)`, '1'])
}

function exists(g: Grammar, scope: Scope, shape: ExprShape): Fragment {
  const query = g.query(scope, { depth: shape.queryDepth - 1, columns: 1 })
  return choice(sql`${g.random.oneIn(3) ? 'NOT ' : ''}EXISTS (${query.sql})`, ['1'])
}

function quantified(g: Grammar, scope: Scope, shape: ExprShape): Fragment {
  const left = operand(g, scope, shape, JOINABLE)
  const query = g.query(scope, { depth: shape.queryDepth - 1, families: [left.family], isUnlimited: true })
  const op = g.random.pick(['=', '<', '>', '<=', '>=', '<>'])
  return choice(sql`${left.sql} ${op} ${g.random.pick(['ANY', 'SOME', 'ALL'])} (${query.sql})`, ['1'])
}

/** Families of which two columns are compared without a word. */
const JOINABLE: readonly Family[] = ['integer', 'integer', 'integer', 'decimal', 'date', 'datetime', 'text']

function operand(g: Grammar, scope: Scope, shape: ExprShape, families: readonly Family[] = FAMILIES): Expr {
  const family = g.random.pick(families.filter((each) => each !== 'json'))
  return expr(g, scope, family, shape)
}

/** Something that may be compared with `left`: texts of two collations may not. */
function partner(g: Grammar, scope: Scope, left: Expr, shape: ExprShape): Fragment {
  const { family, collation } = left
  if (family === 'text') {
    const same = columnOf(g, scope, (kind) => kind.family === 'text' && kind.collation === collation)
    return g.random.oneIn(2) && same !== undefined && collation !== undefined ? same.sql : word(g)
  }
  if (family === 'integer' && g.random.oneIn(3)) return smallNumber(g)
  return g.random.oneIn(3) ? literalOf(g, family).sql : expr(g, scope, family, shape).sql
}
