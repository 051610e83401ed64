import type { TextCell } from '../../mysql/codec/text-row.ts'
import type { Identity } from '../../mysql/server/session-handler.ts'
import type { ProxyContext } from '../proxy-context.ts'
import { printTarget } from '../settings/target.ts'
import { numberColumn, textColumn } from './columns.ts'
import type { ShownTable } from './shown-table.ts'

/** The sessions of this process: those of one's own user, all for administrators. */
export function processList(
  { clock, sessions }: Pick<ProxyContext, 'clock' | 'sessions'>,
  { user, access }: Pick<Identity, 'user' | 'access'>,
): ShownTable {
  const now = clock.now()
  const shown = [...sessions.values()].filter(
    ({ client }) => access.role === 'admin' || client.identity.user === user,
  )
  const rows = shown.map(({ client, state, interruption, lastCommandMs }): TextCell[] => [
    String(client.id),
    client.identity.user,
    client.remotePort === 0 ? client.remoteHost : `${client.remoteHost}:${client.remotePort}`,
    state.target.keyspace === '' ? null : printTarget(state.target),
    interruption.isBusy ? 'Query' : 'Sleep',
    String(Math.floor((now - lastCommandMs) / 1000)),
    interruption.isBusy ? 'executing' : '',
    null,
  ])
  const columns = [
    numberColumn('Id'),
    textColumn('User'),
    textColumn('Host'),
    textColumn('db'),
    textColumn('Command'),
    numberColumn('Time'),
    textColumn('State'),
    textColumn('Info'),
  ]
  return { columns, rows }
}
