import type { Connection } from 'mysql2/promise'
import type { TabletPlan } from './layout.ts'
import type { MysqlServer } from './mysql-server.ts'

/**
 * Makes a primary's database and, with `isSqlDue`, runs the keyspace's SQL files in it. A file is sent as it is, as
 * one text of several statements. Rejects naming the file and the shard.
 */
export async function applySchema(plan: TabletPlan, server: MysqlServer, isSqlDue: boolean): Promise<void> {
  const connection = await server.connectAsRoot()
  try {
    const name = quoteName(plan.database)
    await connection.query(`CREATE DATABASE IF NOT EXISTS ${name} CHARACTER SET utf8mb4`)
    if (!isSqlDue) return
    await connection.query(`USE ${name}`)
    for (const file of plan.keyspace.sqlFiles) await runFile(connection, file, plan)
  } finally {
    await connection.end()
  }
}

async function runFile(
  connection: Connection,
  file: { readonly path: string; readonly text: string },
  { keyspace, shard }: TabletPlan,
): Promise<void> {
  if (isBlank(file.text)) return
  try {
    await connection.query(file.text)
  } catch (error) {
    const message = `${file.path} on ${keyspace.name}/${shard}: ${(error as Error).message}`
    throw new Error(message, { cause: error })
  }
}

/** Nothing but white space and line comments: MySQL would call that an empty query. */
function isBlank(text: string): boolean {
  return text.split('\n').every((line) => /^\s*(?:(?:--|#).*)?$/.test(line))
}

function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}
