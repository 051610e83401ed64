import { type KeyspaceId, keyspaceId } from '../../key/keyspace-id.ts'
import type { QueryTemplate } from '../../plan/text.ts'
import type {
  DrawnIds,
  EnteredRows,
  InsertedCell,
  InsertedRows,
  SplitInsert,
  VerifiedVindex,
  VindexColumn,
} from '../../plan/write-primitives.ts'
import type { ColumnName, Expr, Insert, InsertRow, InsertValues } from '../../sql/ast.ts'
import { someNode } from '../../sql/visit.ts'
import type { MultiColumnVindex } from '../../vindex/vindex.ts'
import { sameColumn, type Table } from '../../vschema/model.ts'
import { columnOf } from '../binding/column-type.ts'
import { insertedValue, isConstantValue } from '../binding/computed.ts'
import { insertedColumn } from '../binding/inserted-columns.ts'
import { enteredRows } from '../entered-rows.ts'
import { refusalOfForeignKeys } from '../foreign-keys.ts'
import { makeColumn } from '../make-node.ts'
import type { PlanContext } from '../plan-context.ts'
import { eachOrRefusal, isRefusal, type Refusal, refused } from '../refusal.ts'
import { ShardText } from '../shard-text.ts'
import { planValue } from '../values.ts'
import { refusalOfUpsert, verifiedVindexes } from './write.ts'

/** INSERT or REPLACE of rows that the statement itself has: VALUES, or SET, which is one row of them. */
export type ValuesInsert = Insert & { readonly source: InsertValues }

/** Puts rows of VALUES where their vindex columns say, with numbers from the sequence where they want one. */
export interface InsertRowsOp {
  readonly kind: 'InsertRows'
  readonly statement: ValuesInsert
  readonly table: Table
  /** Of a row of the statement. */
  readonly columns: readonly string[]
  readonly autoIncrement?: DrawnIds
  readonly counter?: SplitInsert['counter']
  readonly placing: Pick<SplitInsert, 'vindex' | 'vindexColumns'>
  readonly entered?: EnteredRows
  readonly verified: readonly VerifiedVindex[]
}

/** What is inserted where; refused for rows that cannot be told, or that change more than the table. */
export function insertRows(
  statement: ValuesInsert,
  table: Table,
  context: PlanContext,
): InsertRowsOp | Refusal {
  const problem = problemOf(statement, table, context)
  if (problem !== undefined) return problem
  const columns = columnNames(statement, table)
  if (isRefusal(columns)) return columns
  const autoIncrement = drawnIds(table, columns)
  const written = autoIncrement?.appended ? [...columns, autoIncrement.column] : columns
  const placing = placingOf(table, written)
  if (isRefusal(placing)) return placing
  const entered = enteredRows(statement, table, written, context)
  if (isRefusal(entered)) return entered
  const counter = autoIncrement === undefined ? counterIn(table, columns) : undefined
  return {
    kind: 'InsertRows',
    statement,
    table,
    columns,
    ...(autoIncrement && { autoIncrement }),
    ...(counter && { counter }),
    placing,
    verified: verifiedIn(table, written),
    ...(entered && { entered }),
  }
}

/** What has no value and no default is left to the server. */
function verifiedIn(table: Table, columns: readonly string[]): readonly VerifiedVindex[] {
  return verifiedVindexes(table).flatMap(({ vindex, column: name }) => {
    const column = insertedColumn(name, columnOf(table, name), columns)
    return column === undefined ? [] : { vindex, column }
  })
}

function problemOf(statement: ValuesInsert, table: Table, context: PlanContext): Refusal | undefined {
  const { verb, source, onDuplicate, returning, ignore } = statement
  const meets = verb === 'REPLACE' || ignore || onDuplicate !== undefined
  // What a row meets tells the number of rows that are changed, which no statement with RETURNING does.
  if (returning !== undefined && meets && (ownsLookups(table) || refusalOfUpsert(statement, table)))
    return refused(`${verb} … RETURNING of rows that meet others, in table '${table.name}'`)
  const ofKeys = refusalOfForeignKeys(statement, table, context)
  if (returning !== undefined && meets && ofKeys !== undefined) return ofKeys
  if (someNode([source, onDuplicate, returning].flat(), (node) => node.kind === 'Subquery'))
    return refused(`a subquery in ${verb} into a sharded table`)
  if (someNode(statement, (node) => node.kind === 'Assign'))
    return refused('assignment of a user variable over several shards')
  return undefined
}

function ownsLookups({ columnVindexes }: Table): boolean {
  return columnVindexes.some((vindex) => vindex.owned)
}

function columnNames({ verb, columns, source }: ValuesInsert, table: Table): readonly string[] | Refusal {
  // `INSERT INTO t VALUES ()`: all columns take their defaults.
  if (source.slot === undefined && source.rows.every(({ values }) => values.length === 0)) return []
  if (columns !== undefined && columns.length > 0) return columns.map(({ name }) => name)
  if (table.columnListAuthoritative)
    return table.columns.filter(({ invisible }) => !invisible).map(({ name }) => name)
  return refused(
    `${verb} without a column list into table '${table.name}', whose columns are not known (VT09004)`,
  )
}

export function drawnIds(table: Table, columns: readonly string[]): DrawnIds | undefined {
  if (table.autoIncrement === undefined) return undefined
  const { column, sequence } = table.autoIncrement
  const at = columns.findIndex((name) => sameColumn(name, column))
  const known = columnOf(table, column)
  const type = known?.type
  const written = at < 0 ? undefined : insertedColumn(column, known, columns)
  return {
    column,
    offset: at < 0 ? columns.length : at,
    appended: at < 0,
    ...(written && { written }),
    ...(type && { type }),
    sequence,
  }
}

/** MySQL's own AUTO_INCREMENT column, and where these columns of an INSERT name it. */
export function counterIn(table: Table, columns: readonly string[]): SplitInsert['counter'] {
  const own = table.columns.find(({ autoIncrement }) => autoIncrement)
  if (own === undefined) return undefined
  const offset = columns.findIndex((name) => sameColumn(name, own.name))
  return offset < 0 ? {} : { offset }
}

/** The vindex and the columns of a row that feed it. */
export function placingOf(table: Table, columns: readonly string[]): InsertRowsOp['placing'] | Refusal {
  if (!table.sharded || table.pinned !== undefined)
    return { vindex: onePlace(table.pinned), vindexColumns: [] }
  const [primary] = table.columnVindexes
  if (primary === undefined) return refused(`INSERT into table '${table.name}' without a primary vindex`)
  const vindexColumns = eachOrRefusal(primary.columns, (column): VindexColumn | Refusal => {
    const inserted = insertedColumn(column, columnOf(table, column), columns)
    return inserted ?? refused(`INSERT without a value for vindex column '${column}' (VT09003)`)
  })
  return isRefusal(vindexColumns) ? vindexColumns : { vindex: primary.vindex, vindexColumns }
}

/** All rows at one place: those of a pinned table, or of a keyspace with one shard. */
function onePlace(pinned: KeyspaceId | undefined): MultiColumnVindex {
  const id = pinned ?? keyspaceId(new Uint8Array(1))
  return {
    kind: 'multi',
    name: 'one place',
    type: 'one place',
    cost: 0,
    unique: true,
    needsLookup: false,
    unknownParams: [],
    columnCount: 0,
    partial: false,
    map: () => ({ kind: 'KeyspaceId', id }),
    verify: () => true,
  }
}

// ----------------------------------------------------------------------------------------------- printing

/** The text around the rows, and that of each cell. */
export function printInsertRows(
  { statement, table, columns, autoIncrement, placing, entered, verified }: InsertRowsOp,
  context: PlanContext,
): Pick<SplitInsert, 'head' | 'tail' | 'rows'> {
  const named = autoIncrement?.appended ? withColumn(statement, columns, autoIncrement.column) : statement
  const fed = [
    ...(entered?.lookups ?? []).flatMap((lookup) => lookup.columns),
    ...(entered?.references ?? []).flatMap((key) => [...key.columns, ...(key.itself ?? [])]),
  ]
  const checked = verified.map(({ column }) => column)
  const met = [entered?.met?.keyColumns ?? [], ...(entered?.met?.referred ?? [])].flat()
  const deciding = new Set([...placing.vindexColumns, ...checked, ...fed, ...met].map(({ offset }) => offset))
  if (autoIncrement !== undefined) deciding.add(autoIncrement.offset)
  // A server has an error for it, whatever it stores the value in.
  const isUnknown = ({ qualifiers, name }: ColumnName) =>
    qualifiers.length === 0 && table.columnListAuthoritative && columnOf(table, name) === undefined
  return { ...textAround(named, context), rows: printRows(statement.source, context, deciding, isUnknown) }
}

/** One more column at the end, of which the statement's own texts know nothing: a row alias would have it, too. */
function withColumn(statement: ValuesInsert, columns: readonly string[], added: string): ValuesInsert {
  const { rowAlias } = statement
  const named = { ...statement, columns: [...columns, added].map(makeColumn) }
  return rowAlias === undefined
    ? named
    : { ...named, rowAlias: { ...rowAlias, columns: [...(rowAlias.columns ?? columns), DRAWN] } }
}

/** What no column of a statement is called. */
const DRAWN = ' drawn'

function textAround(statement: ValuesInsert, context: PlanContext): Pick<SplitInsert, 'head' | 'tail'> {
  const { source } = statement
  const text = new ShardText(context)
  const marker = { session: 'rows' }
  const row: InsertRow = { kind: 'InsertRow', values: [text.hole(marker)], span: source.span }
  const { slot: _, ...withoutSlot } = source
  const template = text.templateOf({ ...statement, source: { ...withoutSlot, rows: [row] } })
  const at = template.indexOf(marker)
  return {
    head: trimmed(template.slice(0, at), -1, (piece) => piece.slice(0, piece.lastIndexOf('(')).trimEnd()),
    tail: trimmed(template.slice(at + 1), 0, (piece) => piece.slice(piece.indexOf(')') + 1).trimStart()),
  }
}

/** Takes the row's parenthesis off the text next to it. */
function trimmed(template: QueryTemplate, at: 0 | -1, trim: (piece: string) => string): QueryTemplate {
  const index = at === 0 ? 0 : template.length - 1
  return template.flatMap((piece, i) => {
    if (i !== index || typeof piece !== 'string') return [piece]
    const rest = trim(piece)
    return rest === '' ? [] : [rest]
  })
}

/** `deciding`: offsets of cells by which a row is placed, or numbered. `isUnknown`: the table has no such column. */
export function printRows(
  source: InsertValues,
  context: PlanContext,
  deciding: ReadonlySet<number> = NONE,
  isUnknown: (column: ColumnName) => boolean = () => false,
): InsertedRows {
  if (source.slot !== undefined) return { kind: 'Slot', slot: source.slot }
  return {
    kind: 'Rows',
    rows: source.rows.map((row) => ({
      cells: row.values.map((value, offset) =>
        deciding.has(offset) ? decidingCell(value, context, isUnknown) : printCell(value, context),
      ),
    })),
  }
}

const NONE: ReadonlySet<number> = new Set()

/** A cell whose value must be known: MySQL is asked for it before, where it is an expression. */
function decidingCell(
  expr: Expr,
  context: PlanContext,
  isUnknown: (column: ColumnName) => boolean,
): InsertedCell {
  const cell = printCell(expr, context)
  if (cell.value !== undefined || cell.isDefault) return cell
  const computed = insertedValue(expr)
  if (computed === undefined) {
    const constant = isConstantValue(expr, isUnknown)
    return constant === false ? cell : { ...cell, isConstant: constant }
  }
  const { value, isConstant } = computed
  return { ...cell, value, ...(!isConstant && { text: [{ computed: value.text }] }) }
}

function printCell(expr: Expr, context: PlanContext): InsertedCell {
  const text = new ShardText(context).templateOf(expr)
  const value = planValue(expr)
  const isDefault = expr.kind === 'Default' && expr.column === undefined
  return { text, isDefault, ...(value && { value }) }
}
