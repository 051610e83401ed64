import type { RowStream, StreamColumn } from '../../engine/row-stream.ts'
import { type ColumnDef, decodeColumnDef, encodeColumnDef } from '../../mysql/codec/column-def.ts'
import { HEADER_BYTES } from '../../mysql/codec/constants.ts'
import type { TableCopy } from '../../plan/primitives.ts'
import { columnFlags } from '../../values/types.ts'

const { primaryKey, uniqueKey, multipleKey, partKey, autoIncrement } = columnFlags
const KEY_FLAGS = primaryKey | uniqueKey | multipleKey | partKey | autoIncrement

/** The rows, their columns told as those of the tables that were copied. */
export function copiedColumns(input: RowStream, copies: readonly TableCopy[]): RowStream {
  const shown = new Map(copies.map((copy) => [copy.name, copy.shown]))
  const columns = input.columns.map((column) => ownColumn(column, shown))
  return {
    columns,
    format: input.format,
    next: () => input.next(),
    close: () => input.close(),
  }
}

function ownColumn(column: StreamColumn, shown: ReadonlyMap<string, TableCopy['shown']>): StreamColumn {
  const definition = decodeColumnDef(column.definition)
  const own = shown.get(definition.orgTable)
  if (own === undefined) return column
  const changed: ColumnDef = {
    ...definition,
    schema: bytesOf(own.keyspace),
    orgTable: bytesOf(own.table),
    flags: flagsOf(definition, own),
  }
  const payload = encodeColumnDef(changed, 0).subarray(HEADER_BYTES)
  return { ...column, flags: changed.flags, definition: payload }
}

/** A copy's keys are not unique, and stand for those of its table; an expression's column is part of none. */
function flagsOf({ flags, orgName }: ColumnDef, { keyFlags }: TableCopy['shown']): number {
  if ((flags & partKey) === 0) return flags
  const name = Buffer.from(orgName, 'latin1').toString()
  return (flags & ~KEY_FLAGS) | (keyFlags.get(name) ?? flags & KEY_FLAGS)
}

function bytesOf(name: string): string {
  return Buffer.from(name).latin1Slice()
}
