import { bigintParam, stringParam } from '../../support/protocol-client.ts'
import type { Family } from '../select/column-types.ts'
import { expr } from '../select/expressions.ts'
import { choice, type Fragment, list, literal, optional, sql } from '../select/fragment.ts'
import type { Grammar } from '../select/grammar.ts'
import { insertedColumns, shuffled, tableName } from '../select/rows.ts'
import type { Column, Table } from '../select/schema.ts'
import { isFixed, PLAIN, scopeOf, settable } from '../select/writes.ts'
import { FORBIDDEN } from './schema.ts'

/** INSERT and REPLACE of rows that the statement brings itself, in every form. `draws`: rows get numbers. */
export function insert(g: Grammar, table: Table, draws: boolean): Fragment {
  const { random } = g
  const columns = namedColumns(g, table, draws)
  const verb = random.pick(['INSERT', 'INSERT', 'INSERT', 'INSERT IGNORE', 'REPLACE'])
  const into = random.oneIn(8) ? ' ' : ' INTO '
  // Which of several rows that draw numbers get none, for they meet others, and whether those are left to the next, is told nowhere.
  const isUpsert = verb === 'INSERT' && random.oneIn(3)
  const isOne = draws && (isUpsert || verb === 'INSERT IGNORE')
  const count = isOne || random.oneIn(2) ? 1 : 2 + random.int(3)
  // Warnings of rows behind one that a CHECK refuses have too low a number.
  const isChecked = verb === 'INSERT IGNORE' && count > 1
  const values = (column: Column) => value(g, table, column, { draws, isChecked })
  const target = sql`${verb}${into}${tableName(table)}`
  if (random.oneIn(6)) {
    const assignments = columns.map((column) => sql`${column.name} = ${values(column)}`)
    return sql`${target} SET ${list(assignments)}${isUpsert ? onDuplicate(g, table, { columns }) : ''}`
  }
  const rows = Array.from({ length: count }, () => columns.map(values))
  const tuples = rows.map((row) => sql`(${list(row, { least: row.length })})`)
  const names = columns.map(({ name }) => name).join(', ')
  const alias = g.flavor === 'mysql' && isUpsert && random.oneIn(2) ? ' AS fresh' : ''
  const tail = isUpsert ? onDuplicate(g, table, { columns, alias }) : ''
  return sql`${target} (${names}) VALUES ${list(tuples)}${alias}${tail}`
}

/**
 * A row ahead of all numbers that have been drawn: what is drawn afterwards is the same on all servers, whatever gaps statements
 * before have left. In which way these leave some is told nowhere.
 */
export function rowAhead({ random }: Grammar, table: Table, id: number): Fragment {
  const columns = insertedColumns(table).filter(
    (column) => column.name === 'id' || isFixed(table, column) || needsValue(column),
  )
  const values = columns.map((column) => {
    if (column.name === 'id') return String(id)
    const { family } = column.type
    const isOwn = isFixed(table, column) && column.name !== 'ref' && column.name !== 'tag'
    if (isOwn && family === 'integer') return String(id)
    return isOwn && family === 'text' ? `'n${id}'` : random.pick(column.type.values)
  })
  const names = columns.map(({ name }) => name).join(', ')
  return `INSERT INTO ${tableName(table)} (${names}) VALUES (${values.join(', ')})`
}

/** The ones that rows cannot do without, and some of the others. */
function namedColumns({ random }: Grammar, table: Table, draws: boolean): readonly Column[] {
  const columns = insertedColumns(table).filter((column) => {
    if (column.name === 'id' && table.isNumbered) return !draws || random.oneIn(2)
    if (column.isInvisible) return random.oneIn(4)
    return (isFixed(table, column) || needsValue(column) ? !random.oneIn(40) : random.oneIn(2)) || false
  })
  const some = columns.length === 0 ? insertedColumns(table).slice(0, 1) : columns
  return random.oneIn(3) ? shuffled(random, some) : some
}

function needsValue({ isNullable, default: preset }: Column): boolean {
  return !isNullable && preset === undefined
}

/** An id is drawn for NULL, 0 and DEFAULT. */
const DRAWN = ['NULL', 'NULL', '0', 'DEFAULT', "'0'"]

interface OfRow {
  readonly draws: boolean
  /** Nothing that a CHECK refuses. */
  readonly isChecked: boolean
}

function value(g: Grammar, table: Table, column: Column, { draws, isChecked }: OfRow): Fragment {
  const { random } = g
  const { type } = column
  if (column.name === 'id' && table.isNumbered && draws && !random.oneIn(4)) return random.pick(DRAWN)
  if (column.name === 'id' && random.oneIn(2)) return valueLiteral(String(31 + random.int(30)))
  switch (random.int(24)) {
    case 0:
      return isFixed(table, column) && !column.isNullable ? valueLiteral(random.pick(type.values)) : 'NULL'
    case 1:
      // Of one that there is not MariaDB warns once for each row, and once for all where the statement does not name the column.
      return needsValue(column) ? valueLiteral(random.pick(type.values)) : 'DEFAULT'
    case 2: {
      // An id at the end of its type, which is what one too large becomes, is the last of all.
      const isLast = column.name === 'id' && table.isNumbered
      return isLast || isChecked
        ? valueLiteral(random.pick(type.values))
        : choice(wrong(g, column), [random.pick(type.values)])
    }
    case 3:
    case 4: {
      const value = expr(g, { relations: [] }, type.family, PLAIN).sql
      return choice(value, [random.pick(type.values)])
    }
    case 5:
      return variableOf(g, type.family)
    default:
      return valueLiteral(random.pick(type.values))
  }
}

/** A session's variable of about this kind: 5, 'bee', 2.5 and NULL at first. */
export function variableOf({ random }: Grammar, family: Family): string {
  if (random.oneIn(12)) return '@d'
  if (family === 'integer') return '@a'
  return family === 'text' ? '@b' : '@c'
}

/** A parameter where it is prepared. */
export function valueLiteral(text: string): Fragment {
  if (/^-?\d{1,18}$/.test(text)) return literal(text, bigintParam(BigInt(text)))
  return /^'[\w .-]*'$/.test(text) ? literal(text, stringParam(text.slice(1, -1))) : text
}

/** Too long, too large, of another kind, against a CHECK. */
export function wrong({ random }: Grammar, { type }: Column): Fragment {
  if (random.oneIn(2) && type.family === 'integer') return valueLiteral(FORBIDDEN)
  return random.pick(WRONG)
}

const WRONG = [
  "'abc'",
  '1e30',
  "'2024-02-30'",
  "REPEAT('x', 300)",
  '-1',
  "'12x'",
  "''",
  '99999999999999999999',
]

function onDuplicate(
  g: Grammar,
  table: Table,
  { columns, alias = '' }: { readonly columns: readonly Column[]; readonly alias?: string },
): Fragment {
  const { random } = g
  const targets = settable(table).length === 0 ? columns : settable(table)
  const scope = scopeOf(table)
  const assignments = Array.from({ length: 1 + random.int(2) }, (): Fragment => {
    const column = random.pick(targets)
    const named = random.pick(columns)
    const value = (): Fragment => {
      if (named.type.sql !== column.type.sql || random.oneIn(3))
        return choice(expr(g, scope, column.type.family, PLAIN).sql, [column.name])
      return alias === '' ? `VALUES(${named.name})` : `fresh.${named.name}`
    }
    return sql`${tableName(table)}.${column.name} = ${value()}`
  })
  const [own] = columns.filter((column) => isFixed(table, column))
  if (own !== undefined && random.oneIn(4))
    assignments.push(`${own.name} = ${alias === '' ? `VALUES(${own.name})` : `fresh.${own.name}`}`)
  if (table.isNumbered && random.oneIn(3)) assignments.unshift('id = LAST_INSERT_ID(id)')
  return sql` ON DUPLICATE KEY UPDATE ${list(assignments)}`
}

/** What is asked of single rows, as applications do. */
export function changeByKey(g: Grammar, table: Table): Fragment {
  const { random } = g
  const key = keyCondition(g, table)
  const limit = random.oneIn(8) ? optional(' LIMIT 1') : ''
  if (random.oneIn(3)) return sql`DELETE FROM ${tableName(table)} WHERE ${key}${limit}`
  const targets = insertedColumns(table)
  const [first, second] = shuffled(random, targets)
  const assignments = [first!, ...(random.oneIn(2) ? [second!] : [])].map((column) => {
    const { family, values } = column.type
    const value = random.oneIn(12)
      ? choice(wrong(g, column), [random.pick(values)])
      : random.oneIn(3)
        ? choice(expr(g, scopeOf(table), family, PLAIN).sql, [random.pick(values)])
        : valueLiteral(random.oneIn(10) ? 'NULL' : random.pick(values))
    return sql`${column.name} = ${value}`
  })
  const ignore = random.oneIn(8) ? optional(' IGNORE') : ''
  return sql`UPDATE${ignore} ${tableName(table)} SET ${list(assignments)} WHERE ${key}${limit}`
}

/** One row at most, by the primary key; seldom some rows of a list, one of which is meant. */
function keyCondition(g: Grammar, table: Table): Fragment {
  const { random } = g
  const parts = table.primaryKey.map((name) => {
    const column = table.columns.find((each) => each.name === name)!
    const value = valueLiteral(random.pick(column.type.values))
    // Whether a row that is not there is compared with what is no date is a matter of the server's plan.
    const isComparable = ['integer', 'text'].includes(column.type.family)
    return sql`${name} = ${isComparable && random.oneIn(10) ? variableOf(g, column.type.family) : value}`
  })
  return list(parts, { separator: ' AND ', least: parts.length })
}
