import type { Assignment, Insert } from '../../sql/ast.ts'
import { sameColumn, type Table } from '../../vschema/model.ts'
import type { BoundInsertSelect, BoundWrite } from '../binding/bound.ts'
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
  const isItself = value.kind === 'Column' && sameColumn(value.name, column.name) && tables.length === 1
  return isVindexColumn && !isItself
}

export function insertVerb({ verb }: Insert): 'insert' | 'replace' {
  return verb === 'INSERT' ? 'insert' : 'replace'
}
