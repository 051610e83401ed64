import type { Random } from '../random.ts'
import type { Family, Flavor } from './column-types.ts'
import { choice, type Fragment, list, optional, sequence, sql } from './fragment.ts'
import { derivedRelation } from './from.ts'
import {
  type Attribute,
  type Grammar,
  namedQueries,
  type Query,
  type QueryShape,
  type Relation,
  type Scope,
} from './grammar.ts'
import { ending, positionsOf } from './order.ts'
import { recursive } from './recursive.ts'
import { tableName } from './rows.ts'
import { allTables, type Schema } from './schema.ts'
import { select } from './select.ts'

/** A grammar for one statement: names count from one. */
export function grammarFor(random: Random, flavor: Flavor, schema: Schema): Grammar {
  let names = 0
  const grammar: Grammar = {
    random,
    flavor,
    schema,
    name: (prefix) => `${prefix}${++names}`,
    query: (scope, shape) => query(grammar, scope, shape),
  }
  return grammar
}

/** Any query: a SELECT, a set operation, either behind WITH. */
export function query(g: Grammar, scope: Scope | undefined, shape: QueryShape): Query {
  const { random } = g
  if (shape.depth > 0 && !shape.isScalar) {
    if (random.oneIn(8)) return withNamed(g, scope, shape)
    if (random.oneIn(7)) return setOperation(g, scope, shape)
  }
  return select(g, scope, shape)
}

/** `WITH a AS (…), b AS (…) SELECT …`; later ones may refer to earlier ones. */
function withNamed(g: Grammar, scope: Scope | undefined, shape: QueryShape): Query {
  const named: Relation[] = []
  const texts: Fragment[] = []
  let isRecursive = false
  for (let i = g.random.int(2); i >= 0; i--) {
    const name = g.name('q')
    const around: Scope = { relations: [], outer: undefined, named: [...named, ...namedQueries(scope)] }
    if (g.random.oneIn(3)) {
      const { sql: text, relation } = recursive(g, name)
      isRecursive = true
      texts.push(text)
      named.push(relation)
    } else {
      const inner = g.query(around, { depth: shape.depth - 1, columns: 1 + g.random.int(3), isNamed: true })
      texts.push(sql`${name} AS (${inner.sql})`)
      named.push(derivedRelation(name, inner))
    }
  }
  const body = g.query({ relations: [], outer: scope, named }, { ...shape, depth: shape.depth - 1 })
  return { ...body, sql: sql`WITH ${isRecursive ? 'RECURSIVE ' : ''}${list(texts)} ${body.sql}` }
}

const UNIONS = [' UNION ', ' UNION DISTINCT ', ' UNION ALL ']
const OTHERS = [' INTERSECT ', ' EXCEPT ']
/** MariaDB takes these as well, but gives them another precedence. */
const OTHERS_ALL = [' INTERSECT ALL ', ' EXCEPT ALL ']

function operatorsFor({ flavor }: Grammar, { isUnion, isTame }: { isUnion: boolean; isTame: boolean }) {
  if (!isTame) return [' UNION ALL ']
  if (isUnion) return UNIONS
  return [' UNION ALL ', ...OTHERS, ...(flavor === 'mysql' ? OTHERS_ALL : [])]
}

function setOperation(g: Grammar, scope: Scope | undefined, shape: QueryShape): Query {
  const { random } = g
  const families: readonly Family[] =
    shape.families ??
    Array.from({ length: shape.columns ?? 1 + random.int(3) }, () => random.pick(SET_FAMILIES))
  const isTame = shape.isTame || !random.oneIn(3)
  const isUnion = random.oneIn(2)
  const operators = operatorsFor(g, { isUnion, isTame })
  // MySQL 9.7 dies of INTERSECT and EXCEPT of three parts, and of parts that are grouped and ordered.
  const inner = isUnion ? { depth: shape.depth - 1 } : { depth: 0, isUnlimited: true }
  const count = isUnion ? 2 + random.int(2) : 2
  const parts = Array.from({ length: count }, () =>
    g.query(scope, { ...inner, families, isTame, isNamed: shape.isNamed ?? false }),
  )
  const texts = parts.map(({ sql: text }) => sql`(${text})`)
  const more = texts.slice(1).map((text) => sql`${random.pick(operators)}${text}`)
  const columns = parts[0]!.columns.map((column, i) => unitedColumn(parts, column, i, isTame))
  const end = ending(g, shape, { first: [], keys: positionsOf(columns) })
  const whole = sequence([texts[0]!, list(more, { separator: '', least: 0 }), end.sql])
  return {
    sql: choice(
      whole,
      parts.map((each) => each.sql),
    ),
    columns,
    isOrdered: end.isOrdered,
    approximate: [],
  }
}

const SET_FAMILIES: readonly Family[] = [
  'integer',
  'integer',
  'decimal',
  'text',
  'text',
  'date',
  'datetime',
  'binary',
]

function unitedColumn(parts: readonly Query[], first: Attribute, at: number, isTame: boolean): Attribute {
  const collations = new Set(parts.map(({ columns }) => columns[at]!.collation))
  return {
    name: first.name,
    family: first.family,
    isTame,
    collation: collations.size === 1 ? first.collation : undefined,
  }
}

/** `TABLE t`: MySQL only. */
export function wholeTable(g: Grammar): Query {
  const table = g.random.pick(allTables(g.schema))
  const key = table.primaryKey.join(', ')
  return {
    sql: sql`TABLE ${tableName(table)} ORDER BY ${key}${optional(' LIMIT 5')}`,
    columns: [],
    isOrdered: true,
    approximate: [],
  }
}
