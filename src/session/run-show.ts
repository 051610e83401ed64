import { noDatabaseSelected, notSupported } from '../errors/sql-error.ts'
import type { ColumnDef } from '../mysql/codec/column-def.ts'
import type { TextCell } from '../mysql/codec/text-row.ts'
import type { Show } from '../sql/ast.ts'
import { print, quoteIdentifier } from '../sql/print.ts'
import type { ShardEndpoints } from '../tablet/gateway.ts'
import { NAMES } from '../tablet/settings.ts'
import { printAlias } from '../topology/alias.ts'
import { collationByName } from '../values/charsets.ts'
import { columnFlags, fieldTypes } from '../values/types.ts'
import { namesCollationId } from './character-set.ts'
import type { Execution } from './execute-plan.ts'
import { likeMatcher } from './like.ts'
import type { Session } from './session.ts'
import type { Warning } from './session-state.ts'
import { printTarget } from './target.ts'

/** SHOW of what the proxy knows better than any one server behind it. */
export async function runShow(session: Session, show: Show, execution: Execution): Promise<void> {
  const table = await tableOf(session, show)
  if (table === undefined) {
    const { shard, text } = backendShow(session, show, execution.sql)
    return session.singleShard.relayTo(shard, execution.ofText({ kind: 'Text', sql: text, params: [] }), {
      read: true,
    })
  }
  if (show.where !== undefined && table.filtered !== undefined) {
    throw notSupported(`SHOW ${show.what} … WHERE: use LIKE`)
  }
  const { filtered } = table
  const matches = show.like === undefined || filtered === undefined ? undefined : likeMatcher(show.like.text)
  const rows =
    matches === undefined ? table.rows : table.rows.filter((row) => matches(String(row[filtered!] ?? '')))
  session.resultSet({
    columns: table.columns,
    rows: rows.map((row) => row.map((cell) => (typeof cell === 'string' ? Buffer.from(cell) : cell))),
  })
}

/** What COM_STMT_PREPARE is told of a SHOW: its columns, or which server to ask, and how. */
export async function prepareShow(
  session: Session,
  show: Show,
  sql: string,
): Promise<readonly ColumnDef[] | BackendShow> {
  return (await tableOf(session, show))?.columns ?? backendShow(session, show, sql)
}

interface BackendShow {
  readonly shard: ShardEndpoints
  readonly text: string
}

interface ShownTable {
  readonly columns: readonly ColumnDef[]
  readonly rows: readonly (readonly TextCell[])[]
  /** The column that LIKE is about. */
  readonly filtered?: number
}

/** Undefined for what the servers know. */
async function tableOf(session: Session, show: Show): Promise<ShownTable | undefined> {
  const { gateway, vschema } = session.proxy
  switch (show.what) {
    case 'WARNINGS':
    case 'ERRORS':
      return warningsTable(limited(await chosen(session, show.what), show), session)
    case 'COUNT WARNINGS':
      return countTable('@@session.warning_count', (await chosen(session, 'WARNINGS')).length)
    case 'COUNT ERRORS':
      return countTable('@@session.error_count', (await chosen(session, 'ERRORS')).length)
    case 'DATABASES':
    case 'KEYSPACES':
    case 'VITESS_KEYSPACES': {
      const names = [...gateway.keyspaces.keys(), ...SYSTEM_SCHEMAS].sort()
      const suffix = show.like === undefined ? '' : ` (${unquotedLike(show.like.text)})`
      return texts(
        [`Database${suffix}`],
        names.map((name) => [name]),
        0,
      )
    }
    case 'VITESS_SHARDS':
      return texts(
        ['Shards'],
        allShards(session).map((shard) => [`${shard.keyspace}/${shard.name}`]),
        0,
      )
    case 'VITESS_TABLETS':
      return texts(
        ['Cell', 'Keyspace', 'Shard', 'TabletType', 'State', 'Alias', 'Hostname', 'PrimaryTermStartTime'],
        gateway.endpoints.map(({ tablet, health }) => [
          tablet.alias.cell,
          tablet.keyspace,
          tablet.shard,
          tablet.type,
          health.state === 'unreachable' ? 'NOT_SERVING' : 'SERVING',
          printAlias(tablet.alias),
          tablet.hostname ?? tablet.unix_socket ?? '',
          '',
        ]),
        6,
      )
    case 'VITESS_TARGET':
      return texts(['Target'], [[printTarget(session.state.target)]])
    case 'VSCHEMA TABLES': {
      const { keyspace } = session.state.target
      const names = [...(vschema.keyspaces.get(keyspace)?.tables.keys() ?? [])].sort()
      return texts(
        ['Tables'],
        names.map((name) => [name]),
        0,
      )
    }
    case 'VSCHEMA KEYSPACES':
      return texts(
        ['Keyspace', 'Sharded', 'Foreign Key', 'Comment'],
        [...vschema.keyspaces.values()].map((k) => [
          k.name,
          String(k.sharded),
          k.foreignKeyMode,
          k.error ?? '',
        ]),
        0,
      )
    case 'VSCHEMA VINDEXES':
      return vindexTable(session, show)
    case 'PROCESSLIST':
      return processList(session)
    default:
      return undefined
  }
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
function backendShow(session: Session, show: Show, sql: string): BackendShow {
  const { gateway } = session.proxy
  const current = session.state.target.keyspace
  const named = show.database ?? show.table?.qualifier ?? current
  const system = SYSTEM_SCHEMAS.has(named.toLowerCase())
  if (OF_SCHEMA.has(show.what) && named === '') throw noDatabaseSelected()
  const shards = session.shards.of(system ? '' : named)
  const shard =
    shards.shards.find((s) => s.name === session.state.target.shard && s.keyspace === current) ??
    shards.shards[session.shards.any(shards.keyspace, shards.shards.length)]!
  const { database } = gateway.endpointFor(shard, session.tabletType)
  const text = system || database === named || named === '' ? sql : inDatabase(show, database)
  return { shard, text }
}

/** The statement as the shard's own database must be asked, which has another name than the keyspace. */
function inDatabase(show: Show, database: string): string {
  const name = quoteIdentifier(database)
  const filter =
    show.like !== undefined
      ? ` LIKE ${show.like.text}`
      : show.where !== undefined
        ? ` WHERE ${print(show.where)}`
        : ''
  if (show.what === 'CREATE DATABASE') return `SHOW CREATE DATABASE ${name}`
  if (OF_SCHEMA.has(show.what)) {
    return `SHOW ${show.extended ? 'EXTENDED ' : ''}${show.full ? 'FULL ' : ''}${show.what} FROM ${name}${filter}`
  }
  if (show.database === undefined) return print(show)
  throw notSupported(`SHOW ${show.what} FROM another schema`)
}

export const SYSTEM_SCHEMAS: ReadonlySet<string> = new Set([
  'information_schema',
  'mysql',
  'performance_schema',
  'sys',
])

async function chosen(session: Session, what: string): Promise<readonly Warning[]> {
  const warnings = await session.fetchWarnings()
  return what === 'ERRORS' ? warnings.filter((w) => w.level === 'Error') : warnings
}

function limited(warnings: readonly Warning[], show: Show): readonly Warning[] {
  const number = (literal: unknown) => Number((literal as { text: string }).text)
  if (show.limit === undefined) return warnings
  const { count, offset } = show.limit
  const start = offset === undefined ? 0 : number(offset)
  return warnings.slice(start, start + number(count))
}

function allShards(session: Session) {
  return [...session.proxy.gateway.keyspaces.values()].flatMap((keyspace) => keyspace.shards)
}

function vindexTable(session: Session, show: Show): ShownTable {
  const { vschema } = session.proxy
  const keyspace = show.table?.qualifier ?? session.state.target.keyspace
  const schema = vschema.keyspaces.get(keyspace)
  if (show.table === undefined) {
    const rows = [...vschema.keyspaces.values()].flatMap((k) =>
      [...k.vindexes.values()].map((v) => [k.name, v.name, v.type, '', '']),
    )
    return texts(['Keyspace', 'Name', 'Type', 'Params', 'Owner'], rows)
  }
  const table = schema?.tables.get(show.table.name)
  const rows = (table?.columnVindexes ?? [])
    .filter((v) => !v.partial)
    .map((v) => [v.columns.join(', '), v.name, v.type, '', v.owned ? show.table!.name : ''])
  return texts(['Columns', 'Name', 'Type', 'Params', 'Owner'], rows)
}

function processList(session: Session): ShownTable {
  const now = session.proxy.clock.now()
  const rows = [...session.proxy.sessions.values()].map((other): TextCell[] => [
    String(other.client.id),
    other.client.identity.user,
    other.client.remotePort === 0
      ? other.client.remoteHost
      : `${other.client.remoteHost}:${other.client.remotePort}`,
    other.state.target.keyspace === '' ? null : printTarget(other.state.target),
    other.busy ? 'Query' : 'Sleep',
    String(Math.floor((now - other.lastCommandMs) / 1000)),
    other.busy ? 'executing' : '',
    null,
  ])
  const columns = [
    number('Id'),
    textColumn('User'),
    textColumn('Host'),
    textColumn('db'),
    textColumn('Command'),
    number('Time'),
    textColumn('State'),
    textColumn('Info'),
  ]
  return { columns, rows }
}

/** Defined as the servers define it: clients compare. */
function warningsTable(warnings: readonly Warning[], session: Session): ShownTable {
  const { isMariadb } = session.proxy
  const isText = {
    collationId: namesCollationId(session.state.settings.items.get(NAMES)!, isMariadb),
    flags: columnFlags.notNull,
    decimals: isMariadb ? 39 : 31,
  }
  const code = { type: fieldTypes.long, columnLength: isMariadb ? 4 : 5 }
  return {
    columns: [
      { ...textColumn('Level', 7), ...isText },
      { ...number('Code'), ...code, flags: number('Code').flags | columnFlags.notNull },
      { ...textColumn('Message', 512), ...isText },
    ],
    rows: warnings.map(({ level, code, message }) => [level, String(code), Buffer.from(message)]),
  }
}

function countTable(name: string, count: number): ShownTable {
  return { columns: [number(name)], rows: [[String(count)]] }
}

function texts(
  names: readonly string[],
  rows: readonly (readonly string[])[],
  filtered?: number,
): ShownTable {
  return {
    columns: names.map((name) => textColumn(name)),
    rows,
    ...(filtered === undefined ? {} : { filtered }),
  }
}

/** Known to MySQL and MariaDB alike. */
const UTF8MB4 = collationByName('utf8mb4_general_ci')!

export function textColumn(name: string, characters = 64): ColumnDef {
  return {
    catalog: 'def',
    schema: '',
    table: '',
    orgTable: '',
    name: Buffer.from(name).latin1Slice(),
    orgName: '',
    collationId: UTF8MB4.id,
    columnLength: characters * 4,
    type: fieldTypes.varString,
    flags: 0,
    decimals: 31,
  }
}

function number(name: string): ColumnDef {
  return {
    ...textColumn(name),
    collationId: 63,
    columnLength: 21,
    type: fieldTypes.longLong,
    flags: columnFlags.binary | columnFlags.unsigned,
    decimals: 0,
  }
}

function unquotedLike(literal: string): string {
  return literal.slice(1, -1)
}
