import { noDatabaseSelected } from '../../errors/sql-error.ts'
import type { Expr, Show } from '../../sql/ast.ts'
import { parseExpression } from '../../sql/parse.ts'
import { print, quoteIdentifier } from '../../sql/print.ts'
import { rewrite } from '../../sql/visit.ts'
import type { Gateway } from '../../tablet/gateway.ts'
import type { Renaming } from '../../tablet/keyspace-names.ts'
import { quoteString } from '../../values/sql-literal.ts'
import type { VSchema } from '../../vschema/model.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import { keyspaceOfTrigger } from '../../vschema/unnamed-tables.ts'
import { onlyKeyspace, type Target } from '../settings/target.ts'
import type { ShardAccess } from '../statements/shard-access.ts'

export interface ServerShowContext {
  readonly proxy: { readonly gateway: Gateway; readonly vschema: VSchema }
  readonly shards: ShardAccess
}

/** A SHOW for a server: which one, and how it is asked. */
export interface ServerShow {
  /** '' is any. */
  readonly keyspace: string
  readonly shard: number
  readonly text: string
}

/** A SHOW as its client has written it. */
export interface AskedShow {
  readonly show: Show
  readonly sql: string
  readonly target: Target
}

/** Lists of one schema: the shard's own database is asked for, whatever its name. */
const OF_SCHEMA: ReadonlySet<string> = new Set([
  'TABLES',
  'TABLE STATUS',
  'OPEN TABLES',
  'TRIGGERS',
  'EVENTS',
])

/** SHOW of what any server behind the proxy can answer. */
export function serverShow({ proxy, shards }: ServerShowContext, asked: AskedShow): ServerShow {
  const { sql, target } = asked
  const { show, keyspace: ofProgram } = programHere(asked, proxy)
  const named =
    show.database ??
    show.table?.qualifier ??
    ofProgram ??
    (target.keyspace || onlyKeyspace(proxy.gateway)) ??
    ''
  const isSystem = isSystemSchema(named)
  if (OF_SCHEMA.has(show.what) && named === '') throw noDatabaseSelected()
  const { keyspace, shards: all } = shards.of(isSystem ? '' : named)
  const own = all.findIndex(({ name }) => name === target.shard && keyspace === target.keyspace)
  const shard = own >= 0 ? own : shards.pick(keyspace, all.length)
  const { database } = all[shard]!
  const renaming = isSystem || named === '' ? undefined : { database, keyspace: named }
  const filtered = withDatabaseNames(show, renaming, proxy.gateway.renamed)
  // Without FROM it has the tables of every database there.
  if (show.what === 'OPEN TABLES' || (renaming !== undefined && database !== named))
    return { keyspace, shard, text: inDatabase(filtered, isSystem ? named : database) }
  return { keyspace, shard, text: filtered === asked.show ? sql : print(filtered) }
}

/**
 * SHOW CREATE of a program, by its name alone, and the keyspace that has it: shards call their databases otherwise. A trigger of a
 * table that no VSchema names is where the table is.
 */
function programHere(
  { show, target }: AskedShow,
  { vschema }: ServerShowContext['proxy'],
): { readonly show: Show; readonly keyspace?: string | undefined } {
  const { program, pieces } = show
  const written = program?.qualifier ?? target.keyspace
  if (program === undefined || !vschema.keyspaces.has(written)) return { show }
  const { qualifier: _, ...name } = program
  const here =
    program.qualifier === undefined
      ? show
      : { ...show, program: name, pieces: pieces.map((piece) => (piece === program ? name : piece)) }
  return { show: here, keyspace: isTrigger(show) ? keyspaceOfTrigger(vschema, written, name.name) : written }
}

function isTrigger({ pieces }: Show): boolean {
  return typeof pieces[0] === 'string' && /\btrigger\s*$/i.test(pieces[0])
}

/** The statement as the shard's own database must be asked, which has another name than the keyspace. */
function inDatabase(show: Show, database: string): string {
  const name = quoteIdentifier(database)
  if (show.what === 'CREATE DATABASE')
    return `SHOW CREATE DATABASE ${show.ifNotExists ? 'IF NOT EXISTS ' : ''}${name}`
  if (!OF_SCHEMA.has(show.what)) return print(show)
  return `SHOW ${show.extended ? 'EXTENDED ' : ''}${show.full ? 'FULL ' : ''}${show.what} FROM ${name}${filterOf(show)}`
}

export function filterOf({ like, where }: Show): string {
  if (like !== undefined) return ` LIKE ${like.text}`
  return where === undefined ? '' : ` WHERE ${print(where)}`
}

/** Columns of SHOW that hold the name of a database. */
const SCHEMA_COLUMNS: ReadonlySet<string> = new Set(['db', 'database'])

/** WHERE, which compares with names of keyspaces, and calls the column of SHOW TABLES by one. */
function withDatabaseNames(show: Show, renaming: Renaming | undefined, renamed: readonly Renaming[]): Show {
  if (show.where === undefined) return show
  const title = `tables_in_${renaming?.keyspace}`.toLowerCase()
  return rewrite(show, (node) => {
    if (node.kind !== 'Column' || node.qualifiers.length > 0) return undefined
    const name = node.name.toLowerCase()
    if (show.what === 'TABLES' && name === title && renaming !== undefined)
      return renaming.database === renaming.keyspace
        ? undefined
        : { ...node, name: `Tables_in_${renaming.database}` }
    return SCHEMA_COLUMNS.has(name) && renamed.length > 0 ? keyspaceOfColumn(node.name, renamed) : undefined
  })
}

function keyspaceOfColumn(column: string, renamed: readonly Renaming[]): Expr {
  const name = quoteIdentifier(column)
  const cases = renamed.map(
    ({ database, keyspace }) => `WHEN ${quoteString(database)} THEN ${quoteString(keyspace)}`,
  )
  return parseExpression(`CASE ${name} ${cases.join(' ')} ELSE ${name} END`, {
    mode: 0,
    serverVersion: 80_000,
  })
}
