import { connect } from 'node:net'
import mysql from 'mysql2/promise'
import { destroyedOnAbort } from '../mysql/client/destroyed-on-abort.ts'
import { addressOf, databaseOf, type Tablet } from '../topology/records.ts'

/** How the proxy comes to its MySQL servers: one account for all. */
export interface BackendAccess {
  readonly user: string
  readonly password: string
  readonly tls?: mysql.SslOptions
  readonly connectTimeoutMs: number
  /** For work on the server alone: the account need not see the tablet's database. */
  readonly isWithoutDatabase?: boolean
}

/**
 * A connection of mysql2 to a tablet's database, for work that is no traffic. The caller ends it, by `destroy`: that closes
 * the socket at once, where mysql2 leaves it half open until the server has closed its side, which one that is stopped never does.
 * `signal` gives up what is still connecting.
 */
export async function connectControl(
  tablet: Tablet,
  access: BackendAccess,
  signal?: AbortSignal,
): Promise<mysql.Connection> {
  const { user, password, tls, connectTimeoutMs } = access
  const address = addressOf(tablet)
  const socket =
    address.kind === 'unix'
      ? connect(address.path)
      : connect({ host: address.host, port: address.port, noDelay: true, keepAlive: true })
  const connecting = mysql.createConnection({
    stream: socket,
    user,
    password,
    ...(access.isWithoutDatabase ? {} : { database: databaseOf(tablet) }),
    ...(tls === undefined ? {} : { ssl: tls }),
    connectTimeout: connectTimeoutMs,
    connectAttributes: { program_name: 'shardgate-control' },
  })
  const connection = await destroyedOnAbort(socket, connecting, signal)
  const leave = connection.destroy.bind(connection)
  connection.destroy = () => {
    leave()
    socket.destroy()
  }
  return connection
}
