import mysql from 'mysql2/promise'
import { addressOf, databaseOf, type Tablet } from '../topology/records.ts'

/** How the proxy comes to its MySQL servers: one account for all. */
export interface BackendAccess {
  readonly user: string
  readonly password: string
  readonly tls?: mysql.SslOptions
  readonly connectTimeoutMs: number
}

/** A connection of mysql2 to a tablet's database, for work that is no traffic. The caller ends it. */
export function connectControl(tablet: Tablet, access: BackendAccess): Promise<mysql.Connection> {
  const { user, password, tls, connectTimeoutMs } = access
  const address = addressOf(tablet)
  return mysql.createConnection({
    ...(address.kind === 'unix' ? { socketPath: address.path } : { host: address.host, port: address.port }),
    user,
    password,
    database: databaseOf(tablet),
    ...(tls === undefined ? {} : { ssl: tls }),
    connectTimeout: connectTimeoutMs,
    connectAttributes: { program_name: 'shardgate-control' },
  })
}
