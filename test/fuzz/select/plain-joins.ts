import type { Family } from './column-types.ts'
import { columnOf } from './columns.ts'
import { type Fragment, list, optional, sql } from './fragment.ts'
import { relationOf } from './from.ts'
import type { Attribute, Expr, Grammar, Query, Relation, Scope } from './grammar.ts'
import { literalOf } from './literals.ts'
import { direction, ending, positionsOf } from './order.ts'
import { tableName } from './rows.ts'
import { allTables } from './schema.ts'

/**
 * One table to four that are joined by integers, of which little else than their columns is asked, and subqueries that see nothing
 * of them: rules join these themselves, and run those before. Or groups of them, with aggregates that are mostly of one table.
 */
export function plainJoin(g: Grammar): Query {
  const { random } = g
  const relations: Relation[] = []
  const joins: Fragment[] = []
  const count = random.pick([1, 1, 2, 2, 2, 3, 3, 4])
  while (relations.length < count) {
    const table = random.pick(allTables(g.schema))
    const relation = { ...relationOf(table), alias: g.name('t') }
    const named = `${tableName(table)} ${relation.alias}`
    joins.push(relations.length === 0 ? named : joined(g, relations, relation, named))
    relations.push(relation)
  }
  const from = list(joins, { separator: '', least: count })
  return random.oneIn(3) ? groups(g, { relations }, from) : select(g, { relations }, from)
}

function joined(g: Grammar, left: readonly Relation[], right: Relation, named: string): Fragment {
  const word = g.random.pick(['JOIN', 'JOIN', 'JOIN', 'LEFT JOIN', 'LEFT JOIN', 'RIGHT JOIN'])
  const more = g.random.oneIn(4) ? optional(sql` AND ${ownCondition(g, right)}`) : ''
  return sql` ${word} ${named} ON ${equality(g, left, right)}${g.random.oneIn(6) ? optional(sql` AND ${equality(g, left, right)}`) : ''}${more}`
}

function equality(g: Grammar, left: readonly Relation[], right: Relation): Fragment {
  const [a, b] = [integerOf(g, [g.random.pick(left)]), integerOf(g, [right])]
  return g.random.oneIn(2) ? sql`${a} = ${b}` : sql`${b} = ${a}`
}

function integerOf(g: Grammar, relations: readonly Relation[]): Fragment {
  const { random } = g
  if (random.oneIn(3)) return `${random.pick(relations).alias}.${random.pick(['id', 'ref'])}`
  return named(g, relations, ({ family }) => family === 'integer') ?? `${relations[0]!.alias}.id`
}

/** A column with its table. */
function named(
  { random }: Grammar,
  relations: readonly Relation[],
  fits: (column: Attribute) => boolean,
): Fragment | undefined {
  const { alias, columns } = random.pick(relations)
  const fitting = columns.filter(fits)
  return fitting.length === 0 ? undefined : `${alias}.${random.pick(fitting).name}`
}

function condition(g: Grammar, relations: readonly Relation[]): Fragment {
  const { random } = g
  const own = ownCondition(g, random.pick(relations))
  if (!random.oneIn(3)) return own
  const exists = existence(g, relations)
  return random.oneIn(2) ? exists : sql`${optional(sql`${own} AND `)}${exists}`
}

/** Of a table that has something to do with those around it. */
function existence(g: Grammar, relations: readonly Relation[]): Fragment {
  const { random } = g
  const table = random.pick(allTables(g.schema))
  const relation = { ...relationOf(table), alias: g.name('t') }
  const more = random.oneIn(2) ? optional(sql` AND ${ownCondition(g, relation)}`) : ''
  const also = random.oneIn(5) ? optional(sql` AND ${equality(g, relations, relation)}`) : ''
  const shown = random.pick(['1', '*', `${relation.alias}.id`])
  return sql`${random.oneIn(2) ? 'NOT ' : ''}EXISTS (SELECT ${shown} FROM ${tableName(table)} ${relation.alias} WHERE ${equality(g, relations, relation)}${also}${more})`
}

const CONDITIONED: readonly Family[] = ['integer', 'integer', 'text', 'decimal', 'date']

function ownCondition(g: Grammar, relation: Relation): Fragment {
  const { random } = g
  const family = random.pick(CONDITIONED)
  const column = named(g, [relation], (each) => each.family === family)
  if (column === undefined) return `${relation.alias}.id > 5`
  const value = () => literalOf(g, family).sql
  switch (random.int(9)) {
    case 6:
    case 7:
      return sql`${integerOf(g, [relation])} ${random.pick(['=', '>', '<', '<>'])} (${subquery(g, true)})`
    case 8:
      return sql`${integerOf(g, [relation])} ${random.oneIn(3) ? 'NOT ' : ''}IN (${subquery(g, false)})`
    case 0:
      return sql`${column} IS ${random.oneIn(2) ? 'NOT ' : ''}NULL`
    case 1:
      return sql`${column} IN (${list([value(), value(), value()])})`
    case 2:
      return sql`(${column} = ${value()} OR ${relation.alias}.id < 9)`
    case 3:
      return sql`${column} BETWEEN ${value()} AND ${value()}`
    default:
      return sql`${column} ${random.pick(['=', '>', '<', '>=', '<>'])} ${value()}`
  }
}

/** Of one column, which sees nothing but its own table. */
function subquery(g: Grammar, isOfOneRow: boolean): Fragment {
  const { random } = g
  const table = random.pick(allTables(g.schema))
  const relation = { ...relationOf(table), alias: g.name('t') }
  const column = integerOf(g, [relation])
  const item = isOfOneRow ? sql`${random.pick(['MAX', 'MIN', 'SUM', 'COUNT'])}(${column})` : column
  const family = random.pick<Family>(['integer', 'text'])
  const filtered = named(g, [relation], (each) => each.family === family) ?? `${relation.alias}.id`
  const where = random.oneIn(2) ? optional(sql` WHERE ${filtered} IS NOT NULL`) : ''
  return sql`SELECT ${item} FROM ${tableName(table)} ${relation.alias}${where}`
}

function select(g: Grammar, scope: Scope, from: Fragment): Query {
  const { random } = g
  const { relations } = scope
  const isDistinct = random.oneIn(5)
  const items = Array.from({ length: 1 + random.int(4) }, () => item(g, scope, isDistinct))
  const keys = isDistinct
    ? positionsOf(items)
    : relations.flatMap(({ alias, key }) => key!.map((column) => `${alias}.${column}`))
  const first = isDistinct
    ? []
    : Array.from({ length: random.int(3) }, () => {
        const column = named(g, relations, ({ family }) => family !== 'json') ?? '1'
        return sql`${column}${direction(g)}`
      })
  const end = ending(g, { depth: 0, isTop: true }, { first, keys })
  const isWhole = !isDistinct && random.oneIn(5)
  const shown = isWhole ? random.pick(['*', `${relations[0]!.alias}.*`]) : list(items.map((each) => each.sql))
  const where = random.oneIn(3) ? '' : optional(sql` WHERE ${condition(g, relations)}`)
  return {
    sql: sql`SELECT ${isDistinct ? 'DISTINCT ' : ''}${shown} FROM ${from}${where}${end.sql}`,
    columns: [],
    isOrdered: end.isOrdered,
    approximate: [],
  }
}

function item(g: Grammar, scope: Scope, isTame: boolean): Expr {
  const column = columnOf(g, scope, (kind) => kind.isTame || !isTame)!
  if (isTame || column.family !== 'text' || !g.random.oneIn(4)) return column
  return { ...column, sql: sql`${g.random.pick(['UPPER', 'CONCAT', 'LENGTH', 'COALESCE'])}(${column.sql})` }
}

function groups(g: Grammar, scope: Scope, from: Fragment): Query {
  const { random } = g
  const { relations } = scope
  const keys = Array.from({ length: random.int(3) }, () => columnOf(g, scope, ({ isTame }) => isTame)!)
  const counted = random.pick(relations)
  const items = Array.from({ length: 1 + random.int(3) }, () => aggregate(g, counted, relations))
  const first = keys.length > 0 && random.oneIn(3) ? [`${keys.length + 1}${random.pick(['', ' DESC'])}`] : []
  const end = ending(g, { depth: 0, isTop: true }, { first, keys: positionsOf(keys) })
  const where = random.oneIn(3) ? '' : optional(sql` WHERE ${condition(g, relations)}`)
  const having = random.oneIn(5)
    ? optional(sql` HAVING ${random.pick(items)} > ${random.pick(['0', '3', '100'])}`)
    : ''
  const by = list(keys.map((key) => key.sql))
  return {
    sql: sql`SELECT ${list([...keys.map((key) => key.sql), ...items])} FROM ${from}${where}${keys.length > 0 ? sql` GROUP BY ${by}` : ''}${having}${end.sql}`,
    columns: [],
    isOrdered: end.isOrdered,
    approximate: [],
  }
}

const COUNTED: readonly Family[] = ['integer', 'integer', 'decimal', 'date']

function aggregate(g: Grammar, counted: Relation, relations: readonly Relation[]): Fragment {
  const { random } = g
  if (random.oneIn(3)) return 'COUNT(*)'
  const relation = random.oneIn(8) ? random.pick(relations) : counted
  const family = random.pick(COUNTED)
  const column = named(g, [relation], (each) => each.family === family) ?? `${relation.alias}.id`
  const name = random.pick(
    family === 'date' ? ['COUNT', 'MIN', 'MAX'] : ['COUNT', 'SUM', 'MIN', 'MAX', 'AVG'],
  )
  return sql`${name}(${random.oneIn(10) ? 'DISTINCT ' : ''}${column})`
}
