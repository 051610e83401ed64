import type { FileReading, Load, LoadedColumn, Piece } from '../../sql/ast.ts'
import { makeColumn } from '../make-node.ts'

/** The statement for some lines of the file. `fields`: other ones than the client's. */
export function ofLines(
  statement: Load,
  { head, columns, set }: FileReading,
  fields: readonly string[] | undefined,
): Load {
  const { reading: _, ...rest } = statement
  const list =
    fields === undefined
      ? columns
      : fields.map((name) => columns?.find((field) => fieldName(field) === name) ?? makeColumn(name))
  const pieces: Piece[] = [...head]
  if (list !== undefined) pieces.push(' (', ...separated(list), ')')
  const assignments = set.map(({ column, value }) => [column, ' = ', value])
  if (set.length > 0)
    pieces.push(' SET ', ...assignments.flatMap((pair, i) => (i === 0 ? pair : [', ', ...pair])))
  return { ...rest, pieces }
}

function separated(list: readonly Piece[]): readonly Piece[] {
  return list.flatMap((piece, i) => (i === 0 ? [piece] : [', ', piece]))
}

/** A user variable has an `@`, and is in lower case. */
export function fieldName(field: LoadedColumn): string {
  return field.kind === 'Column' ? field.name : `@${field.name.toLowerCase()}`
}
