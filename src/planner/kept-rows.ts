import type { QueryText } from '../plan/text.ts'
import type { KeptForeignKeys, KeptLookup } from '../plan/write-primitives.ts'
import type { SelectExpr, TableRef } from '../sql/ast.ts'
import type { Column } from '../values/column.ts'
import type { Table } from '../vschema/model.ts'
import { type FedKeys, keptKeys } from './foreign-keys.ts'
import { isOneOf, type LookupColumns, lockedRows } from './owned-lookups.ts'
import type { PlanContext } from './plan-context.ts'
import { keyColumn } from './row-keys.ts'
import { ShardText } from './shard-text.ts'

/** The table whose rows change, and those of its columns that tell a row and its shard. */
export interface Changing {
  readonly table: Table
  readonly node: TableRef
  /** What the table is called there. */
  readonly source: string
  readonly key: readonly Column[]
  readonly placing: readonly Column[]
}

/** Columns of the rows, and what is done with them. */
export interface KeptRows {
  /** The key, what places a row, what feeds the lookup tables, what is in foreign keys. */
  readonly columns: readonly Column[]
  readonly lookups: readonly KeptLookup[]
  readonly foreignKeys?: KeptForeignKeys
}

/** What rows of a table feed and are told by. */
export interface FedBy {
  readonly lookups: readonly LookupColumns[]
  readonly foreignKeys?: FedKeys | undefined
}

export function keptRows({ lookups, foreignKeys }: FedBy, { key, placing }: Changing): KeptRows {
  const columns = [...key, ...placing]
  const kept = lookups.map(({ lookup, columns: feeding }): KeptLookup => {
    const before = columns.length
    columns.push(...feeding)
    return { lookup, columns: feeding.map((_, i) => before + i) }
  })
  const keys = foreignKeys && {
    own: keptKeys(foreignKeys.own, columns),
    toIt: keptKeys(foreignKeys.toIt, columns),
  }
  return { columns, lookups: kept, ...(keys && { foreignKeys: keys }) }
}

/** The same rows once they have changed: outer rows have their keys. */
export function rowsAfter({ columns }: KeptRows, changing: Changing, context: PlanContext): QueryText {
  return rowsByKey(
    changing,
    columns.map((column) => keyColumn(column, changing.source)),
    context,
  )
}

export function rowsByKey(
  { node, key }: Changing,
  items: readonly SelectExpr[],
  context: PlanContext,
): QueryText {
  const text = new ShardText(context)
  const keys = text.hole({ rows: key.map((_, i) => i) })
  return text.ofTree(lockedRows(node, items, isOneOf(key, keys)))
}
