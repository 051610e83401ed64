import type mysql from 'mysql2/promise'
import type { StoredProgram } from '../values/stored-programs.ts'

/**
 * Routines and triggers of a database. The account sees the texts of those that it has made itself, and of all with SHOW_ROUTINE
 * and TRIGGER.
 * Source: MySQL manual, "The INFORMATION_SCHEMA ROUTINES Table", "The INFORMATION_SCHEMA TRIGGERS Table".
 */
export async function readPrograms(
  connection: mysql.Connection,
  database: string,
): Promise<readonly StoredProgram[]> {
  const routines = await rowsOf(
    connection,
    `SELECT ROUTINE_NAME AS n, ROUTINE_TYPE AS k, ROUTINE_DEFINITION AS b FROM information_schema.ROUTINES
      WHERE ROUTINE_SCHEMA = ? AND ROUTINE_TYPE IN ('FUNCTION', 'PROCEDURE') ORDER BY k, n`,
    database,
  )
  const triggers = await rowsOf(
    connection,
    `SELECT TRIGGER_NAME AS n, EVENT_OBJECT_TABLE AS t, ACTION_STATEMENT AS b FROM information_schema.TRIGGERS
      WHERE TRIGGER_SCHEMA = ? ORDER BY n`,
    database,
  )
  return [
    ...routines.map(
      ({ n, k, b }): StoredProgram => ({
        kind: k === 'FUNCTION' ? 'function' : 'procedure',
        name: n!,
        body: b ?? '',
      }),
    ),
    ...triggers.map(
      ({ n, t, b }): StoredProgram => ({ kind: 'trigger', name: n!, table: t!, body: b ?? '' }),
    ),
  ]
}

async function rowsOf(connection: mysql.Connection, sql: string, database: string) {
  return (await connection.query(sql, [database]))[0] as Record<string, string | null>[]
}
