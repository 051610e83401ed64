import type { Assignment, Expr, Insert } from '../../sql/ast.ts'
import { sameColumn, type Table } from '../../vschema/model.ts'
import type { BoundInsertSelect, BoundWrite } from '../binding/bound.ts'
import { setsLastInsertId } from '../binding/traits.ts'
import { type Refusal, refused } from '../refusal.ts'

/** Changes rows of its input (UPDATE, DELETE), or puts them into a table (INSERT … SELECT). */
export interface WriteOp<Input> {
  readonly kind: 'Write'
  readonly input: Input
  readonly bound: BoundWrite | BoundInsertSelect
}

/** Rows of lookup tables would go astray. */
export function refusalOfLookups(table: Table, verb: string): Refusal | undefined {
  const owned = table.columnVindexes.find((vindex) => vindex.owned)
  return owned && refused(`${verb} of table '${table.name}', which owns lookup vindex '${owned.name}'`)
}

/** A row whose vindex column changes belongs elsewhere. */
export function refusalOfAssignments(
  assignments: readonly Assignment[] | undefined,
  tables: readonly Table[],
): Refusal | undefined {
  const change = assignments?.find((assignment) => changesVindex(assignment, tables))
  return change && refused(`changing vindex column '${change.column.name}'`)
}

export function changesVindex({ column, value }: Assignment, tables: readonly Table[]): boolean {
  const isVindexColumn = tables.some((table) =>
    table.columnVindexes.some(({ columns }) => columns.some((name) => sameColumn(name, column.name))),
  )
  const kept = keptValue(value)
  const isItself = kept.kind === 'Column' && sameColumn(kept.name, column.name) && tables.length === 1
  return isVindexColumn && !isItself
}

/** `LAST_INSERT_ID(id)` is `id`, and tells the session so. */
function keptValue(value: Expr): Expr {
  const [arg] = value.kind === 'Function' && setsLastInsertId(value) ? value.args : []
  return arg ?? value
}

/**
 * A row that meets another keeps its place where it takes the vindex columns of the row to be inserted, which belongs on this
 * shard: `ON DUPLICATE KEY UPDATE id = VALUES(id)`. Of a vindex of several columns it must take all.
 */
export function refusalOfUpsert(insert: Insert, table: Table): Refusal | undefined {
  const assignments = insert.onDuplicate ?? []
  const taken = assignments.filter((assignment) => takesInserted(assignment, insert))
  const isTaken = (column: string) => taken.some((assignment) => sameColumn(assignment.column.name, column))
  const staying = table.columnVindexes.filter(({ columns }) => columns.every(isTaken))
  const moving = table.columnVindexes.filter((vindex) => !staying.includes(vindex))
  const isSafe = (assignment: Assignment) =>
    taken.includes(assignment) && !changesVindex(assignment, [{ ...table, columnVindexes: moving }])
  return refusalOfAssignments(
    assignments.filter((assignment) => !isSafe(assignment)),
    [table],
  )
}

/** `c = VALUES(c)`, or `c = new.c` where the row is called `new`. */
function takesInserted({ column, value }: Assignment, { rowAlias, columns }: Insert): boolean {
  if (value.kind === 'ValuesFunction') return sameColumn(value.column.name, column.name)
  if (value.kind !== 'Column' || rowAlias === undefined) return false
  const { name, qualifiers } = value
  if (rowAlias.columns === undefined)
    return qualifiers.at(-1) === rowAlias.name && sameColumn(name, column.name)
  if (qualifiers.length > 0 && qualifiers.at(-1) !== rowAlias.name) return false
  const at = rowAlias.columns.findIndex((each) => sameColumn(each, name))
  return at >= 0 && sameColumn(columns?.[at]?.name ?? '', column.name)
}

export function insertVerb({ verb }: Insert): 'insert' | 'replace' {
  return verb === 'INSERT' ? 'insert' : 'replace'
}
