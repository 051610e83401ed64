import type { RowMove } from '../plan/write-primitives.ts'
import { quoteName } from '../values/sql-literal.ts'
import { transferOf } from './federate/transfer.ts'
import { type Changing, rowsByKey } from './kept-rows.ts'
import { makeItem } from './make-node.ts'
import { removedRows } from './owned-lookups.ts'
import type { PlanContext } from './plan-context.ts'

/** All that is stored of a row goes to another shard; what is generated is made of the rest there. */
export function moveOf(changing: Changing, context: PlanContext): RowMove {
  const { table, key } = changing
  const columns = (table.live?.columns ?? []).filter(({ stored }) => stored?.computedOf === undefined)
  const transfers = columns.map(transferOf)
  const { alias: _alias, ...node } = changing.node
  return {
    table: table.name,
    // Where servers do not look at them, nor does the proxy, the client has wanted it so.
    ...(table.foreignKeys && { keepsForeignKeys: true }),
    rows: rowsByKey(
      { ...changing, node },
      transfers.map(({ expr }) => makeItem(expr)),
      context,
    ),
    as: transfers.map(({ as }) => as),
    remove: removedRows(node, key, context),
    insert: `INSERT INTO ${quoteName(table.name)} (${columns.map(({ name }) => quoteName(name)).join(', ')}) VALUES `,
  }
}
