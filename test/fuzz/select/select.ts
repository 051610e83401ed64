import { aggregate } from './aggregates.ts'
import { columnOf } from './columns.ts'
import { expr, FAMILIES } from './expressions.ts'
import { choice, type Fragment, list, optional, sql } from './fragment.ts'
import { type From, from } from './from.ts'
import type { Expr, Grammar, Query, QueryShape, Scope } from './grammar.ts'
import { attributesOf, groupItem, type Item, itemSql, itemsFor, plainItem } from './items.ts'
import { literalOf, smallNumber } from './literals.ts'
import { direction, type Ending, ending, leadingKeys, plainKeys, positionsOf } from './order.ts'
import { condition } from './predicates.ts'
import { windowed } from './windows.ts'

/** One SELECT, without WITH and set operations. */
export function select(g: Grammar, outer: Scope | undefined, shape: QueryShape): Query {
  if (g.random.oneIn(25)) return withoutTables(g, outer, shape)
  const source = from(g, outer, shape)
  const scope: Scope = { relations: source.relations, outer }
  const kind = g.random.int(10)
  if (shape.isScalar) return kind < 8 ? grouped(g, scope, source, shape) : plain(g, scope, source, shape)
  if (kind < 4) return plain(g, scope, source, shape)
  if (kind < 5) return distinct(g, scope, source, shape)
  if (kind < 6 && !shape.isTame) return withWindows(g, scope, source, shape)
  return grouped(g, scope, source, shape)
}

interface Clauses {
  readonly modifier?: string
  readonly items: readonly Item[]
  readonly where: Fragment
  readonly tail?: Fragment
  readonly ending: Ending
}

function assemble(
  source: From,
  shape: QueryShape,
  { modifier = '', items, where, tail = '', ending }: Clauses,
): Query {
  const shown = list(items.map(itemSql))
  return {
    sql: sql`SELECT ${shape.modifier ?? ''}${modifier}${shown}${source.sql}${where}${tail}${ending.sql}`,
    columns: attributesOf(items),
    isOrdered: ending.isOrdered,
    approximate: items.flatMap(({ isApproximate }, i) => (isApproximate ? [i] : [])),
  }
}

function plain(g: Grammar, scope: Scope, source: From, shape: QueryShape): Query {
  const items = itemsFor(g, shape, (family) => plainItem(g, scope, shape, family))
  const end = ending(g, shape, { first: leadingKeys(g, scope, items), keys: plainKeys(scope, items) })
  if (shape.isScalar && !end.isOrdered) return grouped(g, scope, source, shape)
  const star = shape.isTop && shape.families === undefined && !end.isOrdered && g.random.oneIn(6)
  const shown = star
    ? [{ ...items[0]!, sql: g.random.oneIn(2) ? '*' : `${scope.relations[0]!.alias}.*`, name: undefined }]
    : items
  return assemble(source, shape, { items: shown, where: where(g, scope, shape), ending: end })
}

/** What is taken away is told apart by what stays: equal rows look alike. */
function distinct(g: Grammar, scope: Scope, source: From, shape: QueryShape): Query {
  const tame = { ...shape, isTame: true }
  const items = itemsFor(g, shape, (family) => plainItem(g, scope, tame, family))
  const end = ending(g, shape, { first: [], keys: positionsOf(items) })
  return assemble(source, shape, { modifier: 'DISTINCT ', items, where: where(g, scope, shape), ending: end })
}

function withWindows(g: Grammar, scope: Scope, source: From, shape: QueryShape): Query {
  const inner = { depth: 1, queryDepth: 0 }
  const items = itemsFor(g, shape, (family) =>
    family === undefined && g.random.oneIn(2)
      ? windowed(g, scope, inner)
      : plainItem(g, scope, shape, family),
  )
  const end = ending(g, shape, { first: [], keys: plainKeys(scope, items) })
  return assemble(source, shape, { items, where: where(g, scope, shape), ending: end })
}

/** With GROUP BY, or all rows as one group. */
function grouped(g: Grammar, scope: Scope, source: From, shape: QueryShape): Query {
  const groups = shape.isScalar || g.random.oneIn(4) ? [] : groupsOf(g, scope)
  const items = itemsFor(g, shape, (family) => groupItem(g, scope, shape, { family, groups }))
  const filter = where(g, scope, shape)
  if (groups.length === 0) {
    return assemble(source, shape, {
      items,
      where: filter,
      tail: having(g, scope, shape, 8),
      ending: ONE_ROW,
    })
  }
  const rollup = groups.every((group) => typeof group.sql === 'string') && g.random.oneIn(6)
  const by = rollup ? groups.map((group) => group.sql) : groups.map((group) => groupKey(g, group, items))
  const tail = sql` GROUP BY ${list(by)}${rollup ? optional(' WITH ROLLUP') : ''}${having(g, scope, shape, 3)}`
  const end = rollup
    ? rollupEnding(g, shape, by)
    : ending(g, shape, { first: aggregateKeys(g, scope, shape), keys: by })
  return assemble(source, shape, { items, where: filter, tail, ending: end })
}

const ONE_ROW: Ending = { sql: '', isOrdered: true }

/** One or two: columns of any kind, expressions whose values look alike when they are equal. */
function groupsOf(g: Grammar, scope: Scope): readonly Expr[] {
  return Array.from({ length: 1 + g.random.int(2) }, () => {
    const column = columnOf(g, { relations: scope.relations }, ({ family }) => family !== 'json')
    const family = g.random.pick(FAMILIES.filter((each) => each !== 'json'))
    if (column !== undefined && !g.random.oneIn(3)) return column
    return expr(g, { relations: scope.relations }, family, { depth: 1, queryDepth: 0, isTame: true })
  })
}

/** By its text, its name, or its place. A number alone would be a place. */
function groupKey(g: Grammar, group: Expr, items: readonly Item[]): Fragment {
  const at = items.findIndex((item) => item.sql === group.sql)
  if (at >= 0 && g.random.oneIn(3)) return String(at + 1)
  if (at >= 0 && items[at]!.name !== undefined && g.random.oneIn(3)) return items[at]!.name!
  return typeof group.sql !== 'string' && group.sql.kind === 'literal' ? sql`${group.sql} + 0` : group.sql
}

function aggregateKeys(g: Grammar, scope: Scope, shape: QueryShape): readonly Fragment[] {
  if (!g.random.oneIn(3)) return []
  const { sql: text } = aggregate(g, scope, g.random.pick(['integer', 'decimal']), {
    depth: 1,
    queryDepth: Math.min(shape.depth, 0),
  })
  return [sql`${text}${direction(g)}`]
}

/** A row of totals is told from a group of NULLs by GROUPING(), which MariaDB lacks. */
function rollupEnding(g: Grammar, shape: QueryShape, by: readonly Fragment[]): Ending {
  if (g.flavor === 'mariadb') return { sql: '', isOrdered: false }
  return ending(g, shape, { first: [], keys: by.flatMap((key) => [key, sql`GROUPING(${key})`]) })
}

function where(g: Grammar, scope: Scope, shape: QueryShape): Fragment {
  if (g.random.oneIn(3)) return ''
  return optional(sql` WHERE ${condition(g, scope, { depth: 2, queryDepth: shape.depth })}`)
}

function having(g: Grammar, scope: Scope, shape: QueryShape, times: number): Fragment {
  if (!g.random.oneIn(times)) return ''
  const { sql: value } = aggregate(g, scope, 'integer', { depth: 1, queryDepth: Math.min(shape.depth, 1) })
  return optional(sql` HAVING ${value} ${g.random.pick(['>', '<', '>=', '<>'])} ${smallNumber(g)}`)
}

function withoutTables(g: Grammar, outer: Scope | undefined, shape: QueryShape): Query {
  const scope: Scope = { relations: [], outer }
  const items = itemsFor(g, shape, (family) =>
    family === undefined ? plainItem(g, scope, shape, undefined) : literalOf(g, family),
  )
  const from = g.random.oneIn(4) ? choice(' FROM DUAL', ['']) : ''
  return assemble({ sql: from, relations: [] }, shape, { items, where: '', ending: ONE_ROW })
}
