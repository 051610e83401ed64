import type { MysqlServer } from '../../src/cli/local/mysql-server.ts'

/**
 * Statistics change when somebody asks for it (ANALYZE TABLE). Otherwise they are counted anew in the background, at
 * some moment after a write, and flags and types of columns hang on the order of a join: the answers to one statement
 * would differ from run to run. Source: innodb_stats_auto_recalc in the manual.
 */
export const KEPT_STATISTICS = '--innodb-stats-auto-recalc=OFF'

/** The same on a server that runs. */
export async function keepStatistics(server: MysqlServer): Promise<void> {
  const root = await server.connectAsRoot()
  try {
    await root.query('SET GLOBAL innodb_stats_auto_recalc = OFF')
  } finally {
    root.destroy()
  }
}
