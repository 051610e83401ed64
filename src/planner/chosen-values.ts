import type { WrittenInto } from '../plan/write-primitives.ts'
import type { Assignment, ColumnName, Delete, Update } from '../sql/ast.ts'
import { type AnyNode, someNode } from '../sql/visit.ts'
import { sameColumn } from '../vschema/model.ts'
import type { BoundWrite } from './binding/bound.ts'
import { liveColumn } from './binding/live-column.ts'
import type { Source } from './binding/source.ts'
import { isChanging } from './binding/traits.ts'
import { isReplicated, sourceOf, type Target } from './chosen-targets.ts'
import { writtenInto } from './rows-first.ts'

export interface ValueFromElsewhere {
  readonly assignment: Assignment
  readonly into: WrittenInto
}

/**
 * New values that a shard cannot tell by the row alone: they come with its key. Undefined where they cannot: what is assigned
 * before them is looked at as it is then.
 */
export function valuesFromElsewhere(
  ast: Update | Delete,
  { table, source }: Target,
  bound: BoundWrite,
): readonly ValueFromElsewhere[] | undefined {
  const whole = bound.ast
  if (ast.kind === 'Delete' || whole.kind === 'Delete') return []
  const { sources } = bound.scope
  const isElsewhere = (node: AnyNode) =>
    node.kind === 'Subquery' || (node.kind === 'Column' && sourceOf(node, sources) !== source)
  const found: ValueFromElsewhere[] = []
  for (const assignment of ast.set) {
    // Copies are to get the same one.
    const isOfOneCall = isReplicated(table) && isChanging(assignment.value)
    if (!isOfOneCall && !someNode(assignment.value, isElsewhere)) continue
    // In which order tables are written is MySQL's choice.
    const before = whole.set.slice(0, whole.set.indexOf(assignment))
    const changed = [...before, ...whole.set.filter((each) => !ast.set.includes(each))]
    const isAssigned = (node: AnyNode) =>
      node.kind === 'Column' && changed.some(({ column }) => mayBeSame(column, node, sources))
    const into = writtenInto(liveColumn(table, assignment.column.name))
    if (into === undefined || someNode(assignment.value, isAssigned)) return undefined
    found.push({ assignment, into })
  }
  return found
}

/** One name may stand for columns of two tables. */
function mayBeSame(a: ColumnName, b: ColumnName, sources: readonly Source[]): boolean {
  if (!sameColumn(a.name, b.name)) return false
  const [ofA, ofB] = [sourceOf(a, sources), sourceOf(b, sources)]
  return ofA === undefined || ofB === undefined || ofA === ofB
}
