import type { Connection } from 'mysql2/promise'
import type { TestServer } from './mysql.ts'

/**
 * A connection for asking what the server's parser says of texts: in a new database `d`, under `sqlMode` alone (the
 * driver's connections have IGNORE_SPACE). The caller ends it.
 */
export async function connectToParser(server: TestServer, sqlMode = ''): Promise<Connection> {
  const connection = await server.connect()
  await connection.query('CREATE DATABASE d')
  await connection.changeUser({ database: 'd' })
  await connection.query('SET sql_mode = ?', [sqlMode])
  return connection
}
