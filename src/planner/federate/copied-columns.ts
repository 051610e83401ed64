import type { Query } from '../../sql/ast.ts'
import { visit } from '../../sql/visit.ts'
import type { Column, StoredKey } from '../../values/column.ts'
import type { Table } from '../../vschema/model.ts'
import { unplanned } from '../binding/unplanned.ts'

/** Which of a table's columns a statement may look at, as far as its text tells. */
export interface NamedColumns {
  /** `SELECT *`, NATURAL JOIN: all that are visible. */
  readonly all: boolean
  /** Lower case; whichever tables have them. */
  readonly names: ReadonlySet<string>
}

export function namedColumns(query: Query): NamedColumns {
  const names = new Set<string>()
  let all = false
  visit(query, (node) => {
    if (node.kind === 'Column') names.add(node.name.toLowerCase())
    else if (node.kind === 'Star') all = true
    else if (node.kind === 'Join') {
      all ||= node.natural
      for (const name of node.using ?? []) names.add(name.toLowerCase())
    } else if (node.kind === 'Aggregate' && node.args[0]?.kind === 'Star') {
      for (const part of [node.over, node.orderBy])
        visit(part, (inner) => addColumn(inner.kind === 'Column' ? inner.name : undefined, names))
      return 'skip'
    }
    return undefined
  })
  return { all, names }
}

function addColumn(name: string | undefined, names: Set<string>): undefined {
  if (name !== undefined) names.add(name.toLowerCase())
}

/** What a copy of a table has: columns that are looked at, and keys of these. */
export interface CopiedTable {
  readonly columns: readonly Column[]
  readonly keys: readonly StoredKey[]
}

/**
 * The columns of the primary key come with those that are wanted: what MySQL concludes from it, and how it names its columns'
 * flags, hangs on it. Throws Unplanned while the table's columns have not been read.
 */
export function copiedTable({ name, live }: Table, { all, names }: NamedColumns): CopiedTable {
  if (live === undefined || live.columns.length === 0)
    return unplanned(`table '${name}', whose columns have not been read from its servers yet,`)
  const primary = live.keys.find(({ kind }) => kind === 'PRIMARY')
  const inPrimary = new Set(primary?.parts.map(({ column }) => column))
  const wanted = live.columns.filter(
    (column) =>
      (all && !column.invisible) || names.has(column.name.toLowerCase()) || inPrimary.has(column.name),
  )
  // A table has at least one that is visible.
  const columns = wanted.some(({ invisible }) => !invisible)
    ? wanted
    : live.columns.filter((column) => wanted.includes(column) || column === firstVisible(live.columns))
  return { columns, keys: live.keys }
}

function firstVisible(columns: readonly Column[]): Column | undefined {
  return columns.find(({ invisible }) => !invisible)
}
