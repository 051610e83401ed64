import { columnOf, keyOf } from './columns.ts'
import { expr } from './expressions.ts'
import { type Fragment, list, optional, sequence, sql } from './fragment.ts'
import type { Grammar, QueryShape, Scope } from './grammar.ts'
import type { Item } from './items.ts'
import { smallNumber } from './literals.ts'

/** ` ORDER BY … LIMIT …`. */
export interface Ending {
  readonly sql: Fragment
  readonly isOrdered: boolean
}

const UNORDERED: Ending = { sql: '', isOrdered: false }

/** `keys` leave no two rows in doubt; without them there is no LIMIT. */
export function ending(
  g: Grammar,
  shape: QueryShape,
  { first, keys }: { readonly first: readonly Fragment[]; readonly keys: readonly Fragment[] | undefined },
): Ending {
  const isCut =
    keys !== undefined && !shape.isUnlimited && (shape.isScalar || g.random.oneIn(shape.isTop ? 2 : 4))
  if (!isCut && (!shape.isTop || g.random.oneIn(3))) return UNORDERED
  if (keys === undefined) {
    return first.length === 0 ? UNORDERED : { sql: optional(sql` ORDER BY ${list(first)}`), isOrdered: false }
  }
  const sorted = keys.map((key) => sql`${key}${direction(g)}`)
  const leading = first.map((key) => optional(sql`${key}, `))
  const whole = sequence([' ORDER BY ', ...leading, ...commas(sorted)])
  const cut = isCut ? limit(g, shape) : ''
  return {
    sql: shape.isScalar ? sql`${whole}${cut}` : optional(sql`${whole}${optional(cut)}`),
    isOrdered: true,
  }
}

/** What a plain query may be ordered by before its keys. */
export function leadingKeys(g: Grammar, scope: Scope, items: readonly Item[]): readonly Fragment[] {
  return Array.from({ length: g.random.int(3) }, () => sql`${leadingKey(g, scope, items)}${direction(g)}`)
}

/** The rows' own keys, or all of the columns if equal ones look alike; undefined when neither tells rows apart. */
export function plainKeys(scope: Scope, items: readonly Item[]): readonly Fragment[] | undefined {
  return keyOf(scope) ?? positionsOf(items)
}

/** `1`, `2` …, if rows with equal columns look alike. */
export function positionsOf(items: readonly { readonly isTame: boolean }[]): readonly Fragment[] | undefined {
  return items.every(({ isTame }) => isTame) ? items.map((_, i) => String(i + 1)) : undefined
}

function leadingKey(g: Grammar, scope: Scope, items: readonly Item[]): Fragment {
  const { random } = g
  switch (random.int(5)) {
    case 0:
      return String(1 + random.int(items.length))
    case 1: {
      const named = items.find(({ name }) => name !== undefined)
      return named?.name ?? String(1 + random.int(items.length))
    }
    case 2: {
      const text = columnOf(
        g,
        { relations: scope.relations },
        ({ family, collation }) => family === 'text' && collation !== undefined,
      )
      return text === undefined ? '1' : random.oneIn(2) ? text.sql : sql`BINARY ${text.sql}`
    }
    case 3:
      return expr(g, scope, random.pick(['integer', 'text', 'date']), { depth: 1, queryDepth: 0 }).sql
    default:
      return columnOf(g, { relations: scope.relations }, ({ family }) => family !== 'json')?.sql ?? '1'
  }
}

export function direction({ random }: Grammar): string {
  return random.pick(['', '', ' ASC', ' DESC', ' DESC'])
}

function limit(g: Grammar, { isScalar }: QueryShape): Fragment {
  if (isScalar) return ' LIMIT 1'
  const [count, skipped] = [smallNumber(g), smallNumber(g)]
  return g.random.pick([
    sql` LIMIT ${count}`,
    sql` LIMIT ${count}`,
    sql` LIMIT ${count} OFFSET ${skipped}`,
    sql` LIMIT ${skipped}, ${count}`,
  ])
}

function commas(keys: readonly Fragment[]): readonly Fragment[] {
  return keys.flatMap((key, i) => (i === 0 ? [key] : [', ', key]))
}
