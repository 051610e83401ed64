import type { Routing } from '../plan/routing.ts'
import type { SelectExpr } from '../sql/ast.ts'
import { rewrite } from '../sql/visit.ts'
import type { Column, StoredKey } from '../values/column.ts'
import { isIntegral } from '../values/value.ts'
import type { Table } from '../vschema/model.ts'
import { charsetOf, columnOf, routedColumns } from './binding/column-type.ts'
import { liveColumn } from './binding/live-column.ts'
import { transferOf } from './federate/transfer.ts'
import { makeItem } from './make-node.ts'

/** The columns of the primary key, or else of a unique one that has no NULL, if a literal can be equal to a value of each. */
export function keyOf(table: Table): readonly Column[] | undefined {
  const keys = table.live?.keys ?? []
  const primary = keys.find(({ kind }) => kind === 'PRIMARY')
  if (primary !== undefined) return columnsOfKey(primary, table)
  for (const key of keys) {
    const columns = key.kind === 'UNIQUE' && isWhole(key) ? columnsOfKey(key, table) : undefined
    if (columns?.every(({ nullable }) => !nullable)) return columns
  }
  return undefined
}

function columnsOfKey({ parts }: StoredKey, table: Table): readonly Column[] | undefined {
  const columns = parts.map(({ column }) => liveColumn(table, column))
  if (!columns.every((column) => column !== undefined)) return undefined
  return columns.every(isNameable) ? columns : undefined
}

/** Of no column only the beginning counts. */
export function isWhole({ parts }: StoredKey): boolean {
  return parts.every((part) => !/\(\d+\)/.test(part.text))
}

/** A literal can be equal to a value of it. */
export function isNameable({ type }: Column): boolean {
  return type !== undefined && (isIntegral(type) || NAMEABLE.has(type))
}

const NAMEABLE: ReadonlySet<string> = new Set([
  ...['CHAR', 'VARCHAR', 'BINARY', 'VARBINARY', 'DECIMAL', 'DATE', 'DATETIME', 'TIME', 'YEAR'],
])

/** Columns by which a row's shard is told, and how. */
export interface Placing {
  readonly columns: readonly Column[]
  readonly routing: Routing
}

/** The columns stand behind `before` others. */
export function placingOf(table: Table, before: number): Placing | undefined {
  const { keyspace, pinned, sharded } = table
  if (!sharded) return { columns: [], routing: { kind: 'Unsharded', keyspace } }
  if (pinned !== undefined) return { columns: [], routing: { kind: 'Pinned', keyspace, keyspaceId: pinned } }
  const [primary] = table.columnVindexes
  const columns = primary?.columns.map((name) => liveColumn(table, name) ?? columnOf(table, name))
  if (primary === undefined || !columns!.every((column) => column !== undefined && isNameable(column)))
    return undefined
  const routed = routedColumns(table, primary)
  return {
    columns: columns as readonly Column[],
    routing: {
      kind: 'Equal',
      keyspace,
      vindex: primary.vindex,
      values: primary.columns.map((_, i) => ({ kind: 'Cell', column: before + i })),
      // As they are stored, not whatever is equal to them.
      written: true,
      ...(routed && { columns: routed }),
    },
  }
}

export function charsetsOf(columns: readonly Column[]): ReadonlyMap<number, string> {
  const charsets = new Map<number, string>()
  for (const [i, column] of columns.entries()) {
    const isText = column.type === 'CHAR' || column.type === 'VARCHAR'
    const charset = isText ? charsetOf(column) : undefined
    if (charset !== undefined) charsets.set(i, charset)
  }
  return charsets
}

export function keyColumn(column: Column, source: string): SelectExpr {
  const { expr } = transferOf(column)
  return makeItem(
    rewrite(expr, (node) => (node.kind === 'Column' ? { ...node, qualifiers: [source] } : undefined)),
  )
}
