import { columnOf } from './columns.ts'
import { choice, type Fragment, list, optional, sequence, sql } from './fragment.ts'
import {
  type Attribute,
  type Grammar,
  namedQueries,
  type Query,
  type QueryShape,
  type Relation,
  type Scope,
} from './grammar.ts'
import { condition } from './predicates.ts'
import { tableName } from './rows.ts'
import { allTables, MAIN, type Table } from './schema.ts'
import { jsonTable, valuesTable } from './table-functions.ts'

export interface From {
  readonly sql: Fragment
  readonly relations: readonly Relation[]
}

/** ` FROM …`: one to four tables, joined in all the ways there are. */
export function from(g: Grammar, outer: Scope | undefined, shape: QueryShape): From {
  const chains: From[] = []
  let left = g.random.pick([1, 1, 2, 2, 2, 3, 3, 4])
  while (left > 0) {
    const count = chains.length === 2 ? left : 1 + g.random.int(left)
    const before = chains.flatMap(({ relations }) => relations)
    chains.push(chain(g, { relations: before, outer }, shape, count))
    left -= count
  }
  return {
    sql: sql` FROM ${list(chains.map((each) => each.sql))}`,
    relations: chains.flatMap(({ relations }) => relations),
  }
}

/** `before` is what LATERAL may see: tables to the left, and the queries around. */
function chain(g: Grammar, before: Scope, shape: QueryShape, count: number): From {
  const first = factor(g, before, shape)
  const relations = [...first.relations]
  const joins: Fragment[] = []
  for (let i = 1; i < count; ) {
    const isNested = count - i > 1 && g.random.oneIn(4)
    const next = isNested ? nested(g, before, shape) : factor(g, { ...before, relations }, shape)
    joins.push(join(g, { left: relations, right: next, outer: before.outer, shape }))
    relations.push(...next.relations)
    i += next.relations.length
  }
  return { sql: sql`${first.sql}${list(joins, { separator: '', least: 0 })}`, relations }
}

function nested(g: Grammar, before: Scope, shape: QueryShape): From {
  const { sql: inside, relations } = chain(g, { ...before, relations: [] }, shape, 2)
  return { sql: sql`(${inside})`, relations }
}

interface Joined {
  readonly left: readonly Relation[]
  readonly right: From
  readonly outer: Scope | undefined
  readonly shape: QueryShape
}

function join(g: Grammar, { left, right, outer, shape }: Joined): Fragment {
  const { random } = g
  const kind = random.int(12)
  const shared =
    left.length === 1 && right.relations.length === 1 ? sharedColumns(left[0]!, right.relations[0]!) : []
  if (kind === 0) return sql` CROSS JOIN ${right.sql}`
  if (kind === 1 && shared.length > 0) {
    return sql` NATURAL ${random.pick(['', 'LEFT ', 'RIGHT ', 'INNER '])}JOIN ${right.sql}`
  }
  if (kind <= 3 && shared.length > 0) {
    const columns = random.oneIn(4) ? shared.slice(0, 2) : [random.pick(shared)]
    return sql` ${random.pick(['', 'LEFT ', 'RIGHT ', 'INNER '])}JOIN ${right.sql} USING (${columns.join(', ')})`
  }
  const word = random.pick([
    'JOIN',
    'JOIN',
    'INNER JOIN',
    'LEFT JOIN',
    'LEFT JOIN',
    'LEFT OUTER JOIN',
    'RIGHT JOIN',
    'STRAIGHT_JOIN',
  ])
  const on = joinCondition(g, left, right.relations)
  const scope: Scope = { relations: [...left, ...right.relations], outer }
  const more = random.oneIn(4)
    ? optional(sql` AND ${condition(g, scope, { depth: 1, queryDepth: Math.min(shape.depth, 1) })}`)
    : ''
  return sql` ${word} ${right.sql} ON ${choice(on, ['1'])}${more}`
}

/** Columns of like kind on both sides, mostly. */
function joinCondition(g: Grammar, left: readonly Relation[], right: readonly Relation[]): Fragment {
  const a = columnOf(g, { relations: left }, ({ family }) => family === 'integer' || family === 'text')
  if (a === undefined) return '1'
  const b = columnOf(
    g,
    { relations: right },
    (kind) => kind.family === a.family && kind.collation === a.collation,
  )
  if (b === undefined) return '1'
  return sql`${qualified(a.sql, left)} ${g.random.oneIn(10) ? g.random.pick(['<', '<=>', '>=']) : '='} ${qualified(b.sql, right)}`
}

/** A bare name that is unique on its side need not be so in the join. */
function qualified(column: Fragment, side: readonly Relation[]): Fragment {
  if (typeof column !== 'string' || column.includes('.')) return column
  const owner = side.find(({ columns }) => columns.some(({ name }) => name === column))!
  return `${owner.alias}.${column}`
}

const JOINED_BY_NAME = ['id', 'ref', 'tag', 'c1']

function sharedColumns(left: Relation, right: Relation): readonly string[] {
  return JOINED_BY_NAME.filter((name) => {
    const [a, b] = [left, right].map(({ columns }) => columns.find((column) => column.name === name))
    return a !== undefined && b !== undefined && a.family === b.family && a.collation === b.collation
  })
}

/** One table of FROM: of a keyspace, of WITH, of a query, of a function. */
function factor(g: Grammar, before: Scope, shape: QueryShape): From {
  const { random } = g
  const named = namedQueries(before)
  if (named.length > 0 && random.oneIn(2)) return namedTable(g, random.pick(named))
  if (shape.depth > 0 && random.oneIn(6)) return derivedTable(g, before, shape)
  if (random.oneIn(24)) return jsonTable(g, before)
  if (random.oneIn(24)) return valuesTable(g)
  return baseTable(g, random.pick(likelyTables(g)))
}

function baseTable(g: Grammar, table: Table): From {
  const alias = g.random.oneIn(6) && table.keyspace === MAIN ? undefined : g.name('t')
  // Without an alias a table could be there twice: one that says its name is named for good.
  const name = alias ?? g.name(`${table.name}_`)
  return {
    sql: `${tableName(table)} ${g.random.oneIn(2) ? 'AS ' : ''}${name}`,
    relations: [{ ...relationOf(table), alias: name }],
  }
}

/** Three in four are of the keyspace that the session is in. */
function likelyTables({ random, schema }: Grammar): readonly Table[] {
  const tables = allTables(schema)
  return random.oneIn(4)
    ? tables.filter(({ keyspace }) => keyspace !== MAIN)
    : tables.filter(({ keyspace }) => keyspace === MAIN)
}

export function relationOf({ name, columns, primaryKey }: Table): Relation {
  return {
    alias: name,
    columns: columns.map((column): Attribute => {
      const { family, collation, isTame } = column.type
      return { name: column.name, family, collation, isTame }
    }),
    key: primaryKey,
    hasInvisible: columns.some(({ isInvisible }) => isInvisible),
  }
}

function namedTable(g: Grammar, named: Relation): From {
  const alias = g.name('w')
  return { sql: `${named.alias} AS ${alias}`, relations: [{ ...named, alias }] }
}

function derivedTable(g: Grammar, before: Scope, shape: QueryShape): From {
  const isLateral = g.flavor === 'mysql' && g.random.oneIn(3)
  const around: Scope | undefined = isLateral ? before : withoutTables(before)
  const query = g.query(around, { depth: shape.depth - 1, columns: 1 + g.random.int(3), isNamed: true })
  const alias = g.name('d')
  const renamed = g.random.oneIn(5)
    ? query.columns.map((column, i) => ({ ...column, name: `n${i + 1}` }))
    : undefined
  const names = renamed === undefined ? '' : ` (${renamed.map(({ name }) => name).join(', ')})`
  return {
    sql: sequence([isLateral ? 'LATERAL (' : '(', query.sql, `) AS ${alias}${names}`]),
    relations: [derivedRelation(alias, query, renamed)],
  }
}

export function derivedRelation(alias: string, { columns }: Query, renamed?: readonly Attribute[]): Relation {
  return { alias, columns: renamed ?? columns, key: undefined }
}

/** A derived table sees the queries around the one it stands in (MySQL), or none (MariaDB); named queries always. */
function withoutTables(scope: Scope): Scope {
  return { relations: [], named: namedQueries(scope) }
}
