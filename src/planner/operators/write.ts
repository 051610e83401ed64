import type { Assignment, ColumnName, Delete, Expr, Insert, Load, Update } from '../../sql/ast.ts'
import type { AnyNode } from '../../sql/visit.ts'
import { isIntegral } from '../../values/value.ts'
import type { SingleColumnVindex } from '../../vindex/vindex.ts'
import { type ColumnVindex, sameColumn, type Table } from '../../vschema/model.ts'
import type { BoundInsertSelect, BoundWrite } from '../binding/bound.ts'
import { setsLastInsertId } from '../binding/traits.ts'
import { type Refusal, refused } from '../refusal.ts'

/** Changes rows of its input (UPDATE, DELETE), or puts them into a table (INSERT … SELECT). */
export interface WriteOp<Input> {
  readonly kind: 'Write'
  readonly input: Input
  readonly bound: BoundWrite | BoundInsertSelect
}

/** What an UPDATE or DELETE of one table changes beside its rows. */
export interface ChangedVindexes {
  /** Rows of their lookup tables are others afterwards. */
  readonly owned: readonly ColumnVindex[]
  /** Rows may belong on another shard. */
  readonly moves: boolean
}

export function changedVindexes(ast: Update | Delete, table: Table): ChangedVindexes {
  const owned = table.columnVindexes.filter((vindex) => vindex.owned)
  if (ast.kind === 'Delete') return { owned, moves: false }
  const isChanged = (name: string) => mayChange(ast, name, table)
  const moves = table.columnVindexes[0]?.columns.some(isChanged) === true
  // The keyspace id of a row is in all of its lookup tables.
  return { owned: moves ? owned : owned.filter(({ columns }) => columns.some(isChanged)), moves }
}

/** Assigned something else than itself, or generated of what is; columns of TIMESTAMP and DATETIME may change by themselves. */
export function mayChange(ast: Update, name: string, table: Table): boolean {
  const column = table.live?.columns.find((each) => sameColumn(each.name, name))
  const { computedOf, definition = '' } = column?.stored ?? {}
  if (computedOf !== undefined) return computedOf.some((other) => mayChange(ast, other, table))
  if (/\bON UPDATE\b/i.test(definition)) return true
  return ast.set.some(({ column: { name: assigned }, value }) => {
    const isItself = value.kind === 'Column' && sameColumn(value.name, name) && isOfOneTable(ast)
    return sameColumn(assigned, name) && !isItself
  })
}

/** A column is that of the table which changes. */
function isOfOneTable({ tables }: Update): boolean {
  return tables.length === 1 && tables[0]!.kind === 'Table'
}

/** Rows of lookup tables would go astray: not whoever has the table alone can do it. */
export function refusalOfLookups(ast: Insert | Load | Update | Delete, table: Table): Refusal | undefined {
  const owned =
    ast.kind === 'Insert' || ast.kind === 'Load'
      ? table.columnVindexes.filter((vindex) => vindex.owned)
      : changedVindexes(ast, table).owned
  const [first] = owned
  const verb = ast.kind === 'Insert' ? ast.verb : ast.kind.toUpperCase()
  const of = `${verb} of table '${table.name}'`
  if (first !== undefined) return refused(`${of}, which owns lookup vindex '${first.name}'`)
  const [other] = ast.kind === 'Insert' || ast.kind === 'Load' ? verifiedVindexes(table) : []
  return other && refused(`${of}, whose rows vindex '${other.name}' finds, too`)
}

/** Those beside the primary vindex that compute of another column where a row is: reads make use of them. */
export function verifiedVindexes({ columnVindexes }: Table): readonly VerifiedColumn[] {
  const [primary, ...others] = columnVindexes
  return others.flatMap(({ vindex, columns: [column = ''], name }) => {
    const isOfPrimary = primary?.columns.some((each) => sameColumn(each, column)) === true
    return vindex.kind === 'single' && !isOfPrimary ? { vindex, column, name } : []
  })
}

interface VerifiedColumn {
  readonly vindex: SingleColumnVindex
  readonly column: string
  readonly name: string
}

/** A row whose vindex column changes belongs elsewhere. */
export function refusalOfAssignments(ast: Update, tables: readonly Table[]): Refusal | undefined {
  const change = ast.set.find((assignment) => changesVindex(assignment, ast, tables))
  return change && refused(`changing vindex column '${change.column.name}'`)
}

export function changesVindex({ column, value }: Assignment, ast: Update, tables: readonly Table[]): boolean {
  const isVindexColumn = tables.some(({ columnVindexes }) =>
    columnVindexes.some(
      (vindex) =>
        (vindex.owned || vindex === columnVindexes[0]) &&
        vindex.columns.some((name) => sameColumn(name, column.name)),
    ),
  )
  const kept = keptValue(value)
  const isItself = kept.kind === 'Column' && sameColumn(kept.name, column.name) && isOfOneTable(ast)
  return isVindexColumn && !isItself
}

/** `LAST_INSERT_ID(id)` is `id`, and tells the session so. */
export function keptValue(value: Expr): Expr {
  const [arg] = value.kind === 'Function' && setsLastInsertId(value) ? value.args : []
  return arg ?? value
}

/**
 * A row that meets another keeps its place where it takes the vindex columns of the row to be inserted, which belongs on this
 * shard: `ON DUPLICATE KEY UPDATE id = VALUES(id)`. Of a vindex of several columns it must take all.
 */
export function refusalOfUpsert(insert: Insert, table: Table): Refusal | undefined {
  const [primary] = table.columnVindexes
  const placing = (insert.onDuplicate ?? []).filter(
    ({ column, value }) =>
      primary?.columns.some((name) => sameColumn(name, column.name)) === true &&
      !isOwn(keptValue(value), column, insert),
  )
  const other = placing.find((assignment) => !takesInserted(assignment, insert))
  const isWhole = primary?.columns.every(
    (name) => placing.some(({ column }) => sameColumn(column.name, name)) || isMetBy(name, table),
  )
  const change = other ?? (isWhole ? undefined : placing[0])
  return change && refused(`changing vindex column '${change.column.name}'`)
}

/** A row that is met has the number that the row to be inserted has. */
function isMetBy(name: string, { live }: Table): boolean {
  const column = live?.columns.find((each) => sameColumn(each.name, name))
  const keys = live?.keys.filter(({ kind }) => kind === 'PRIMARY' || kind === 'UNIQUE') ?? []
  const isNumber = column?.type !== undefined && isIntegral(column.type)
  return isNumber && keys.every(({ parts }) => parts.some((part) => sameColumn(part.column, name)))
}

/** `c`, the column of the table itself. */
export function isOwn(value: Expr, { name }: ColumnName, { table }: Insert): boolean {
  if (value.kind !== 'Column' || !sameColumn(value.name, name)) return false
  return value.qualifiers.length === 0 || value.qualifiers.at(-1) === table.name
}

/** `c = VALUES(c)`, or `c = new.c` where the row is called `new`. */
function takesInserted({ column, value }: Assignment, insert: Insert): boolean {
  const name = insertedName(value, insert)
  return name !== undefined && sameColumn(name, column.name)
}

/** The column of the row to be inserted that `VALUES(c)` is, or `new.c` where the row is called `new`. */
export function insertedName(value: AnyNode, { rowAlias, columns }: Insert): string | undefined {
  if (value.kind === 'ValuesFunction') return value.column.name
  if (value.kind !== 'Column' || rowAlias === undefined) return undefined
  const { name, qualifiers } = value
  if (rowAlias.columns === undefined) return qualifiers.at(-1) === rowAlias.name ? name : undefined
  if (qualifiers.length > 0 && qualifiers.at(-1) !== rowAlias.name) return undefined
  const at = rowAlias.columns.findIndex((each) => sameColumn(each, name))
  return columns?.[at]?.name
}

export function insertVerb({ verb }: Insert): 'insert' | 'replace' {
  return verb === 'INSERT' ? 'insert' : 'replace'
}
