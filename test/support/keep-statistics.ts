import type { Connection } from 'mysql2/promise'

/**
 * Statistics change when somebody asks for it (ANALYZE TABLE). Otherwise they are counted anew in the background, at
 * some moment after a write, and flags and types of columns hang on the order of a join: the answers to one statement
 * would differ from run to run. Ends the connection. Source: innodb_stats_auto_recalc in the manual.
 */
export async function keepStatistics(connection: Connection): Promise<void> {
  try {
    await connection.query('SET GLOBAL innodb_stats_auto_recalc = OFF')
  } finally {
    connection.destroy()
  }
}
