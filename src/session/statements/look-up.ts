import { listValues } from '../../engine/resolve.ts'
import { equalForm } from '../../engine/routable.ts'
import { SqlError } from '../../errors/sql-error.ts'
import type { KeyspaceId } from '../../key/keyspace-id.ts'
import type { LookupRouting, RoutedColumn } from '../../plan/routing.ts'
import { quoteName, valueLiteral } from '../../values/sql-literal.ts'
import { isBinary, isIntegral, isNumber, isQuoted, isText, type Value, value } from '../../values/value.ts'
import { domainOf } from '../../vindex/domain.ts'
import { idOfCell } from '../../vindex/lookup-ids.ts'
import type { LookupVindex } from '../../vindex/vindex.ts'
import { type Column, sameColumn } from '../../vschema/model.ts'
import { splitTableName } from '../../vschema/table-name.ts'
import { type EvaluateContext, select } from './evaluate.ts'
import type { Execution } from './execution.ts'
import { isApart } from './lookup-tables.ts'

/**
 * Reads lookup tables for the values by which the statement's rows are to be found, within the session's transaction. What cannot
 * be told is left out: all shards are asked. So are replicas, whose lookup tables may be behind, or before, what they have.
 */
export async function lookUp(
  context: EvaluateContext,
  { plan, bindings, reading }: Execution,
): Promise<void> {
  const { lookups = [] } = plan
  const isPrimary = reading.target.tabletType === 'PRIMARY'
  const found = new Map<LookupRouting, readonly KeyspaceId[]>()
  const read = new Map<string, readonly KeyspaceId[] | undefined>()
  for (const routing of isPrimary ? lookups : []) {
    const query = lookupQuery(context, routing, listValues(routing.list, bindings))
    if (query === undefined) continue
    const sql =
      query === '' || !plan.locks || context.transaction.start() === undefined
        ? query
        : `${query}${lockOf(routing)}`
    if (!read.has(sql))
      read.set(sql, sql === '' ? [] : await idsOf(context, routing, { sql, locks: plan.locks }))
    const ids = read.get(sql)
    if (ids !== undefined) found.set(routing, ids)
  }
  bindings.lookups = found
}

/** What a statement that locks rows finds is of now, as the rows are that it locks: in a transaction a plain read is of before. */
function lockOf({ vindex }: LookupRouting): string {
  switch (vindex.params['read_lock']) {
    case 'none':
      return ''
    case 'shared':
      return ' LOCK IN SHARE MODE'
    default:
      return ' FOR UPDATE'
  }
}

/** More rows than these are on all shards most likely. */
const ROWS_MAX = 10_000

/** Empty where no row has any of the values; undefined where the table would not tell which rows are equal to them. */
function lookupQuery(
  { proxy }: EvaluateContext,
  { keyspace, vindex, columns }: LookupRouting,
  values: readonly Value[],
): string | undefined {
  const { table: name = '', from = '', to = '' } = vindex.params
  const address = splitTableName(name)
  const found = address && proxy.vschema.findTable(address.keyspace ?? keyspace, address.table, 'primary')
  if (found?.kind !== 'found') return undefined
  const [first = ''] = from.split(',')
  const column = first.trim()
  const other = found.table.columns.find((each) => sameColumn(each.name, column))
  const wanted = values.filter(({ type }) => type !== 'NULL')
  const stored = storedValues(vindex, columns?.[0], other, wanted)
  if (stored === undefined) return undefined
  if (wanted.length === 0) return ''
  const list = stored.map((each) => valueLiteral(each, 'utf8mb4')).join(', ')
  const table = `${quoteName(found.table.keyspace)}.${quoteName(found.table.name)}`
  return `SELECT ${quoteName(to.trim())} FROM ${table} WHERE ${quoteName(column)} IN (${list})`
}

/** What the lookup table has in the places of the values; undefined where it may call others equal. */
function storedValues(
  vindex: LookupVindex,
  own: RoutedColumn | undefined,
  other: Column | undefined,
  wanted: readonly Value[],
): readonly Value[] | undefined {
  if (own === undefined || other?.type === undefined) return undefined
  if (vindex.fromValue !== undefined)
    return other.type === 'UINT64' ? numbersOf(vindex, own, wanted) : undefined
  return comparesAlike(own, other) && wanted.every(isPlain) ? wanted : undefined
}

/** The number of each value, which is that of all that the column calls equal to it. */
function numbersOf(
  vindex: LookupVindex,
  own: RoutedColumn,
  wanted: readonly Value[],
): readonly Value[] | undefined {
  // Numbers and texts in one list may be compared as doubles.
  const isMixed = wanted.some(({ type }) => isNumber(type)) && !wanted.every(({ type }) => isNumber(type))
  if (isMixed || (isText(own.type) && own.collation === undefined)) return undefined
  const numbers = wanted.map((each) => {
    const form = equalForm(domainOf(vindex, 0), own, each)
    return form && numberOf(vindex, form)
  })
  return numbers.every((each) => each !== undefined) ? numbers : undefined
}

function numberOf(vindex: LookupVindex, form: Value): Value | undefined {
  try {
    return vindex.fromValue?.(form)
  } catch (error) {
    if (error instanceof SqlError) return undefined
    throw error
  }
}

/** Whether the lookup table calls the same values equal as the table whose rows are looked for. */
function comparesAlike(own: RoutedColumn, other: Column): boolean {
  if (isIntegral(own.type) && other.type !== undefined && isIntegral(other.type)) return true
  return own.type === other.type && own.collation === other.collation && own.scale === other.scale
}

/** Written down again it is the same value: a date, say, would be a text. */
function isPlain({ type, radix }: Value): boolean {
  if (radix !== undefined) return false
  return isNumber(type) || isBinary(type) || (isText(type) && isQuoted(type))
}

/** Undefined for too many rows, for what is no id, and where the user may not read the table. */
async function idsOf(
  context: EvaluateContext,
  { vindex }: LookupRouting,
  { sql, locks }: { readonly sql: string; readonly locks: boolean },
): Promise<readonly KeyspaceId[] | undefined> {
  try {
    // Where the transaction itself has written or will write them.
    const { transaction } = context
    const commitsFirst = isApart({ vindex }, transaction) && (locks || transaction.commitsInOrder)
    const { rows } = await select(context, sql, ROWS_MAX + 1, { commitsFirst, isOwn: true })
    if (rows.length > ROWS_MAX) return undefined
    const ids = rows.map(([cell]) => idOf(cell!.text, vindex))
    return ids.every((id) => id !== undefined) ? ids : undefined
  } catch (error) {
    if (error instanceof SqlError && error.code === 'ER_DBACCESS_DENIED_ERROR') return undefined
    throw error
  }
}

/** Of a cell as SQL text. */
function idOf(text: string, vindex: LookupVindex): KeyspaceId | undefined {
  if (vindex.isHashed) return idOfCell(vindex, value('UINT64', text))
  const [, hex] = /^_binary x'([0-9a-f]+)'$/.exec(text) ?? []
  return hex === undefined ? undefined : idOfCell(vindex, value('VARBINARY', Buffer.from(hex, 'hex')))
}
