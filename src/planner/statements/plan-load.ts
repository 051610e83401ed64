import type { Plan } from '../../plan/plan.ts'
import type { Routing } from '../../plan/routing.ts'
import type { FileFormat, LoadFile } from '../../plan/write-primitives.ts'
import type { FileReading, Literal, Load } from '../../sql/ast.ts'
import { someNode } from '../../sql/visit.ts'
import { sameColumn, type Table } from '../../vschema/model.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import { findTable, hasShardsOfItsOwn, keyspaceOf } from '../binding/find-table.ts'
import { isChanging } from '../binding/traits.ts'
import { refusalOfView, shownSequence } from '../binding/views.ts'
import { refusalOfForeignKeys, UNCHECKED } from '../foreign-keys.ts'
import { drawnIds, placingOf } from '../operators/insert-rows.ts'
import { refusalOfLookups } from '../operators/write.ts'
import type { PlanContext } from '../plan-context.ts'
import { connectionState, unsupportedPlan, writePlan } from '../plans.ts'
import { isRefusal, type Refusal, refused } from '../refusal.ts'
import { ShardText } from '../shard-text.ts'
import { planValue } from '../values.ts'
import { fieldName, ofLines } from './load-text.ts'
import { planOnOneServer } from './plan-on-one-server.ts'
import { stagedLoad } from './staged-load.ts'

/**
 * LOAD DATA LOCAL and LOAD XML LOCAL. One server gets the statement as it is, and the client's file with it; several get lines of
 * the file (docs/design/load-data.md). A file of the servers themselves is for one server alone.
 */
export function planLoad(statement: Load, context: PlanContext): Plan {
  if (!statement.local || isSystemSchema(keyspaceOf(statement.table, context)))
    return planOnOneServer(statement, context)
  const table = shownSequence(findTable(statement.table, context))
  const { keyspace, sharded, pinned, source, autoIncrement } = table
  if (source !== undefined) return intoSource(statement, table, context)
  if (autoIncrement === undefined && pinned !== undefined)
    return loadInto(statement, { kind: 'Pinned', keyspace, keyspaceId: pinned }, context)
  if (autoIncrement === undefined && !sharded)
    return loadInto(statement, { kind: 'Unsharded', keyspace }, context)
  const load = loadFile(statement, table, context)
  const staged = stagedLoad(statement, table, context)
  if (!isRefusal(load)) {
    const root = isRefusal(staged) ? load : { ...load, staged }
    return { root, asksFile: true, setsInsertId: true, locks: true, ...connectionState(statement) }
  }
  if (isRefusal(staged)) return unsupportedPlan(staged.construct)
  const keepsKeys = staged.insert.entered?.references !== undefined
  const settings = keepsKeys ? { settings: UNCHECKED } : {}
  return { root: staged, asksFile: true, locks: true, ...connectionState(statement), ...settings }
}

/** The whole statement on one server. Its OK tells no id, whatever LAST_INSERT_ID() is then. */
export function loadInto(statement: Load, routing: Routing, context: PlanContext): Plan {
  const plan = writePlan(statement, { verb: 'insert', routing }, context)
  return { ...plan, asksFile: true, setsInsertId: true }
}

/** A reference table is changed at its source. */
function intoSource(statement: Load, { name, source }: Table, context: PlanContext): Plan {
  if (source?.table !== name)
    return unsupportedPlan(`writing reference table '${name}' through a source of another name`)
  return loadInto(statement, { kind: 'Unsharded', keyspace: source.keyspace }, context)
}

function loadFile(statement: Load, table: Table, context: PlanContext): LoadFile | Refusal {
  const { format, reading, file } = statement
  if (reading === undefined || format === 'XML') return refused(`LOAD ${format} into a sharded table`)
  const problem =
    refusalOfView(`LOAD ${format}`, table, context) ??
    refusalOfLookups(statement, table) ??
    refusalOfForeignKeys(statement, table, context) ??
    refusalOfSet(reading, table)
  if (problem !== undefined) return problem
  const fields = fieldsOf(reading, table)
  if (isRefusal(fields)) return fields
  const columns = columnsOf(reading, table, fields)
  if (isRefusal(columns)) return columns
  const drawn = drawnIds(table, columns)
  const appended = drawn?.appended === true ? [drawn.column] : []
  const isPlaced = hasShardsOfItsOwn(table) || drawn !== undefined
  const placing = isPlaced ? placingOf(table, [...columns, ...appended]) : undefined
  if (isRefusal(placing)) return placing
  const text = (part: Load) => new ShardText(context).templateOf(part)
  return {
    kind: 'LoadFile',
    verb: 'load',
    keyspace: table.keyspace,
    table: table.name,
    file: planValue(file)!,
    format: fileFormat(reading),
    ...(reading.skippedLines && { skippedLines: planValue(reading.skippedLines)! }),
    query: text(ofLines(statement, reading, appended.length > 0 ? [...appended, ...fields] : undefined)),
    whole: new ShardText(context).ofStatement(statement),
    fields,
    ...(placing && { placing }),
    ...(drawn && { autoIncrement: drawn }),
  }
}

/** What SET does must be the same on every shard. */
function refusalOfSet({ set }: FileReading, table: Table): Refusal | undefined {
  const values = set.map(({ value }) => value)
  if (someNode(values, ({ kind }) => kind === 'Subquery'))
    return refused('a subquery in LOAD DATA into a sharded table')
  if (someNode(values, ({ kind }) => kind === 'Assign'))
    return refused('assignment of a user variable over several shards')
  if (!hasShardsOfItsOwn(table) && isChanging(values))
    return refused('a function that changes from call to call, written to all copies of a reference table')
  return undefined
}

function fieldsOf({ columns }: FileReading, table: Table): readonly string[] | Refusal {
  if (columns !== undefined && columns.length > 0) return columns.map(fieldName)
  if (table.columnListAuthoritative)
    return table.columns.filter(({ invisible }) => !invisible).map(({ name }) => name)
  return refused(
    `LOAD DATA without a column list into table '${table.name}', whose columns are not known (VT09004)`,
  )
}

/**
 * The fields with the columns that they are of: `(@a, b) SET id = @a` places rows by the first one. What decides where a row lives, or
 * wants a number, may come from a field alone.
 */
function columnsOf(
  { set }: FileReading,
  table: Table,
  fields: readonly string[],
): readonly string[] | Refusal {
  const { columnVindexes, autoIncrement } = table
  const deciding = [...(columnVindexes[0]?.columns ?? []), ...(autoIncrement ? [autoIncrement.column] : [])]
  let columns = fields
  for (const { column, value } of set) {
    if (!deciding.some((name) => sameColumn(name, column.name))) continue
    const from = value.kind === 'UserVariable' ? fields.lastIndexOf(fieldName(value)) : -1
    if (from < 0)
      return refused(`SET of column '${column.name}' in LOAD DATA to what is no field of the file`)
    const isOverwritten = (name: string) => sameColumn(name, column.name)
    columns = columns.map((name, i) => (i === from ? column.name : isOverwritten(name) ? '' : name))
  }
  return columns
}

function fileFormat({ charset, fields, lines }: FileReading): FileFormat {
  const term = <Name extends keyof FileFormat>(name: Name, literal: Literal | undefined) =>
    literal === undefined ? {} : { [name]: planValue(literal)! }
  return {
    ...(charset !== undefined && { charset }),
    ...term('terminated', fields.terminated),
    ...term('enclosed', fields.enclosed),
    ...term('escaped', fields.escaped),
    ...term('starting', lines.starting),
    ...term('linesTerminated', lines.terminated),
  }
}
