import { noDatabaseSelected, notSupported } from '../../errors/sql-error.ts'
import type { Show } from '../../sql/ast.ts'
import { print, quoteIdentifier } from '../../sql/print.ts'
import type { ShardTarget } from '../../tablet/shard-target.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import type { SessionState } from '../settings/session-state.ts'
import type { ShardAccess } from '../statements/shard-access.ts'

export interface ServerShowContext {
  readonly state: SessionState
  readonly shards: ShardAccess
}

/** A SHOW for a server: which one, and how it is asked. */
export interface ServerShow {
  readonly target: ShardTarget
  readonly text: string
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
export function serverShow({ state, shards }: ServerShowContext, show: Show, sql: string): ServerShow {
  const { target } = state
  const named = show.database ?? show.table?.qualifier ?? target.keyspace
  const isSystem = isSystemSchema(named)
  if (OF_SCHEMA.has(show.what) && named === '') throw noDatabaseSelected()
  const { keyspace, shards: all } = shards.of(isSystem ? '' : named)
  const own = all.findIndex(({ name }) => name === target.shard && keyspace === target.keyspace)
  const shard = own >= 0 ? own : shards.pick(keyspace, all.length)
  const { database } = all[shard]!
  const text = isSystem || database === named || named === '' ? sql : inDatabase(show, database)
  return { target: shards.target(keyspace, shard), text }
}

/** The statement as the shard's own database must be asked, which has another name than the keyspace. */
function inDatabase(show: Show, database: string): string {
  const name = quoteIdentifier(database)
  if (show.what === 'CREATE DATABASE') return `SHOW CREATE DATABASE ${name}`
  if (OF_SCHEMA.has(show.what)) {
    return `SHOW ${show.extended ? 'EXTENDED ' : ''}${show.full ? 'FULL ' : ''}${show.what} FROM ${name}${filterOf(show)}`
  }
  if (show.database === undefined) return print(show)
  throw notSupported(`SHOW ${show.what} FROM another schema`)
}

function filterOf({ like, where }: Show): string {
  if (like !== undefined) return ` LIKE ${like.text}`
  return where === undefined ? '' : ` WHERE ${print(where)}`
}
