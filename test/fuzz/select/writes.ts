import type { Case, Step } from './cases.ts'
import { type ExprShape, expr } from './expressions.ts'
import { choice, type Fragment, list, optional, sql } from './fragment.ts'
import { relationOf } from './from.ts'
import type { Grammar, Relation, Scope } from './grammar.ts'
import { literalOf } from './literals.ts'
import { condition } from './predicates.ts'
import { insertedColumns, randomValue, tableName } from './rows.ts'
import { allTables, type Column, type Table } from './schema.ts'

/** A statement that changes rows, in a transaction, and all tables behind it; then they are as before. */
export function write(g: Grammar): Case {
  const text = change(g, g.random.pick(tablesWithRows(g)))
  const steps = ['BEGIN', text, ...allTables(g.schema).map(everythingOf), 'ROLLBACK'].map(stepOf)
  return { steps, isPrepared: false }
}

/** A statement that changes rows of the table, and perhaps of others. */
export function change(g: Grammar, table: Table): Fragment {
  return g.random.pick(CHANGES)(g, table)
}

const CHANGES = [limited, limited, chosen, chosen, valued, joined, both, inserted, moved, moved]

/** Not copies of one, which are written elsewhere. */
function tablesWithRows({ schema }: Grammar): readonly Table[] {
  return allTables(schema).filter(({ name }) => name !== 'r1')
}

function stepOf(text: Fragment): Step {
  return { sql: text, isOrdered: true, approximate: [] }
}

function everythingOf(table: Table): Fragment {
  const columns = table.columns.map(({ name }) => name)
  return sql`SELECT ${columns.join(', ')} FROM ${tableName(table)} ORDER BY ${table.primaryKey.join(', ')}`
}

export const PLAIN: ExprShape = { depth: 1, queryDepth: 0, isTame: true }
const WITH_QUERIES: ExprShape = { depth: 1, queryDepth: 1, isTame: true }

/** ORDER BY … LIMIT: which rows, all shards decide together. */
function limited(g: Grammar, table: Table): Fragment {
  const scope = scopeOf(table)
  const order = table.primaryKey.map((name) => `${name}${g.random.oneIn(2) ? ' DESC' : ''}`).join(', ')
  const where = g.random.oneIn(2) ? optional(sql` WHERE ${condition(g, scope, PLAIN)}`) : ''
  const rest = sql`${where} ORDER BY ${order} LIMIT ${String(g.random.int(6))}`
  return g.random.oneIn(2)
    ? sql`DELETE FROM ${tableName(table)}${rest}`
    : sql`UPDATE ${tableName(table)} SET ${ownAssignments(g, table, scope)}${rest}`
}

/** Conditions about rows of other tables. */
function chosen(g: Grammar, table: Table): Fragment {
  const scope = scopeOf(table)
  const where = sql` WHERE ${condition(g, scope, WITH_QUERIES)}`
  return g.random.oneIn(2)
    ? sql`DELETE FROM ${tableName(table)}${where}`
    : sql`UPDATE ${tableName(table)} SET ${ownAssignments(g, table, scope)}${where}`
}

/** New values that a query tells. */
function valued(g: Grammar, table: Table): Fragment {
  const scope = scopeOf(table)
  const column = g.random.pick(settable(table))
  const query = g.query(scope, { depth: 0, families: [column.type.family], isScalar: true, isTame: true })
  const value = choice(sql`(${query.sql})`, ['NULL'])
  const where = g.random.oneIn(2) ? optional(sql` WHERE ${condition(g, scope, PLAIN)}`) : ''
  return sql`UPDATE ${tableName(table)} SET ${column.name} = ${value}${where}`
}

/** Rows of another table, one at most for each. */
function joined(g: Grammar, table: Table): Fragment {
  const other = g.random.pick(allTables(g.schema).filter(({ primaryKey }) => primaryKey.length === 1))
  const { from, where, relations } = joinOf(g, table, other)
  if (g.random.oneIn(3)) return sql`DELETE m FROM ${from}${where}`
  // In which order a join writes its columns is a matter of the server's plan: one of each table.
  const [column] = picked(g, settable(table))
  const { family } = column!.type
  const value = expr(g, { relations }, family, PLAIN).sql
  return sql`UPDATE ${from} SET m.${column!.name} = ${choice(value, [literalOf(g, family).sql])}${where}`
}

/** New values of what places a row, or names it, in an order that one server keeps, too. */
function moved(g: Grammar, table: Table): Fragment {
  const { random } = g
  const scope = scopeOf(table)
  const fixed = insertedColumns(table).filter((column) => isFixed(table, column))
  const [other] = random.oneIn(2) ? picked(g, settable(table)) : []
  const column = random.pick(fixed)
  const assignments = [
    sql`${column.name} = ${movedTo(g, column)}`,
    ...(other === undefined ? [] : [sql`${other.name} = ${expr(g, scope, other.type.family, PLAIN).sql}`]),
  ]
  const order = table.primaryKey.map((name) => `${name}${random.oneIn(2) ? ' DESC' : ''}`).join(', ')
  const where = random.oneIn(2) ? optional(sql` WHERE ${condition(g, scope, PLAIN)}`) : ''
  const limit = random.oneIn(3) ? optional(` LIMIT ${random.int(6)}`) : ''
  return sql`UPDATE ${tableName(table)} SET ${list(assignments)}${where} ORDER BY ${order}${limit}`
}

function movedTo({ random }: Grammar, column: Column): Fragment {
  const value = randomValue(random, column)
  if (column.type.family !== 'integer') return value
  return random.pick([value, `${column.name} + ${random.pick(['1', '100', '0'])}`, `${column.name} * 2`])
}

/** Two tables in one statement. */
function both(g: Grammar, table: Table): Fragment {
  const others = tablesWithRows(g).filter((each) => each.primaryKey.length === 1 && each !== table)
  if (others.length === 0) return joined(g, table)
  const other = g.random.pick(others)
  const { from, where, relations } = joinOf(g, table, other)
  if (g.random.oneIn(3)) return sql`DELETE m, o FROM ${from}${where}`
  // Several rows of one may meet a row of the other: each gets what its own columns say.
  const assignments = [table, other].map((each, i) => {
    const relation = relations[i]!
    const [column] = picked(g, settable(each))
    const value = expr(g, { relations: [relation] }, column!.type.family, PLAIN).sql
    return sql`${relation.alias}.${column!.name} = ${value}`
  })
  return sql`UPDATE ${from} SET ${list(assignments, { least: 2 })}${where}`
}

interface JoinOf {
  readonly from: Fragment
  readonly where: Fragment
  /** `m` and `o`. */
  readonly relations: readonly Relation[]
}

/** The other table by its key, and perhaps a condition. */
function joinOf(g: Grammar, table: Table, other: Table): JoinOf {
  const relations = [table, other].map(
    (each, i): Relation => ({ ...relationOf(each), alias: i === 0 ? 'm' : 'o' }),
  )
  const from = sql`${tableName(table)} m JOIN ${tableName(other)} o ON o.id = m.${g.random.pick(['id', 'ref'])}`
  const where = g.random.oneIn(2) ? optional(sql` WHERE ${condition(g, { relations }, PLAIN)}`) : ''
  return { from, where, relations }
}

/** Rows that another table gives, under keys that nobody has. */
function inserted(g: Grammar, table: Table): Fragment {
  const { random } = g
  const other = random.pick(allTables(g.schema).filter(({ primaryKey }) => primaryKey.length === 1))
  const source: Relation = { ...relationOf(other), alias: 's' }
  const scope: Scope = { relations: [source] }
  const columns = insertedColumns(table).filter(
    (column) => !column.isInvisible && (isFixed(table, column) || !column.isNullable || random.oneIn(2)),
  )
  const values = columns.map((column): Fragment => {
    // A key that somebody else has is found on the shard that the row belongs on.
    if (column.name === 'id') return `s.id + ${isFoundByKey(table) && random.oneIn(6) ? 0 : 100}`
    if (isUniqueColumn(table, column))
      return column.type.family === 'integer' ? 's.id + 100' : "CONCAT('s', s.id)"
    if (isFixed(table, column)) return randomValue(random, column)
    return expr(g, scope, column.type.family, PLAIN).sql
  })
  const verb = random.pick(['INSERT INTO', 'INSERT INTO', 'INSERT IGNORE INTO', 'REPLACE INTO'])
  const where = random.oneIn(2) ? optional(sql` WHERE ${condition(g, scope, PLAIN)}`) : ''
  const names = columns.map(({ name }) => name).join(', ')
  return sql`${verb} ${tableName(table)} (${names}) SELECT ${list(values, { least: values.length })} FROM ${tableName(other)} s${where} ORDER BY s.id`
}

function isFoundByKey({ sharding, primaryKey }: Table): boolean {
  return sharding?.columns.every((column) => primaryKey.includes(column)) ?? true
}

export function scopeOf(table: Table): Scope {
  return { relations: [{ ...relationOf(table), keyspace: table.keyspace }] }
}

function ownAssignments(g: Grammar, table: Table, scope: Scope): Fragment {
  const assignments = picked(g, settable(table)).map(
    (column) => sql`${column.name} = ${expr(g, scope, column.type.family, PLAIN).sql}`,
  )
  return list(assignments)
}

function picked(g: Grammar, columns: readonly Column[]): readonly Column[] {
  const first = g.random.pick(columns)
  const second = g.random.pick(columns)
  return g.random.oneIn(3) && second !== first ? [first, second] : [first]
}

export function settable(table: Table): readonly Column[] {
  return insertedColumns(table).filter((column) => !isFixed(table, column))
}

/** It places a row, or names it. */
export function isFixed(table: Table, column: Column): boolean {
  const { primaryKey, sharding } = table
  const { name } = column
  return (
    primaryKey.includes(name) || sharding?.columns.includes(name) === true || isUniqueColumn(table, column)
  )
}

function isUniqueColumn({ uniqueKeys = [] }: Table, { name }: Column): boolean {
  return uniqueKeys.some((key) => key.includes(name))
}
