import type { Family } from './column-types.ts'
import { columnOf, exprOf } from './columns.ts'
import { choice, type Fragment, sequence, sql } from './fragment.ts'
import { type Call, callsFor } from './functions.ts'
import type { Expr, Grammar, Kind, Scope } from './grammar.ts'
import { literalOf, smallNumber, word } from './literals.ts'
import { condition } from './predicates.ts'

/** What an expression may be made of. */
export interface ExprShape {
  /** How many calls may still be nested in it. */
  readonly depth: number
  /** How many levels of queries. */
  readonly queryDepth: number
  readonly isTame?: boolean
}

export const FAMILIES: readonly Family[] = [
  ...([
    'integer',
    'integer',
    'integer',
    'decimal',
    'double',
    'text',
    'text',
    'text',
    'binary',
    'date',
  ] as const),
  ...(['datetime', 'time', 'enum', 'set', 'bit', 'year', 'json'] as const),
]

export function anyExpr(g: Grammar, scope: Scope, shape: ExprShape): Expr {
  const families = shape.isTame ? FAMILIES.filter((family) => family !== 'json') : FAMILIES
  return expr(g, scope, g.random.pick(families), shape)
}

/** An expression of the family: a column, a call, a query of one value, a literal. */
export function expr(g: Grammar, scope: Scope, family: Family, shape: ExprShape): Expr {
  const fits = (kind: Kind) => kind.family === family && (kind.isTame || !shape.isTame)
  const { random } = g
  if (shape.depth > 0 && random.oneIn(2)) {
    if (shape.queryDepth > 0 && random.oneIn(8)) return scalarQuery(g, scope, family, shape)
    const calls = callsFor(g.flavor).filter(fits)
    if (calls.length > 0) return call(g, scope, random.pick(calls), shape)
  }
  if (random.oneIn(8)) return literalOf(g, family)
  return columnOf(g, scope, fits) ?? literalOf(g, family)
}

function call(g: Grammar, scope: Scope, { pattern, family, isTame }: Call, shape: ExprShape): Expr {
  const parts = pattern.split(/\{([\w-]+)\}/)
  const inner: ExprShape = { ...shape, depth: shape.depth - 1 }
  const filled = parts.map((part, i) => (i % 2 === 0 ? part : argument(g, scope, part, inner)))
  const args = filled.filter((_, i) => i % 2 === 1)
  // An operator's arguments and what is around it keep to themselves.
  const isOperation = !/^[A-Z_0-9]+\(.*\)$/s.test(pattern)
  const whole = isOperation ? sql`(${sequence(filled)})` : sequence(filled)
  return { sql: choice(whole, args), family, isTame, collation: undefined }
}

function argument(g: Grammar, scope: Scope, what: string, shape: ExprShape): Fragment {
  const tame: ExprShape = { ...shape, isTame: true }
  switch (what) {
    case 'small':
      return smallNumber(g)
    case 'word':
      return word(g)
    case 'unit':
      return g.random.pick(['DAY', 'HOUR', 'MINUTE', 'MONTH', 'YEAR', 'WEEK', 'SECOND', 'QUARTER'])
    case 'number':
      return expr(g, scope, g.random.pick(['integer', 'decimal', 'double']), tame).sql
    case 'any':
      return anyExpr(g, scope, shape).sql
    case 'condition':
      return condition(g, scope, { ...shape, depth: Math.min(shape.depth, 1) })
    case 'json':
      return expr(g, scope, 'json', { ...shape, isTame: false }).sql
    default: {
      const [, any, family, column] = /^(any-)?(\w+?)(-column)?$/.exec(what)!
      if (column !== undefined) return columnText(g, scope, family as Family)
      // Only what stays equal to itself may be computed from in a tame expression.
      return expr(g, scope, family as Family, any === undefined || shape.isTame ? tame : shape).sql
    }
  }
}

/** A column and nothing else; without one, a number, which is a year and a set, too. */
function columnText(g: Grammar, scope: Scope, family: Family): Fragment {
  return columnOf(g, scope, (kind) => kind.family === family)?.sql ?? (family === 'json' ? 'NULL' : '2001')
}

/** `(SELECT …)`: one column, one row at most. */
function scalarQuery(g: Grammar, scope: Scope, family: Family, shape: ExprShape): Expr {
  const query = g.query(scope, {
    depth: shape.queryDepth - 1,
    families: [family],
    isScalar: true,
    isTame: shape.isTame ?? false,
  })
  return exprOf(query.columns[0]!, choice(sql`(${query.sql})`, ['NULL']))
}
