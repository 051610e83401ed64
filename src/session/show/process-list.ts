import { decodeColumnDef } from '../../mysql/codec/column-def.ts'
import type { Identity } from '../../mysql/server/session-handler.ts'
import type { Show } from '../../sql/ast.ts'
import type { LiveSession, ProxyContext } from '../proxy-context.ts'
import { printTarget } from '../settings/target.ts'
import type { ShardAccess } from '../statements/shard-access.ts'
import type { ShownTable } from './shown-table.ts'

type Known = Pick<ProxyContext, 'clock' | 'sessions'>
type Asker = Pick<Identity, 'user' | 'access'>

/** A client's session, in the words of the process list. */
export interface ListedSession {
  readonly id: string
  readonly user: string
  readonly host: string
  readonly db: string | null
  readonly command: string
  readonly time: string
  readonly state: string
  readonly info: string | null
}

/** SHOW [FULL] PROCESSLIST, in the columns that the servers have. */
export async function processList(
  proxy: Known,
  asker: Asker,
  { shards, show }: { readonly shards: ShardAccess; readonly show: Show },
): Promise<ShownTable> {
  const columns = (await shards.ask(`SHOW ${show.full ? 'FULL ' : ''}PROCESSLIST`)).columns.map(
    decodeColumnDef,
  )
  const rows = sessionsOf(proxy, asker).map((session) => {
    const info = show.full ? session.info : (session.info?.slice(0, INFO_CHARACTERS_MAX) ?? null)
    const cells: Readonly<Record<string, string | null>> = { ...session, info, progress: '0.000' }
    return columns.map(({ name }) => {
      const cell = cells[name.toLowerCase()] ?? null
      return cell === null ? null : Buffer.from(cell)
    })
  })
  return { columns, rows }
}

/** Without FULL. */
const INFO_CHARACTERS_MAX = 100

/** The sessions of this process that are shown: those of one's own user, all to administrators. */
export function shownSessions(
  { sessions }: Pick<Known, 'sessions'>,
  { user, access }: Asker,
): readonly LiveSession[] {
  return [...sessions.values()].filter(
    ({ client }) => access.role === 'admin' || client.identity.user === user,
  )
}

export function sessionsOf(proxy: Known, asker: Asker): readonly ListedSession[] {
  const now = proxy.clock.now()
  return shownSessions(proxy, asker).map(({ client, state, interruption, lastCommandMs, running }) => ({
    id: String(client.id),
    user: client.identity.user,
    host: hostOf(client),
    db: state.target.keyspace === '' ? null : printTarget(state.target),
    command: running?.command ?? (interruption.isBusy ? 'Query' : 'Sleep'),
    time: String(Math.floor((now - lastCommandMs) / 1000)),
    state: interruption.isBusy ? 'executing' : '',
    info: running?.text ?? null,
  }))
}

export function hostOf({ remoteHost, remotePort }: LiveSession['client']): string {
  return remotePort === 0 ? remoteHost : `${remoteHost}:${remotePort}`
}
