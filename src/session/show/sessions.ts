import type { Identity } from '../../mysql/server/session-handler.ts'
import type { LiveSession, ProxyContext } from '../proxy-context.ts'
import { printTarget } from '../settings/target.ts'
import { hostOf, shownSessions } from './process-list.ts'
import { type ShownTable, textTable } from './shown-table.ts'

const COLUMNS = ['Id', 'User', 'Host', 'Target', 'State', 'Time', 'Pinned_by']

/**
 * SHOW SHARDGATE SESSIONS: what each session of this process is at, and what keeps it on connections of its own, a line for each
 * shard and reason; none where any connection will do for its next statement. Time: seconds since its last command began.
 */
export function sessionsTable(
  proxy: Pick<ProxyContext, 'clock' | 'sessions'>,
  asker: Pick<Identity, 'user' | 'access'>,
): ShownTable {
  const now = proxy.clock.now()
  const rows = shownSessions(proxy, asker).map((session) => {
    const { client, state, lastCommandMs, pins } = session
    const seconds = Math.floor((now - lastCommandMs) / 1000)
    return [
      String(client.id),
      client.identity.user,
      hostOf(client),
      printTarget(state.target),
      stateOf(session),
      String(seconds),
      pins.map(({ shard, why }) => `${shard}: ${why}`).join('\n'),
    ]
  })
  return textTable(COLUMNS, rows)
}

function stateOf({ interruption, isInTransaction }: LiveSession): string {
  if (interruption.isBusy) return 'executing'
  return isInTransaction ? 'idle in transaction' : 'idle'
}
