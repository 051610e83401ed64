import type { ColumnDef } from '../../mysql/codec/column-def.ts'
import type { Show } from '../../sql/ast.ts'
import { SYSTEM_SCHEMAS } from '../../vschema/system-schemas.ts'
import type { Replies } from '../commands/replies.ts'
import type { ProxyContext } from '../proxy-context.ts'
import { printTarget } from '../settings/target.ts'
import type { Execution } from '../statements/execution.ts'
import type { SingleShard } from '../statements/single-shard.ts'
import { type OwnValuesContext, variablesTable } from './own-values.ts'
import { processList } from './process-list.ts'
import { type ServerShow, type ServerShowContext, serverShow } from './server-show.ts'
import { type ConditionsContext, conditionsTable, countTable } from './show-conditions.ts'
import { filteredRows, nameTable, type ShownTable, textTable } from './shown-table.ts'
import {
  shardsTable,
  tabletsTable,
  vschemaKeyspaces,
  vschemaTables,
  vschemaVindexes,
} from './vitess-tables.ts'

/** What is shown. */
export type ShownContext = ServerShowContext &
  ConditionsContext &
  OwnValuesContext & {
    readonly proxy: ConditionsContext['proxy'] &
      Pick<ProxyContext, 'gateway' | 'vschema' | 'clock' | 'sessions'>
  }

export interface ShowContext extends ShownContext {
  readonly replies: Replies
  readonly singleShard: SingleShard
}

/** SHOW of what the proxy knows better than any one server behind it; the rest is asked of a server. */
export async function runShow(context: ShowContext, show: Show, execution: Execution): Promise<void> {
  const table = await tableOf(context, show)
  if (table !== undefined) {
    return context.replies.resultSet({ columns: table.columns, rows: filteredRows(show, table) })
  }
  const { target, text } = serverShow(context, show, execution.sql)
  const statement = execution.ofText({ kind: 'Text', sql: text, params: [] })
  context.singleShard.relayTo(target, statement, { read: true, onRelayed: execution.onRelayed })
}

/** What COM_STMT_PREPARE is told of a SHOW: its columns, or which server to ask, and how. */
export async function prepareShow(
  context: ShownContext,
  show: Show,
  sql: string,
): Promise<readonly ColumnDef[] | ServerShow> {
  return (await tableOf(context, show))?.columns ?? serverShow(context, show, sql)
}

/** Undefined for what the servers know. */
async function tableOf(context: ShownContext, show: Show): Promise<ShownTable | undefined> {
  const { proxy, state } = context
  switch (show.what) {
    case 'WARNINGS':
    case 'ERRORS':
      return conditionsTable(context, show)
    case 'COUNT WARNINGS':
      return countTable(context, 'WARNINGS')
    case 'COUNT ERRORS':
      return countTable(context, 'ERRORS')
    case 'DATABASES':
    case 'KEYSPACES':
    case 'VITESS_KEYSPACES': {
      const suffix = show.like === undefined ? '' : ` (${show.like.text.slice(1, -1)})`
      return nameTable(`Database${suffix}`, [...proxy.gateway.keyspaces.keys(), ...SYSTEM_SCHEMAS].sort())
    }
    case 'VITESS_SHARDS':
      return shardsTable(proxy)
    case 'VITESS_TABLETS':
      return tabletsTable(proxy)
    case 'VITESS_TARGET':
      return textTable(['Target'], [[printTarget(state.target)]])
    case 'VSCHEMA TABLES':
      return vschemaTables(proxy, state.target)
    case 'VSCHEMA KEYSPACES':
      return vschemaKeyspaces(proxy)
    case 'VSCHEMA VINDEXES':
      return vschemaVindexes(proxy, state.target, show)
    case 'PROCESSLIST':
      return processList(proxy)
    case 'VARIABLES':
    case 'STATUS':
      return variablesTable(context, show)
    default:
      return undefined
  }
}
