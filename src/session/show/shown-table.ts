import type { Condition } from '../../errors/condition.ts'
import type { ColumnDef } from '../../mysql/codec/column-def.ts'
import type { TextCell } from '../../mysql/codec/text-row.ts'
import type { Show } from '../../sql/ast.ts'
import { textColumn } from './columns.ts'
import { likeMatcher } from './like.ts'

/** What a SHOW answers, before LIKE and WHERE. */
export interface ShownTable {
  readonly columns: readonly ColumnDef[]
  readonly rows: readonly (readonly TextCell[])[]
  /** The column that LIKE is about. */
  readonly filtered?: number
  /** The rows are those of WHERE, too. */
  readonly isFiltered?: boolean
  /** Warnings. */
  readonly conditions?: readonly Condition[]
}

export function textTable(
  names: readonly string[],
  rows: readonly (readonly string[])[],
  filtered?: number,
): ShownTable {
  return {
    columns: names.map((name) => textColumn(name)),
    rows,
    ...(filtered === undefined ? {} : { filtered }),
  }
}

export function bytesOf(cell: TextCell | string | undefined): Buffer {
  return Buffer.from(cell ?? '')
}

/** One column of names. */
export function nameTable(title: string, names: readonly string[]): ShownTable {
  return textTable(
    [title],
    names.map((name) => [name]),
    0,
  )
}

/** The rows that LIKE lets through. */
export function filteredRows(show: Show, { rows, filtered }: ShownTable): readonly (readonly TextCell[])[] {
  const matches = show.like === undefined || filtered === undefined ? undefined : likeMatcher(show.like.text)
  const kept = matches === undefined ? rows : rows.filter((row) => matches(String(row[filtered!] ?? '')))
  return kept.map((row) => row.map((cell) => (typeof cell === 'string' ? Buffer.from(cell) : cell)))
}
