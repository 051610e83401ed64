import type { Select } from '../../sql/ast.ts'
import { sameColumn } from '../../vschema/model.ts'
import type { BoundTable } from './bound.ts'
import { holdsVindex } from './holds-vindex.ts'
import type { Level } from './level.ts'
import { findSource, resolveColumn, type Scope } from './scope.ts'
import type { ColumnAnswer } from './source.ts'
import { hasWindow, isAggregated, isDistinct, itemName } from './traits.ts'

/** Groups and DISTINCT leave rows as they are where each group lies on one shard. */
export function isTransparent(
  select: Select,
  scope: Scope,
  rows: readonly BoundTable[],
  level: Level,
): boolean {
  if (select.limit !== undefined || select.into !== undefined || select.qualify !== undefined) return false
  if (select.procedure !== undefined || select.modifiers.includes('SQL_CALC_FOUND_ROWS')) return false
  if (hasWindow(select.items) || hasWindow(select.orderBy)) return false
  if (isAggregated(select)) {
    if (select.groupBy === undefined || select.groupBy.rollup !== undefined) return false
    const keys = select.groupBy.items.map((item) => item.expr)
    if (!holdsVindex(keys, scope, rows, level)) return false
  }
  if (!isDistinct(select)) return true
  const items = select.items.flatMap((item) => (item.kind === 'SelectExpr' ? [item.expr] : []))
  return holdsVindex(items, scope, rows, level)
}

/** Names of the columns of a SELECT's rows; undefined where a `*` stands for columns that are not known. */
export function outputColumns(select: Select, scope: Scope): readonly string[] | undefined {
  const names: string[] = []
  for (const item of select.items) {
    const known = item.kind === 'Star' ? starColumns(item.qualifiers, scope) : [itemName(item) ?? '']
    if (known === undefined) return undefined
    names.push(...known)
  }
  return names
}

/** The columns of `*` or `t.*`; undefined when they are not known. */
function starColumns(qualifiers: readonly string[], scope: Scope): readonly string[] | undefined {
  if (qualifiers.length > 0) return findSource(qualifiers, scope)?.columns
  if (scope.merged.size > 0) return undefined
  const all = scope.sources.map((source) => source.columns)
  return all.every((columns) => columns !== undefined) ? all.flat() : undefined
}

/** What a column of a SELECT's rows is, by its name. */
export function outputColumn(select: Select, scope: Scope, name: string): ColumnAnswer {
  for (const item of select.items) {
    if (item.kind !== 'SelectExpr' || !sameColumn(itemName(item) ?? '', name)) continue
    const ref = item.expr.kind === 'Column' ? resolveColumn(item.expr, scope) : undefined
    return ref === undefined ? { kind: 'Computed' } : { kind: 'Column', ref }
  }
  const stars = select.items.filter((item) => item.kind === 'Star')
  const sources = stars.flatMap((star) =>
    star.qualifiers.length === 0 ? scope.sources : [findSource(star.qualifiers, scope) ?? []].flat(),
  )
  const answers = sources
    .map((source) => source.columnNamed(name))
    .filter((answer) => answer.kind !== 'Absent')
  if (answers.length === 0) return { kind: 'Absent' }
  return answers.length === 1 ? answers[0] : { kind: 'Maybe' }
}
