import type { SplitInsert, StagedLoad } from '../../plan/write-primitives.ts'
import type { Insert, Load } from '../../sql/ast.ts'
import { someNode } from '../../sql/visit.ts'
import type { Column } from '../../values/column.ts'
import { quoteName } from '../../values/sql-literal.ts'
import { sameColumn, type Table } from '../../vschema/model.ts'
import { hasShardsOfItsOwn } from '../binding/find-table.ts'
import { setsLastInsertId } from '../binding/traits.ts'
import { refusalOfView } from '../binding/views.ts'
import { finishInsertRows } from '../finish/finish-insert-rows.ts'
import { makeColumn, makeNull } from '../make-node.ts'
import { insertRows, type ValuesInsert } from '../operators/insert-rows.ts'
import type { PlanContext } from '../plan-context.ts'
import { isRefusal, type Refusal, refused } from '../refusal.ts'
import { writtenInto } from '../rows-first.ts'
import { ShardText } from '../shard-text.ts'
import { planValue } from '../values.ts'
import { ofLines } from './load-text.ts'

/** LOAD DATA LOCAL whose rows are known when a server has read them; refused where that would read another file than is meant. */
export function stagedLoad(statement: Load, table: Table, context: PlanContext): StagedLoad | Refusal {
  const construct = `LOAD ${statement.format} into table '${table.name}'`
  const problem =
    refusalOfView(`LOAD ${statement.format}`, table, context) ?? problemOf(statement, table, construct)
  if (problem !== undefined) return problem
  const stored = (table.live?.columns ?? []).filter(({ stored }) => stored?.computedOf === undefined)
  const columns = stored.map(({ name }) => name)
  const into = stored.map(writtenInto)
  const odd = into.indexOf(undefined)
  if (odd >= 0) return refused(`${construct}, whose column '${columns[odd]}' has no exact literals,`)
  const isChanged = { ...context, isChanged: true }
  const op = insertRows(insertOf(statement, columns), table, isChanged)
  if (isRefusal(op)) return op
  const insert = finishInsertRows(op, isChanged).root
  if (insert.kind !== 'Insert') return refused(construct)
  const numbered = numberedColumn(table, stored)
  return {
    kind: 'StagedLoad',
    verb: 'load',
    keyspace: table.keyspace,
    table: table.name,
    file: planValue(statement.file)!,
    stage: stageOf(table.name, columns, numbered),
    query: new ShardText(context).ofStatement(withColumns(statement, table)),
    columns,
    ...(numbered !== undefined && { numbered }),
    construct,
    into: into.flatMap((each) => each ?? []),
    insert: { ...withoutKept(insert), rows: { kind: 'Rows', rows: [] } },
  }
}

function problemOf({ reading }: Load, table: Table, construct: string): Refusal | undefined {
  const { live, shows } = table
  if (reading === undefined || !hasShardsOfItsOwn(table) || shows !== undefined) return refused(construct)
  if (live === undefined) return refused(`${construct}, whose columns are not known (VT09004)`)
  // What they do depends on the session, whose rows these are no more.
  if (live.hasTriggers === true) return refused(`${construct}, which has triggers,`)
  const values = reading.set.map(({ value }) => value)
  if (someNode(values, ({ kind }) => kind === 'Subquery'))
    return refused('a subquery in LOAD DATA into a sharded table')
  if (someNode(values, setsLastInsertId)) return refused(`LAST_INSERT_ID(expr) in ${construct}`)
  const generated = live.columns.filter(({ stored }) => stored?.computedOf !== undefined)
  const isNamed = ({ name }: Column) =>
    reading.columns === undefined ||
    reading.columns.some((field) => field.kind === 'Column' && sameColumn(field.name, name)) ||
    reading.set.some(({ column }) => sameColumn(column.name, name))
  const [first] = generated.filter(isNamed)
  return first && refused(`${construct} with a value for generated column '${first.name}'`)
}

/** LOAD DATA REPLACE takes what refers to a row along, also where that is replaced by its like, as no REPLACE does (MySQL 9.7). */
function withoutKept(insert: SplitInsert): SplitInsert {
  if (insert.verb !== 'replace') return insert
  const { looksFirst: _, ...others } = insert
  return others
}

/** As the rows of the stage go into the table: a file of the client that meets others leaves its own out. */
function insertOf({ table, reading, span }: Load, columns: readonly string[]): ValuesInsert {
  const isReplace = reading?.duplicates === 'REPLACE'
  const insert: Omit<Insert, 'source'> = {
    kind: 'Insert',
    verb: isReplace ? 'REPLACE' : 'INSERT',
    ignore: !isReplace,
    into: true,
    table,
    columns: columns.map(makeColumn),
    span,
  }
  const row = { kind: 'InsertRow', values: columns.map(makeNull), span } as const
  return { ...insert, source: { kind: 'InsertValues', keyword: 'VALUES', rows: [row], span } }
}

/** The column that takes numbers where it gets none. */
function numberedColumn({ autoIncrement }: Table, columns: readonly Column[]): string | undefined {
  const own = columns.find(({ name, autoIncrement: counts }) =>
    autoIncrement === undefined ? counts : sameColumn(name, autoIncrement.column),
  )
  return own?.name
}

/** Defaults and what may be NULL are the table's; what is numbered is NULL where the file says nothing. */
function stageOf(table: string, columns: readonly string[], numbered: string | undefined): string {
  const items = columns.map((name) => {
    const column = quoteName(name)
    return name === numbered ? `IF(FALSE, ${column}, NULL) AS ${column}` : column
  })
  return `CREATE TEMPORARY TABLE ${quoteName(table)} AS SELECT ${items.join(', ')} FROM ${quoteName(table)} LIMIT 0`
}

/** An invisible column is one like the others in the stage. */
function withColumns(statement: Load, { live }: Table): Load {
  const { reading } = statement
  const visible = live?.columns.filter(({ invisible }) => !invisible) ?? []
  if (reading === undefined || reading.columns !== undefined || visible.length === live?.columns.length)
    return statement
  return ofLines(
    statement,
    reading,
    visible.map(({ name }) => name),
  )
}
