import type {
  EnteredForeignKey,
  EnteredLookup,
  EnteredRows,
  MetRows,
  VindexColumn,
} from '../plan/write-primitives.ts'
import type { Expr, Insert } from '../sql/ast.ts'
import type { Column, StoredKey } from '../values/column.ts'
import { isSelfReferring } from '../values/foreign-key.ts'
import type { Table } from '../vschema/model.ts'
import { insertedColumn } from './binding/inserted-columns.ts'
import { liveColumn } from './binding/live-column.ts'
import { fedKeys, type KeyColumns } from './foreign-keys.ts'
import { type FedBy, keptRows, rowsAfter } from './kept-rows.ts'
import { makeItem, makeOr, makeTable } from './make-node.ts'
import { assignsKey, metKey, NO_NEW_KEY } from './met-key.ts'
import { refusalOfUpsert } from './operators/write.ts'
import { isOneOf, type LookupColumns, lockedRows, ownedLookup, removedRows } from './owned-lookups.ts'
import { isOfMariaDb, type PlanContext } from './plan-context.ts'
import { eachOrRefusal, isRefusal, type Refusal, refused } from './refusal.ts'
import { charsetsOf, isWhole, keyColumn, keyOf, placingOf } from './row-keys.ts'
import { moveOf } from './row-move.ts'
import { ShardText } from './shard-text.ts'

/**
 * How rows of these columns are entered in the lookup tables that the table owns, and what is done with rows that they meet and that
 * belong elsewhere afterwards; undefined where it owns none, and there are none.
 */
export function enteredRows(
  ast: Insert,
  table: Table,
  columns: readonly string[],
  context: PlanContext,
): EnteredRows | undefined | Refusal {
  const owned = table.columnVindexes.filter((vindex) => vindex.owned)
  const moving = refusalOfUpsert(ast, table)
  const foreignKeys = fedKeys(ast, table, context)
  if (isRefusal(foreignKeys)) return foreignKeys
  if (owned.length === 0 && moving === undefined && foreignKeys === undefined) return undefined
  const lookups = eachOrRefusal(owned, (vindex) => ownedLookup(table, vindex, context))
  if (isRefusal(lookups)) return lookups
  const entered = eachOrRefusal(lookups, (lookup) => enteredLookup(lookup, columns, ast))
  if (isRefusal(entered)) return entered
  const references =
    foreignKeys && eachOrRefusal(foreignKeys.own, (key) => enteredKey(key, table, columns, ast))
  if (isRefusal(references)) return references
  const changes = ast.verb === 'REPLACE' || ast.onDuplicate !== undefined
  const meets = changes || (ast.ignore && owned.length > 0)
  const met = meets ? metRows(ast, table, columns, { lookups, foreignKeys }, context) : undefined
  if (isRefusal(met)) return moving ?? met
  return {
    lookups: entered,
    ...(references && { references }),
    ...(met && { met }),
  }
}

/** Source: MySQL 9.6 release notes, foreign keys at the SQL layer. */
export function looksFirst({ live, foreignKeys }: Table, context: PlanContext): boolean {
  const hasKeys = foreignKeys !== undefined || (live?.foreignKeys ?? []).length > 0
  return hasKeys && !isOfMariaDb(context) && (context.serverVersion ?? 0) >= 90_600
}

function enteredKey(
  { key, columns: own }: KeyColumns,
  table: Table,
  columns: readonly string[],
  { verb }: Insert,
): EnteredForeignKey | Refusal {
  const generated = own.find(({ stored }) => stored?.computedOf !== undefined)
  if (generated !== undefined)
    return refused(`${verb} of rows that refer to others by generated column '${generated.name}'`)
  const found = insertedColumns(own, columns, verb)
  if (isRefusal(found)) return found
  if (!isSelfReferring(key)) return { key, columns: found }
  const referred = key.parentColumns.flatMap((name) => liveColumn(table, name) ?? [])
  const itself = insertedColumns(referred, columns, verb)
  return isRefusal(itself) ? itself : { key, columns: found, itself }
}

function enteredLookup(
  { lookup, columns: feeding }: LookupColumns,
  columns: readonly string[],
  { verb }: Insert,
): EnteredLookup | Refusal {
  const found = insertedColumns(feeding, columns, verb)
  return isRefusal(found) ? found : { lookup, columns: found }
}

function insertedColumns(
  wanted: readonly Column[],
  columns: readonly string[],
  verb: Insert['verb'],
): readonly VindexColumn[] | Refusal {
  return eachOrRefusal(
    wanted,
    (column) =>
      insertedColumn(column.name, column, columns) ??
      refused(`${verb} without a value for column '${column.name}'`),
  )
}

// ---------------------------------------------------------------------------------------- rows that are met

function metRows(
  ast: Insert,
  table: Table,
  columns: readonly string[],
  fed: FedBy,
  context: PlanContext,
): MetRows | Refusal {
  const key = keyOf(table)
  const placing = key && placingOf(table, key.length)
  if (key === undefined || placing === undefined)
    return refused(
      `${ast.verb} that may meet rows of table '${table.name}', whose primary key has no exact literals`,
    )
  const node = makeTable(table.name, table.keyspace)
  const keyColumns: VindexColumn[] = []
  const text = new ShardText(context)
  const conditions: Expr[] = []
  for (const unique of uniqueKeys(table)) {
    const own = unique.parts.map(({ column }) => liveColumn(table, column))
    const told = own.map((column) => column && insertedColumn(column.name, column, columns))
    const absent = own.filter((_, i) => told[i] === undefined)
    // NULL meets nothing, nor does a number that is drawn.
    if (absent.some((column) => column?.autoIncrement === true) || told.some(isAlwaysNull)) continue
    if (absent.length > 0 || !isWhole(unique))
      return refused(`${ast.verb} that may meet rows by a unique key of which it does not tell all values`)
    const at = keyColumns.length
    keyColumns.push(...(told as readonly VindexColumn[]))
    const values = text.hole({ rows: told.map((_, i) => at + i) })
    conditions.push(isOneOf(own as readonly Column[], values))
  }
  if (conditions.length === 0) return refused(`${ast.verb} into table '${table.name}' without a unique key`)
  const primary = key.map((column) => insertedColumn(column.name, column, columns))
  const isTold = primary.every((column) => column !== undefined)
  const referred = eachOrRefusal(fed.foreignKeys?.toIt ?? [], ({ columns: own }) =>
    insertedColumns(own, columns, ast.verb),
  )
  if (isRefusal(referred)) return referred
  const changing = { table, node, source: table.name, key, placing: placing.columns }
  const kept = keptRows(fed, changing)
  const newKey = assignsKey(ast, key)
    ? metKey(ast, {
        ...{ table, key, columns, text },
        keptCount: kept.columns.length,
        toldCount: keyColumns.length,
      })
    : NO_NEW_KEY
  const moving = refusalOfUpsert(ast, table)
  // By its key it is found again.
  if (newKey === undefined && moving !== undefined) return moving
  const { values = [], columns: newColumns = [], inserted = [] } = newKey ?? {}
  const items = [...kept.columns.map((column) => keyColumn(column, table.name)), ...values.map(makeItem)]
  return {
    keyColumns: [...keyColumns, ...inserted],
    rows: text.ofTree(lockedRows(node, items, makeOr(conditions))),
    keyWidth: key.length,
    ...(isTold && { primary }),
    charsets: charsetsOf(kept.columns),
    routing: placing.routing,
    ...(referred.length > 0 && { referred }),
    upkeep: {
      lookups: kept.lookups,
      ...(kept.foreignKeys && { foreignKeys: kept.foreignKeys }),
      after: rowsAfter(kept, changing, context),
      ...(newColumns.length > 0 && { newKey: newColumns }),
      oneByOne: newColumns.length > 0,
      ...(moving && { move: moveOf(changing, context) }),
    },
    remove: removedRows(node, key, context),
  }
}

function uniqueKeys({ live }: Table): readonly StoredKey[] {
  return (live?.keys ?? []).filter(({ kind }) => kind === 'PRIMARY' || kind === 'UNIQUE')
}

function isAlwaysNull(column: VindexColumn | undefined): boolean {
  return (
    column !== undefined &&
    column.offset < 0 &&
    column.usual?.type === 'NULL' &&
    column.routed?.notNull !== true
  )
}
