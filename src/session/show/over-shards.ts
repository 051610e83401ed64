import { decodeColumnDef } from '../../mysql/codec/column-def.ts'
import { decodeTextRow, type TextCell } from '../../mysql/codec/text-row.ts'
import { maySee } from '../../policy/permit.ts'
import type { Show } from '../../sql/ast.ts'
import { inKeyspaceNames } from '../../tablet/keyspace-names.ts'
import type { ServedShard } from '../../tablet/keyspace-shards.ts'
import { quoteName } from '../../values/sql-literal.ts'
import type { Table, TabletTypeName } from '../../vschema/model.ts'
import { resolutionError } from '../../vschema/resolution-error.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import type { CatalogueContext } from '../catalogue/catalogue-context.ts'
import { sumShards } from '../catalogue/sum-shards.ts'
import type { SystemRow } from '../catalogue/system-table.ts'
import { onlyKeyspace } from '../settings/target.ts'
import { filterOf, type ServerShow } from './server-show.ts'
import { bytesOf, type ShownTable } from './shown-table.ts'
import { unnamedRows } from './unnamed-rows.ts'

/** SHOW TABLE STATUS: what the tables have on all shards. Undefined where one server knows it all. */
export async function tableStatus(context: CatalogueContext, show: Show): Promise<ShownTable | undefined> {
  const { proxy, state } = context
  const keyspace = show.database ?? (state.target.keyspace || onlyKeyspace(proxy.gateway))
  if (keyspace === undefined || isSystemSchema(keyspace) || !isOnSeveral(context, keyspace)) return undefined
  const like = show.like === undefined ? '' : ` LIKE ${show.like.text}`
  const isWhole = (row: SystemRow) =>
    proxy.vschema.keyspaces.get(keyspace)?.tables.get(row[0] ?? '')?.type === 'reference'
  const own = await summed(context, keyspace, {
    question: ({ database }) => `SHOW TABLE STATUS FROM ${quoteName(database)}${like}`,
    key: ['name'],
    isWhole,
  })
  const others = await unnamedRows(context, show)
  if (others === undefined) return own
  const rows = [...own.rows, ...others].sort(([a], [b]) => Buffer.compare(bytesOf(a), bytesOf(b)))
  return { columns: own.columns, rows }
}

/** SHOW INDEX of a table on shards. */
export async function indexTable(context: CatalogueContext, show: Show): Promise<ShownTable> {
  const { keyspace, name, type } = shownTable(context, show)
  return await summed(context, keyspace, {
    question: ({ database }) => indexQuestion(show, database, name),
    key: ['table', 'key_name', 'seq_in_index'],
    isWhole: () => type === 'reference',
  })
}

/** The same from the first shard, with its filter: for its columns. */
export function indexOnAny(context: CatalogueContext, show: Show): ServerShow {
  const { keyspace, name } = shownTable(context, show)
  const { database } = context.proxy.gateway.shardsOf(keyspace).shards[0]!
  return { keyspace, shard: 0, text: indexQuestion(show, database, name) + filterOf(show) }
}

function indexQuestion({ extended }: Show, database: string, table: string): string {
  return `SHOW ${extended ? 'EXTENDED ' : ''}INDEX FROM ${quoteName(database)}.${quoteName(table)}`
}

/** As the plan has found it. */
function shownTable({ proxy, state }: CatalogueContext, { table, database }: Show): Table {
  const { keyspace, tabletType } = state.target
  const qualifier = database ?? table?.qualifier ?? (keyspace || undefined)
  const type = tabletType.toLowerCase() as TabletTypeName
  const found = proxy.vschema.findTable(qualifier, table!.name, type)
  if (found.kind !== 'found') throw resolutionError(found)
  return found.table
}

/** SHOW FUNCTION STATUS, SHOW PROCEDURE STATUS: of each keyspace from one of its shards, of system schemas from one server. */
export async function routineStatus(context: CatalogueContext, show: Show): Promise<ShownTable> {
  const { client, proxy, shards, state } = context
  const like = show.like === undefined ? '' : ` LIKE ${show.like.text}`
  const names = [...proxy.gateway.keyspaces.keys()].filter((name) => maySee(client.identity.access, name))
  const answers = await Promise.all(
    names.sort().map(async (name) => {
      const { shards: all } = proxy.gateway.shardsOf(name)
      const shard = all[shards.pick(name, all.length)]!
      const type = name === state.target.keyspace ? state.target.tabletType : 'PRIMARY'
      const answer = await shards.askOn(shard.targets[type], `SHOW ${show.what}${like}`)
      return { ...rowsOf(answer), database: shard.database }
    }),
  )
  const rows = answers.flatMap(({ rows: all, database }, i) =>
    all.filter(([db]) => db === database || (i === 0 && isSystemSchema(db ?? undefined))),
  )
  return tableOf(context, answers[0]?.columns ?? [], rows)
}

function isOnSeveral({ proxy, state }: CatalogueContext, keyspace: string): boolean {
  const { target } = state
  if (target.shard !== undefined && target.keyspace === keyspace) return false
  return proxy.gateway.shardsOf(keyspace).shards.length > 1
}

interface Summed {
  readonly question: (shard: ServedShard) => string
  /** Columns by which rows belong together. */
  readonly key: readonly string[]
  /** The first shard's row tells of all of it, for every shard has the same. */
  readonly isWhole: (row: SystemRow) => boolean
}

async function summed(
  context: CatalogueContext,
  keyspace: string,
  { question, key, isWhole }: Summed,
): Promise<ShownTable> {
  const { proxy, shards, state } = context
  const type = keyspace === state.target.keyspace ? state.target.tabletType : 'PRIMARY'
  const answers = await Promise.all(
    proxy.gateway
      .shardsOf(keyspace)
      .shards.map(async (shard) => rowsOf(await shards.askOn(shard.targets[type], question(shard)))),
  )
  const [first, ...others] = answers
  const names = first!.columns.map((column) => decodeColumnDef(column).name)
  const parts = [first!.rows, ...others.map(({ rows }) => rows.filter((row) => !isWhole(row)))]
  return tableOf(context, first!.columns, sumShards(names, parts, key))
}

type Answered = { readonly columns: readonly Buffer[]; readonly rows: readonly SystemRow[] }

function rowsOf({
  columns,
  rows,
}: {
  readonly columns: readonly Buffer[]
  readonly rows: readonly Buffer[]
}): Answered {
  return {
    columns,
    rows: rows.map((row) => decodeTextRow(row, columns.length).map((cell) => cell?.toString() ?? null)),
  }
}

function tableOf(
  { proxy }: CatalogueContext,
  columns: readonly Buffer[],
  rows: readonly SystemRow[],
): ShownTable {
  const named = (cell: string | null): TextCell =>
    cell === null ? null : Buffer.from(inKeyspaceNames(cell, proxy.gateway.renamed))
  return { columns: columns.map(decodeColumnDef), rows: rows.map((row) => row.map(named)) }
}
