import { type ColumnDef, decodeColumnDef } from '../../mysql/codec/column-def.ts'
import { type Asker, maySee } from '../../policy/permit.ts'
import type { Show } from '../../sql/ast.ts'
import { print } from '../../sql/print.ts'
import { SYSTEM_SCHEMAS } from '../../vschema/system-schemas.ts'
import type { CatalogueContext } from '../catalogue/catalogue-context.ts'
import { describePlan } from '../prepared/describe-plan.ts'
import type { ProxyContext } from '../proxy-context.ts'
import { onlyKeyspace, printTarget } from '../settings/target.ts'
import type { EvaluateContext } from '../statements/evaluate.ts'
import type { Execution } from '../statements/execution.ts'
import { planned } from '../statements/planned.ts'
import type { Reading } from '../statements/reading.ts'
import { answerMetadata, type RunContext, runStatement } from '../statements/run-statement.ts'
import { grantsTable } from './grants.ts'
import { gtidTable } from './gtid-tables.ts'
import { indexOnAny, indexTable, routineStatus, tableStatus } from './over-shards.ts'
import { type OwnValuesContext, variablesTable } from './own-values.ts'
import { processList } from './process-list.ts'
import { type AskedShow, type ServerShow, type ServerShowContext, serverShow } from './server-show.ts'
import { sessionsTable } from './sessions.ts'
import { type ConditionsContext, conditionsTable, countTable } from './show-conditions.ts'
import { rowsWhere, withoutValues, withValues } from './show-where.ts'
import { filteredRows, type ShownTable, textTable } from './shown-table.ts'
import { transactionsTable } from './transactions-table.ts'
import { withUnnamedRows } from './unnamed-rows.ts'
import {
  MIGRATION_COLUMNS,
  replicationTable,
  shardsTable,
  THROTTLED_COLUMNS,
  tabletsTable,
  throttlerTable,
  vschemaKeyspaces,
  vschemaTables,
  vschemaVindexes,
} from './vitess-tables.ts'

/** What is shown. */
export type ShownContext = CatalogueContext &
  ServerShowContext &
  ConditionsContext &
  OwnValuesContext & {
    readonly client: Asker
    readonly proxy: ConditionsContext['proxy'] &
      Pick<ProxyContext, 'gateway' | 'atomic' | 'vschema' | 'clock' | 'sessions' | 'isMariadb'>
  }

export type ShowContext = ShownContext & EvaluateContext & RunContext

/** SHOW of what the proxy knows better than any one server behind it; the rest is asked of a server. */
export async function runShow(context: ShowContext, asked: Show, execution: Execution): Promise<void> {
  const { show, conditions } = await withValues(context, asked)
  const table = await tableOf(context, show)
  if (table !== undefined) {
    const { where } = show
    const isWhole = where === undefined || table.isFiltered === true
    const rows = isWhole ? table.rows : await rowsWhere(context, where, table)
    const told = [...conditions, ...(table.conditions ?? [])]
    if (!TELL_CONDITIONS.has(show.what)) context.state.warnings = told
    const keepsFoundRows = show.what === 'WARNINGS' || show.what === 'ERRORS'
    return context.replies.resultSet(
      {
        columns: table.columns,
        rows: filteredRows(show, { ...table, rows }),
        ...(table.conditions && { warnings: table.conditions.length }),
      },
      keepsFoundRows,
    )
  }
  const sql = show === asked ? execution.sql : print(show)
  if (show.table !== undefined && show !== asked) return runStatement(context, planned(execution, sql))
  await askServer(context, { show, sql, target: execution.reading.target }, execution)
}

/** They tell of the statement before, and are none that another one would be told of. */
const TELL_CONDITIONS: ReadonlySet<string> = new Set(['WARNINGS', 'ERRORS', 'COUNT WARNINGS', 'COUNT ERRORS'])

async function askServer(context: ShowContext, asked: AskedShow, execution: Execution): Promise<void> {
  const { proxy, state, shards, singleShard } = context
  const { keyspace, shard, text } = serverShow(context, asked)
  const query = { kind: 'Text', sql: text, params: [] } as const
  if (proxy.gateway.renamed.length > 0)
    return answerMetadata(context, execution, { keyspace, shard, query, settings: state.settings })
  const to = shards.target(keyspace, shard, asked.target.tabletType)
  singleShard.relayTo(to, execution.ofText(query), { read: true, onRelayed: execution.onRelayed })
}

/** What COM_STMT_PREPARE is told of a SHOW: its columns, or which server to ask, and how. */
export async function prepareShow(
  context: ShownContext,
  asked: AskedShow,
  reading: Reading,
): Promise<readonly ColumnDef[] | ServerShow> {
  if (OF_SERVERS.has(asked.show.what)) return definedByServer(context, asked)
  const { where: _, ...unfiltered } = asked.show
  const table = await tableOf(context, unfiltered)
  if (table !== undefined) return table.columns
  // What the session is asked for has its value with every execution; the columns are the same without.
  const show = withoutValues(asked.show)
  const sql = show === asked.show ? asked.sql : print(show)
  if (show.table === undefined) return serverShow(context, { ...asked, show, sql })
  const scan = reading.scan(sql)
  const { keyspace, sql: text = sql } = describePlan(reading.planOf(sql, scan), reading.bindingsOf(sql, scan))
  return { keyspace, shard: 0, text }
}

/** Rows of the proxy's own in the columns that any server has for them. */
const OF_SERVERS: ReadonlySet<string> = new Set([
  ...['DATABASES', 'TABLE STATUS', 'INDEX', 'FUNCTION STATUS', 'PROCEDURE STATUS', 'PROCESSLIST'],
])

function definedByServer(context: ShownContext, asked: AskedShow): ServerShow {
  const show = withoutValues(asked.show)
  if (show.what === 'INDEX') return indexOnAny(context, show)
  return serverShow(context, { ...asked, show, sql: show === asked.show ? asked.sql : print(show) })
}

/** Undefined for what the servers know. */
async function tableOf(context: ShownContext, show: Show): Promise<ShownTable | undefined> {
  const { client, proxy, state } = context
  const sees = (name: string) => maySee(client.identity.access, name)
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
      const like = show.like === undefined ? '' : ` LIKE ${show.like.text}`
      const columns = await columnsOf(context, `SHOW DATABASES${like}`)
      const all = [...proxy.gateway.keyspaces.keys(), ...SYSTEM_SCHEMAS]
      const rows = all.filter(sees).sort()
      return { columns, rows: rows.map((name) => [Buffer.from(name)]), filtered: 0 }
    }
    case 'TABLES':
    case 'TRIGGERS':
      return withUnnamedRows(context, show)
    case 'TABLE STATUS':
      return tableStatus(context, show)
    case 'INDEX':
      return indexTable(context, show)
    case 'FUNCTION STATUS':
    case 'PROCEDURE STATUS':
      return routineStatus(context, show)
    case 'GRANTS': {
      const [column] = await columnsOf(context, 'SHOW GRANTS')
      return grantsTable(client, proxy.gateway.keyspaces.keys(), column!)
    }
    case 'VITESS_SHARDS':
      return shardsTable(proxy, sees)
    case 'VITESS_TABLETS':
      return tabletsTable(proxy, sees)
    case 'VITESS_TARGET':
      return textTable(['Target'], [[printTarget(state.target)]])
    case 'SHARDGATE SESSIONS':
      return sessionsTable(proxy, client.identity)
    case 'VITESS_REPLICATION_STATUS':
      return replicationTable(proxy, sees)
    case 'VITESS_THROTTLER STATUS':
      return throttlerTable(proxy, sees)
    case 'VITESS_THROTTLED_APPS':
      return textTable(THROTTLED_COLUMNS, [], 0)
    case 'UNRESOLVED TRANSACTIONS':
    case 'TRANSACTION STATUS':
      return transactionsTable(proxy, show, { sees, sqlMode: state.sqlMode })
    case 'VITESS_MIGRATIONS':
      return textTable(MIGRATION_COLUMNS, [], 1)
    case 'VITESS_METADATA VARIABLES':
      return textTable(['Key', 'Value'], [], 0)
    case 'GTID_EXECUTED':
    case 'VGTID_EXECUTED':
      return gtidTable(proxy, show, state.target)
    case 'VSCHEMA TABLES':
      return vschemaTables(proxy, state.target.keyspace || (onlyKeyspace(proxy.gateway) ?? ''))
    case 'VSCHEMA KEYSPACES':
      return vschemaKeyspaces(proxy, sees)
    case 'VSCHEMA VINDEXES':
      return vschemaVindexes(proxy, { target: state.target, sees }, show)
    case 'PROCESSLIST':
      return processList(proxy, client.identity, { shards: context.shards, show })
    case 'VARIABLES':
    case 'STATUS':
      return variablesTable(context, show)
    default:
      return undefined
  }
}

/** As a server defines them. */
async function columnsOf({ shards }: ShownContext, sql: string): Promise<readonly ColumnDef[]> {
  return (await shards.ask(sql)).columns.map(decodeColumnDef)
}
