import type { BackendConnection } from '../mysql/client/backend-connection.ts'
import { runQuery } from '../mysql/client/simple-command.ts'
import { type Settings, settingsChange } from './settings.ts'

/**
 * Gives a connection the settings of a session; `database` is the shard's own. Sent at once, answered in order. Throws
 * what the server says of a setting; the connection's settings are unknown then.
 */
export async function applySettings(
  connection: BackendConnection,
  settings: Settings,
  database: string,
): Promise<void> {
  const server = { database: `\`${database.replaceAll('`', '``')}\``, isMariadb: connection.isMariadb }
  const statements = settingsChange(connection.settings, settings, server)
  await Promise.all(statements.map((sql) => runQuery(connection, sql)))
  connection.settings = settings.items
  connection.settingsKey = settings.key
}
