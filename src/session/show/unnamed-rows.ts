import { decodeColumnDef } from '../../mysql/codec/column-def.ts'
import { decodeTextRow, type TextCell } from '../../mysql/codec/text-row.ts'
import { maySee } from '../../policy/permit.ts'
import type { Show } from '../../sql/ast.ts'
import { print } from '../../sql/print.ts'
import { columnInKeyspaceNames } from '../../tablet/keyspace-names.ts'
import { quoteName } from '../../values/sql-literal.ts'
import { unnamedTablesOf } from '../../vschema/unnamed-tables.ts'
import type { CatalogueContext } from '../catalogue/catalogue-context.ts'
import { serverShow } from './server-show.ts'
import { bytesOf, type ShownTable } from './shown-table.ts'

type Row = readonly TextCell[]

/**
 * SHOW TABLES and SHOW TRIGGERS of a sharded keyspace that tables are seen in which no VSchema names: its own rows and theirs.
 * Undefined where one server knows it all.
 */
export async function withUnnamedRows(
  context: CatalogueContext,
  show: Show,
): Promise<ShownTable | undefined> {
  const { where: _, ...unfiltered } = show
  const others = await unnamedRows(context, unfiltered)
  if (others === undefined) return undefined
  const { proxy, shards, state } = context
  const asked = { show: unfiltered, sql: print(unfiltered), target: state.target }
  const { keyspace, shard, text } = serverShow(context, asked)
  const answer = await shards.askOn(shards.target(keyspace, shard), text)
  const own = answer.rows.map((row) => decodeTextRow(row, answer.columns.length))
  const columns = answer.columns.map(decodeColumnDef)
  return {
    columns: columns.map((column) => ({
      ...column,
      name: columnInKeyspaceNames(column.name, proxy.gateway.renamed),
    })),
    // As servers list them.
    rows: [...own, ...others].sort(([a], [b]) => Buffer.compare(bytesOf(a), bytesOf(b))),
  }
}

/** Of SHOW TRIGGERS: Trigger, Event, Table. */
const TRIGGER_TABLE = 2

/** What a SHOW of one keyspace's tables tells of those that no VSchema names, WHERE aside; undefined where there are none. */
export async function unnamedRows(
  { client, proxy, shards, state }: CatalogueContext,
  { what, full, extended, database: named, like }: Show,
): Promise<readonly Row[] | undefined> {
  const { target } = state
  const unnamed = target.shard === undefined && unnamedTablesOf(proxy.vschema, named ?? target.keyspace)
  if (!unnamed || !maySee(client.identity.access, unnamed.keyspace)) return undefined
  const { targets, database } = proxy.gateway.shardsOf(unnamed.keyspace).shards[0]!
  const words = `${extended ? 'EXTENDED ' : ''}${full ? 'FULL ' : ''}${what}`
  const filter = like === undefined ? '' : ` LIKE ${like.text}`
  const text = `SHOW ${words} FROM ${quoteName(database)}${filter}`
  const answer = await shards.askOn(targets.PRIMARY, text)
  const rows = answer.rows.map((row) => decodeTextRow(row, answer.columns.length))
  const tableColumn = what === 'TRIGGERS' ? TRIGGER_TABLE : 0
  return rows.filter((row) => unnamed.has(bytesOf(row[tableColumn]).toString()))
}
