import type { ColumnName } from '../../sql/ast.ts'
import type { ColumnAnswer, ColumnRef, Source } from './source.ts'

/** The tables that an expression may name, and around them those of the outer query. */
export interface Scope {
  readonly sources: readonly Source[]
  /** Columns that USING or NATURAL made one, in lower case. */
  readonly merged: ReadonlySet<string>
  readonly outer?: Scope
}

export const emptyScope: Scope = { sources: [], merged: new Set() }

/**
 * The stored column that a name stands for; undefined where it is computed, or where it cannot be told. A wrong guess
 * would be a wrong answer, so an inner scope of unknown columns hides the outer ones.
 */
export function resolveColumn(column: ColumnName, scope: Scope): ColumnRef | undefined {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const answer = column.qualifiers.length === 0 ? unqualified(column.name, at) : qualified(column, at)
    if (answer.kind === 'Column') return answer.ref
    if (answer.kind === 'Maybe') return answer.ref
    if (answer.kind === 'Computed') return undefined
  }
  return undefined
}

/** Whether the scope itself, without the outer ones, has or may have the column. */
export function hasColumn(name: string, scope: Scope): 'yes' | 'no' | 'maybe' {
  const answer = unqualified(name, scope)
  if (answer.kind === 'Absent') return 'no'
  return answer.kind === 'Maybe' ? 'maybe' : 'yes'
}

/** Several sources of the scope itself have the column, and no join has made one of it. */
export function isAmbiguous(name: string, { sources, merged }: Scope): boolean {
  if (merged.has(name.toLowerCase())) return false
  const owners = sources.filter((source) => {
    const { kind } = source.columnNamed(name)
    return kind === 'Column' || kind === 'Computed'
  })
  return owners.length > 1
}

/** The sources, without those of outer scopes, from which the column may be. */
export function sourcesNamed(column: ColumnName, scope: Scope): readonly Source[] {
  if (column.qualifiers.length > 0) return [findSource(column.qualifiers, scope) ?? []].flat()
  return scope.sources.filter((source) => source.columnNamed(column.name).kind !== 'Absent')
}

/** Whether the column is of an outer scope for sure. */
export function isAbsent(column: ColumnName, scope: Scope): boolean {
  if (column.qualifiers.length > 0) return findSource(column.qualifiers, scope) === undefined
  return hasColumn(column.name, scope) === 'no'
}

function unqualified(name: string, scope: Scope): ColumnAnswer {
  const answers = scope.sources.map((source) => source.columnNamed(name))
  const declared = answers.filter((answer) => answer.kind === 'Column' || answer.kind === 'Computed')
  if (declared.length === 1) return declared[0]
  if (declared.length > 1) return scope.merged.has(name.toLowerCase()) ? declared[0] : { kind: 'Computed' }
  const possible = answers.filter((answer) => answer.kind === 'Maybe')
  if (possible.length === 0) return { kind: 'Absent' }
  return possible.length === 1 ? possible[0] : { kind: 'Maybe' }
}

function qualified(column: ColumnName, scope: Scope): ColumnAnswer {
  const source = findSource(column.qualifiers, scope)
  return source === undefined ? { kind: 'Absent' } : source.columnNamed(column.name)
}

/** The source that `t.` or `schema.t.` means. */
export function findSource(qualifiers: readonly string[], scope: Scope): Source | undefined {
  const table = qualifiers[qualifiers.length - 1]
  const schema = qualifiers.length > 1 ? qualifiers[qualifiers.length - 2] : undefined
  return scope.sources.find(
    (source) =>
      source.name === table &&
      (schema === undefined || source.qualifier === schema || source.qualifier === undefined),
  )
}
