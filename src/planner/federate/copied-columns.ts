import type { Query } from '../../sql/ast.ts'
import { visit } from '../../sql/visit.ts'
import type { Column } from '../../values/column.ts'
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

/** At least one. Throws Unplanned while the table's columns have not been read. */
export function copiedColumns({ name, live }: Table, { all, names }: NamedColumns): readonly Column[] {
  if (live === undefined || live.length === 0)
    return unplanned(`table '${name}', whose columns have not been read from its servers yet,`)
  const wanted = live.filter((column) => (all && !column.invisible) || names.has(column.name.toLowerCase()))
  return wanted.length > 0 ? wanted : [smallest(live)]
}

/** Where only the number of rows counts. */
function smallest(columns: readonly Column[]): Column {
  return columns.find(({ stored }) => stored?.key?.startsWith('KEY') === true) ?? columns[0]!
}
