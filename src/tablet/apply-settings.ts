import type { BackendConnection } from '../mysql/client/backend-connection.ts'
import { runQuery } from '../mysql/client/simple-command.ts'
import { quoteName } from '../values/sql-literal.ts'
import { type Settings, settingsChange } from './settings.ts'

/**
 * Gives a connection the settings of a session; `database` is the shard's own. Sent at once, answered in order. Throws
 * what the server says of a setting; the connection's settings are unknown then.
 */
export async function applySettings(
  connection: BackendConnection,
  from: ReadonlyMap<string, string> | undefined,
  to: Settings,
  database: string,
): Promise<void> {
  const server = { database: quoteName(database), isMariadb: connection.isMariadb }
  await Promise.all(settingsChange(from, to, server).map((sql) => runQuery(connection, sql)))
}
