import { type Fragment, list, optional, sql } from './fragment.ts'
import type { Grammar, Query } from './grammar.ts'
import { word } from './literals.ts'
import { plainJoin } from './plain-joins.ts'
import { wholeTable } from './queries.ts'
import { tableName } from './rows.ts'
import { allTables } from './schema.ts'
import { select } from './select.ts'
import { misnamed } from './wrong-names.ts'

/** Statements that belong together, each of which is compared. */
export interface Case {
  readonly steps: readonly Step[]
  /** Through COM_STMT_PREPARE, literals as parameters. */
  readonly isPrepared: boolean
}

export interface Step {
  readonly sql: Fragment
  readonly isOrdered: boolean
  /** Places of columns that are compared to a tolerance. */
  readonly approximate: readonly number[]
}

const DEPTH = 2

/** A random SELECT, now and then with what is asked after it. */
export function randomCase(g: Grammar): Case {
  const { random } = g
  switch (random.int(40)) {
    case 0:
      return foundRows(g)
    case 1:
      return intoVariables(g)
    case 2:
      return g.flavor === 'mysql' ? ofQuery(g, wholeTable(g)) : locking(g)
    case 3:
      return locking(g)
    case 4:
      return userVariables(g)
    case 5:
      return warned(g)
    case 6:
      return { steps: [stepOf(misnamed(g, top(g)))], isPrepared: false }
    case 7:
    case 8:
      return ofQuery(g, plainJoin(g))
    default:
      return ofQuery(g, top(g))
  }
}

function top(g: Grammar): Query {
  return g.query(undefined, { depth: g.random.int(DEPTH + 1), isTop: true })
}

function ofQuery({ random }: Grammar, query: Query): Case {
  return { steps: [stepOf(query)], isPrepared: query.approximate.length === 0 && random.oneIn(3) }
}

function stepOf({ sql: text, isOrdered, approximate }: Query): Step {
  return { sql: text, isOrdered, approximate }
}

function plainStep(text: Fragment): Step {
  return { sql: text, isOrdered: true, approximate: [] }
}

function foundRows(g: Grammar): Case {
  const modifier = g.random.pick(['SQL_CALC_FOUND_ROWS ', 'SQL_CALC_FOUND_ROWS ', ''])
  const query = select(g, undefined, { depth: 1, isTop: true, modifier })
  return { steps: [stepOf(query), plainStep('SELECT FOUND_ROWS()')], isPrepared: false }
}

/** One row at most goes into the variables. */
function intoVariables(g: Grammar): Case {
  const { sql: query } = g.query(undefined, { depth: 1, families: ['integer'], isScalar: true })
  const set = sql`SELECT x.c, ${word(g)} INTO @v1, @v2 FROM (SELECT (${query}) AS c) AS x`
  return {
    steps: [plainStep('SET @v1 = NULL, @v2 = NULL'), plainStep(set), plainStep('SELECT @v1, @v2')],
    isPrepared: false,
  }
}

function locking(g: Grammar): Case {
  const query = g.query(undefined, { depth: 0, isTop: true })
  const more = [' FOR SHARE', ' FOR UPDATE NOWAIT', ' FOR SHARE SKIP LOCKED']
  const words = [' FOR UPDATE', ' LOCK IN SHARE MODE', ...(g.flavor === 'mysql' ? more : [])]
  return ofQuery(g, { ...query, sql: sql`${query.sql}${optional(g.random.pick(words))}` })
}

/** Conversions of every row, so that it is clear which warnings there are. */
function warned(g: Grammar): Case {
  const table = g.random.pick(allTables(g.schema))
  const column = g.random.pick(table.columns).name
  const items = Array.from({ length: 1 + g.random.int(2) }, () =>
    g.random.pick(CONVERSIONS).replace('$', column),
  )
  const text = sql`SELECT id, ${list(items)} FROM ${tableName(table)} ORDER BY id`
  return {
    steps: [{ sql: text, isOrdered: table.primaryKey.length === 1, approximate: [] }],
    isPrepared: g.random.oneIn(3),
  }
}

const CONVERSIONS = [
  ...['CAST($ AS SIGNED)', '$ / 0', '$ + 0', 'CAST($ AS DATE)', 'MOD($, 0)', 'CAST($ AS DECIMAL(4, 2))'],
  ...[
    'DATE($)',
    'CAST($ AS TIME)',
    'CAST($ AS CHAR(1))',
    '$ - INTERVAL 1 DAY',
    'HEX($)',
    'CONVERT($ USING latin1)',
  ],
  ...['CAST($ AS UNSIGNED)', 'CAST($ AS DOUBLE)', 'LENGTH($)', '$ DIV 0', 'CAST($ AS JSON)', 'YEAR($)'],
]

function userVariables(g: Grammar): Case {
  const set = plainStep("SET @a = 5, @b = 'bee', @c = 2.5, @d = NULL")
  const table = g.random.pick(['a1', 'a2', 'r1'])
  const query = sql`SELECT @a, @b${optional(', @c')}, id FROM ${table} WHERE ${g.random.pick(['id = @a', 'tag = @b', 'ref > @c', 'id IN (@a, 7)', 'ref <=> @d'])} ORDER BY id`
  return { steps: [set, plainStep(query)], isPrepared: false }
}
