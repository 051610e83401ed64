import { SqlError } from '../../errors/sql-error.ts'
import type { CollectingReader } from '../../mysql/client/simple-command.ts'
import { decodeTextRow } from '../../mysql/codec/text-row.ts'
import { maySee } from '../../policy/permit.ts'
import { inKeyspaceNames } from '../../tablet/keyspace-names.ts'
import type { ShardTarget } from '../../tablet/shard-target.ts'
import { quoteName, quoteString, textLiteral } from '../../values/sql-literal.ts'
import { isSessionTable, partColumnsOf, schemaColumnOf } from '../../vschema/catalogue-tables.ts'
import { SYSTEM_SCHEMAS } from '../../vschema/system-schemas.ts'
import { unnamedTablesOf } from '../../vschema/unnamed-tables.ts'
import { requireMemory } from '../settings/held-map.ts'
import type { CatalogueContext } from './catalogue-context.ts'
import { sessionRows } from './session-rows.ts'
import { sumShards } from './sum-shards.ts'
import {
  columnOf,
  columnsQuestion,
  type SystemColumn,
  type SystemRow,
  type SystemTable,
} from './system-table.ts'
import type { WantedRows } from './wanted-rows.ts'

/**
 * The rows of a table of information_schema as one server would have them that has a database for each keyspace: those of a
 * keyspace from one of its shards, or what its shards add up to; those of system schemas from one server; those of clients from
 * the sessions. Throws 1109 for a table that the servers do not have.
 */
export async function pullTable(
  context: CatalogueContext,
  named: { readonly schema: string; readonly table: string },
  wanted: WantedRows,
): Promise<SystemTable> {
  const { table } = named
  const schema = named.schema.toLowerCase()
  const anywhere = context.shards.anyTarget()
  const all = (await rowsOf(context, anywhere, columnsQuestion(schema, table))).map(columnOf)
  if (all.length === 0) return await unreadable(context, { schema, table })
  const columns = wantedColumns(all, table, wanted)
  if (isSessionTable(schema, table)) {
    const others =
      table.toLowerCase() === 'threads'
        ? await rowsOf(
            context,
            anywhere,
            `SELECT ${list(columns)} FROM performance_schema.threads WHERE TYPE = 'BACKGROUND'`,
          )
        : []
    return { columns, rows: [...others, ...sessionRows(context, columns)] }
  }
  const names = columns.map(({ name }) => name)
  const schemaColumn = schemaColumnOf(table)!
  const asked = `SELECT ${list(columns)} FROM ${schema}.${quoteName(table)} WHERE ${conditionOf(wanted)}`
  const parts = databases(context, wanted).map(async (shards) => {
    const isSummed = partColumnsOf(table) !== undefined && shards.length > 1
    const answers = await Promise.all(
      (isSummed ? shards : shards.slice(0, 1)).map(({ target, database }) =>
        rowsOf(context, target, `${asked}${quoteName(schemaColumn)} = ${quoteString(database)}`),
      ),
    )
    return isSummed ? sumOf(context, names, answers) : answers.flat()
  })
  const unnamed = ofUnnamed(context, { schema, table, all, columns }, wanted)
  const systems = systemSchemas(context, table, wanted)
  const ofSystems =
    systems.length === 0
      ? []
      : rowsOf(
          context,
          anywhere,
          `${asked}${quoteName(schemaColumn)} IN (${systems.map(quoteString).join(', ')})`,
        )
  const rows = (await Promise.all([...parts, ...unnamed, ofSystems])).flat()
  return { columns, rows }
}

/** Sums are made of more columns than may be asked for; one column is needed to have rows. */
function wantedColumns(
  all: readonly SystemColumn[],
  table: string,
  { columns }: WantedRows,
): readonly SystemColumn[] {
  if (columns === undefined || partColumnsOf(table) !== undefined) return all
  const named = all.filter(({ name }) => columns.has(name.toLowerCase()))
  return named.length === 0 ? all.slice(0, 1) : named
}

function list(columns: readonly SystemColumn[]): string {
  return columns.map(({ name }) => quoteName(name)).join(', ')
}

/** A table that the servers do not have, or whose columns they do not tell the proxy's account: they say which. */
async function unreadable(
  { shards }: CatalogueContext,
  { schema, table }: { readonly schema: string; readonly table: string },
): Promise<never> {
  await shards.askOn(shards.anyTarget(), `SELECT * FROM ${schema}.${quoteName(table)} LIMIT 0`)
  throw new SqlError('ER_UNKNOWN_TABLE', `Unknown table '${table}' in ${schema}`)
}

/** What a table has on its shards, but for tables of which each shard has all rows. */
function sumOf(
  { proxy }: CatalogueContext,
  names: readonly string[],
  answers: readonly (readonly SystemRow[])[],
): readonly SystemRow[] {
  const [schema, table] = [names.indexOf('TABLE_SCHEMA'), names.indexOf('TABLE_NAME')]
  const isWhole = (row: SystemRow) =>
    proxy.vschema.keyspaces.get(row[schema]!)?.tables.get(row[table]!)?.type === 'reference'
  const [first, ...others] = answers
  const summed = [first!, ...others.map((rows) => rows.filter((row) => !isWhole(row)))]
  return sumShards(
    names,
    summed,
    KEY.filter((name) => names.includes(name.toUpperCase())),
  )
}

/** What tells rows of one table, partition or index apart from those of another. */
const KEY: readonly string[] = [
  'table_name',
  'partition_name',
  'subpartition_name',
  'index_name',
  'seq_in_index',
]

/** Ends in AND. */
function conditionOf({ tables }: WantedRows): string {
  if (tables === undefined) return ''
  return `TABLE_NAME IN (${tables.map((name) => textLiteral(name, 'utf8mb4')).join(', ')}) AND `
}

interface ShardDatabase {
  readonly target: ShardTarget
  readonly database: string
}

/** The keyspaces that the client may see and asks about, each with its shards. */
function databases({ client, proxy, shards, state }: CatalogueContext, wanted: WantedRows) {
  const names = [...proxy.gateway.keyspaces.keys()].filter(
    (name) => maySee(client.identity.access, name) && isWanted(name, wanted),
  )
  return names.sort().map((name): readonly ShardDatabase[] => {
    const { shards: all } = proxy.gateway.shardsOf(name)
    const { keyspace, tabletType } = state.target
    const own = shards.pick(name, all.length)
    const type = name === keyspace ? tabletType : 'PRIMARY'
    return [...all.slice(own), ...all.slice(0, own)].map(({ targets, database }) => ({
      target: targets[type],
      database,
    }))
  })
}

interface PulledTable {
  readonly schema: string
  readonly table: string
  readonly all: readonly SystemColumn[]
  readonly columns: readonly SystemColumn[]
}

/** Of each keyspace that is asked about, the rows of tables that no VSchema names: they are told as its own. */
function ofUnnamed(
  context: CatalogueContext,
  { schema, table, all, columns }: PulledTable,
  wanted: WantedRows,
): readonly Promise<readonly SystemRow[]>[] {
  const { client, proxy } = context
  const { access } = client.identity
  const nameColumn = all.find(({ name }) => TABLE_COLUMNS.has(name.toLowerCase()))
  if (nameColumn === undefined && table.toLowerCase() !== 'check_constraints') return []
  const asked = nameColumn === undefined ? columns : [...columns, nameColumn]
  return [...proxy.vschema.keyspaces.keys()].map(async (name) => {
    const unnamed = unnamedTablesOf(proxy.vschema, name)
    if (unnamed === undefined || !isWanted(name, wanted)) return []
    if (!maySee(access, name) || !maySee(access, unnamed.keyspace)) return []
    const { targets, database } = proxy.gateway.shardsOf(unnamed.keyspace).shards[0]!
    const sql = `SELECT ${list(asked)} FROM ${schema}.${quoteName(table)} WHERE ${conditionOf(wanted)}${quoteName(schemaColumnOf(table)!)} = ${quoteString(database)}`
    const rows = await rowsOf(context, targets.PRIMARY, sql)
    const own = nameColumn === undefined ? rows : rows.filter((row) => unnamed.has(row.at(-1) ?? ''))
    return own.map((row) =>
      columns.map((column, i) =>
        column.name.toLowerCase().endsWith('_schema') && row[i] === unnamed.keyspace ? name : row[i]!,
      ),
    )
  })
}

/** Which table a row is of. */
const TABLE_COLUMNS: ReadonlySet<string> = new Set(['table_name', 'event_object_table'])

/** An ordinary user is not shown schema mysql, but may read some of its tables; who has keyspaces of their own is shown less. */
function systemSchemas({ client }: CatalogueContext, table: string, wanted: WantedRows): readonly string[] {
  const { access } = client.identity
  const isListed = access.keyspaces !== undefined || table.toLowerCase() === 'schemata'
  return [...SYSTEM_SCHEMAS].filter((name) => (!isListed || maySee(access, name)) && isWanted(name, wanted))
}

function isWanted(schema: string, { schemas }: WantedRows): boolean {
  return schemas === undefined || schemas.has(schema.toLowerCase())
}

/** Rows in the names of keyspaces. */
async function rowsOf(
  { proxy, shards, memory }: CatalogueContext,
  target: ShardTarget,
  sql: string,
): Promise<readonly SystemRow[]> {
  const answer = await shards.askOn(target, sql)
  requireMemory(
    memory,
    answer.rows.reduce((bytes, row) => bytes + row.length, 0),
  )
  return textRows(answer).map((row) =>
    row.map((cell) => (cell === null ? null : inKeyspaceNames(cell, proxy.gateway.renamed))),
  )
}

function textRows({ columns, rows }: CollectingReader): readonly SystemRow[] {
  return rows.map((row) => decodeTextRow(row, columns.length).map((cell) => cell?.toString() ?? null))
}
