import { KEY_FLAGS } from '../../engine/column-flags.ts'
import type { RowStream, StreamColumn } from '../../engine/row-stream.ts'
import { toldAs } from '../../engine/told-as.ts'
import type { Condition } from '../../errors/condition.ts'
import { ServerError } from '../../errors/server-error.ts'
import { type ColumnDef, decodeColumnDef, encodeColumnDef } from '../../mysql/codec/column-def.ts'
import { HEADER_BYTES } from '../../mysql/codec/constants.ts'
import type { CopiesTold, OverGroups, ShownTable, ShownView } from '../../plan/primitives.ts'
import type { ServingTablet } from '../../tablet/serving-tablet.ts'
import { quoteName } from '../../values/sql-literal.ts'
import { classOf, columnFlags } from '../../values/types.ts'

/** The rows, their columns told as those of the tables that were copied. */
export function copiedColumns(input: RowStream, node: CopiesTold, isMariadb: boolean): RowStream {
  const shown = new Map(node.copies.map((copy) => [copy.name, copy.shown]))
  const columns = input.columns.map((column) => ofView(ownColumn(column, shown), node, isMariadb))
  return toldAs(input, columns)
}

/**
 * The columns of a statement part of which was asked of groups. `checked`: what the server has said of the whole statement when it
 * prepared it. Groups are fields of a temporary table, as they are for one server that makes them: no part of a key, and numbers are
 * not flagged as binary.
 */
export function columnsOverGroups(
  answered: readonly StreamColumn[],
  checked: readonly StreamColumn[],
  { groups, recounted, isSorted }: OverGroups,
  { isMariadb, hasParams }: { readonly isMariadb: boolean; readonly hasParams: boolean },
): readonly StreamColumn[] {
  const names = new Set(groups.map(({ name }) => name))
  return answered.map((column, i) => {
    const whole = checked[i]
    if (whole === undefined) return column
    if (names.has(decodeColumnDef(column.definition).orgTable))
      return isSorted ? whole : ofGroups(column, whole, isMariadb)
    const isSame = recounted !== 'all' && !recounted.includes(i)
    const own = isMariadb ? ofWholeQuery(column, whole) : column
    // Of texts nobody knows whether they hold what is counted in a query inside.
    if (isSame || (recounted === 'all' && classOf(whole) === 'text')) return own
    return hasParams && isOfUntyped(own, whole) ? own : recountedColumn(own, whole)
  })
}

/** What a server says of fields in its temporary tables: MariaDB, that rows are grouped by them. */
const FIELD_FLAGS = columnFlags.binary | columnFlags.num

/** A column of groups is told as that of the table, or as one that a server has of its own. */
function ofGroups(column: StreamColumn, whole: StreamColumn, isMariadb: boolean): StreamColumn {
  const own = decodeColumnDef(column.definition)
  const { name, orgName, table, schema, orgTable } = decodeColumnDef(whole.definition)
  if (orgTable === '')
    return changed(column, { schema: '', table, orgTable, name, orgName: isMariadb ? orgName : name })
  const isOfQuery = own.table !== own.orgTable
  return changed(whole, {
    schema: isMariadb && isOfQuery ? '' : schema,
    type: column.type,
    columnLength: column.length,
    flags: (whole.flags & ~KEY_FLAGS & ~FIELD_FLAGS) | (column.flags & FIELD_FLAGS),
  })
}

/** MariaDB: what comes of a query in FROM that is asked of groups is said to be of that query. */
function ofWholeQuery(column: StreamColumn, whole: StreamColumn): StreamColumn {
  const own = decodeColumnDef(column.definition)
  const { schema, orgTable, orgName } = decodeColumnDef(whole.definition)
  const isOfQuery = own.orgTable !== '' && own.orgTable === own.table && own.orgTable !== orgTable
  return isOfQuery ? changed(column, { schema: orgTable === '' ? '' : schema, orgTable, orgName }) : column
}

/** Of a `?` without a value MySQL makes a DECIMAL with as many digits as there can be, and of its value another. */
function isOfUntyped(column: StreamColumn, whole: StreamColumn): boolean {
  return classOf(whole) === 'decimal' && whole.decimals === DECIMALS_MAX && column.decimals < DECIMALS_MAX
}

const DECIMALS_MAX = 30

const TYPE_FLAGS = columnFlags.notNull | columnFlags.unsigned

/**
 * Sums of sums have more digits than sums, what was counted is a sum, and expressions that were columns of groups have their widths.
 * Any other type is that of a `?`, which shows when it is executed.
 */
function recountedColumn(column: StreamColumn, whole: StreamColumn): StreamColumn {
  const [kind, wholeKind] = [classOf(column), classOf(whole)]
  const { type, decimals, length, collation } = whole
  if (wholeKind === 'text') return kind === 'text' ? changed(column, { decimals }) : column
  if (wholeKind === 'double' && kind === 'double')
    return column.decimals === decimals ? changed(column, { columnLength: length }) : column
  const isNumber = wholeKind === 'signed' || wholeKind === 'unsigned' || wholeKind === 'decimal'
  if (!isNumber || (kind !== wholeKind && kind !== 'decimal')) return column
  return changed(column, {
    type,
    decimals,
    columnLength: length,
    collationId: collation,
    flags: (column.flags & ~TYPE_FLAGS) | (whole.flags & TYPE_FLAGS),
  })
}

function changed(column: StreamColumn, change: Partial<ColumnDef>): StreamColumn {
  const definition = { ...decodeColumnDef(column.definition), ...change }
  return {
    name: Buffer.from(definition.name, 'latin1').toString(),
    type: definition.type,
    flags: definition.flags,
    decimals: definition.decimals,
    collation: definition.collationId,
    length: definition.columnLength,
    definition: encoded(definition),
  }
}

/** A definition packet's payload, as of the table that was copied; `tablet`: whose database may have another name. */
export function copiedDefinition(
  payload: Buffer,
  node: CopiesTold,
  { database, record }: Pick<ServingTablet, 'database' | 'record'>,
  isMariadb: boolean,
): Buffer {
  const definition = decodeColumnDef(payload)
  const view = viewOf(definition, node)
  if (view !== undefined) return encoded(inView(definition, view, node, isMariadb))
  const { copies } = node
  const own = copies.find(({ name }) => name === definition.orgTable)
  if (own !== undefined) return encoded(ownDefinition(definition, own.shown))
  if (definition.orgTable === '') return encoded({ ...definition, schema: '' })
  return definition.schema === database
    ? encoded({ ...definition, schema: bytesOf(record.keyspace) })
    : payload
}

/** An error that names columns or tables: `'database.table.column'`, the database being that in which the copies are. */
export function ofCopiedTables(
  error: unknown,
  { copies, told }: CopiesTold,
  { database, record }: Pick<ServingTablet, 'database' | 'record'>,
): unknown {
  if (!(error instanceof ServerError)) return error
  let message = error.message.replace(
    /^((?:Unknown c|C)olumn ')([^']*)/,
    (_, before: string, name: string) => `${before}${told.get(name) ?? name}`,
  )
  for (const { name, shown } of copies) {
    // Under its own name stands one of several tables that have the same.
    message = message.replaceAll(`${database}.${name}.`, `${shown.keyspace}.${shown.alias}.`)
    message = message.replaceAll(new RegExp(`(?<=')${name}(?=[.'])`, 'g'), () => shown.alias)
    if (shown.keyspace === record.keyspace) continue
    message = message.replaceAll(`${database}.${shown.alias}.`, `${shown.keyspace}.${shown.alias}.`)
  }
  return message === error.message ? error : new ServerError({ ...error, message })
}

/** A condition of a row: MariaDB tells of which column. */
export function conditionOfCopies(
  condition: Condition,
  { copies }: CopiesTold,
  { database }: Pick<ServingTablet, 'database'>,
): Condition {
  let { message } = condition
  for (const { name, shown } of copies) {
    const copied = `${quoteName(database)}.${quoteName(name)}.`
    message = message.replaceAll(copied, () => `${quoteName(shown.keyspace)}.${quoteName(shown.table)}.`)
  }
  return message === condition.message ? condition : { ...condition, message }
}

function ownColumn(column: StreamColumn, shown: ReadonlyMap<string, ShownTable>): StreamColumn {
  const definition = decodeColumnDef(column.definition)
  const own = shown.get(definition.orgTable)
  // MariaDB: of a query in FROM over temporary tables.
  const isOfNone = definition.orgTable === '' && definition.schema !== ''
  if (own === undefined && !isOfNone) return column
  const changed = own === undefined ? { ...definition, schema: '' } : ownDefinition(definition, own)
  return { ...column, flags: changed.flags, definition: encoded(changed) }
}

function ofView(column: StreamColumn, node: CopiesTold, isMariadb: boolean): StreamColumn {
  const definition = decodeColumnDef(column.definition)
  const view = viewOf(definition, node)
  if (view === undefined) return column
  return { ...column, definition: encoded(inView(definition, view, node, isMariadb)) }
}

function viewOf({ table }: ColumnDef, { views = [] }: CopiesTold): ShownView | undefined {
  return views.find(({ alias }) => bytesOf(alias) === table)
}

/**
 * A view that is put into the statement has all of its columns, though what is computed in it is in no schema. Of another one the
 * columns of its tables are these', and it has the others; on MariaDB these are of no table, and all of no schema.
 */
function inView(
  definition: ColumnDef,
  { keyspace, view, isMerged }: ShownView,
  { copies }: CopiesTold,
  isMariadb: boolean,
): ColumnDef {
  const own = copies.find(({ name }) => name === definition.orgTable)
  const told = own === undefined ? definition : ownDefinition(definition, own.shown)
  const isComputed = definition.orgTable === ''
  if (isMerged) return { ...told, schema: isComputed ? '' : bytesOf(keyspace), orgTable: bytesOf(view) }
  if (isMariadb) return { ...told, schema: '' }
  return isComputed ? { ...told, schema: bytesOf(keyspace), orgTable: bytesOf(view) } : told
}

function ownDefinition(definition: ColumnDef, own: ShownTable): ColumnDef {
  return {
    ...definition,
    schema: bytesOf(own.keyspace),
    // One of several tables that have one name has its copy's instead.
    ...(definition.table === definition.orgTable && { table: bytesOf(own.alias) }),
    orgTable: bytesOf(own.table),
    flags: flagsOf(definition, own),
  }
}

/** Of a key that was not copied whole a column may have another one; an expression's column is part of none. */
function flagsOf({ flags, orgName }: ColumnDef, { keyFlags }: ShownTable): number {
  if ((flags & columnFlags.partKey) === 0) return flags
  return (flags & ~KEY_FLAGS) | (keyFlags.get(Buffer.from(orgName, 'latin1').toString()) ?? flags & KEY_FLAGS)
}

function encoded(definition: ColumnDef): Buffer {
  return encodeColumnDef(definition, 0).subarray(HEADER_BYTES)
}

function bytesOf(name: string): string {
  return Buffer.from(name).latin1Slice()
}
