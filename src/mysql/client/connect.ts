import type { Socket } from 'node:net'
import mysql from 'mysql2'
import { ServerError } from '../../errors/server-error.ts'
import { SqlError } from '../../errors/sql-error.ts'
import { BackendConnection } from './backend-connection.ts'
import { destroyedOnAbort } from './destroyed-on-abort.ts'
import { connectLanding } from './landing.ts'

export type BackendAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }

export interface BackendOptions {
  readonly address: BackendAddress
  readonly user: string
  readonly password: string
  readonly database?: string
  readonly tls?: mysql.SslOptions
  readonly connectTimeoutMs: number
  /** CLIENT_FOUND_ROWS: affected rows of an UPDATE are the rows found instead of those changed. */
  readonly foundRows: boolean
  /** CLIENT_MULTI_RESULTS. */
  readonly multiResults: boolean
  /** The server's max_allowed_packet, as far as it is known. */
  packetBytesMax(): number | undefined
  /** Gives up what is still connecting. */
  readonly signal?: AbortSignal
}

/**
 * What the connection phase negotiates, in mysql2's notation: exactly what the front end offers its clients, so that
 * answers can be relayed without translation. LOCAL_FILES is for those clients that have it: a file that is asked for is
 * theirs, and a server that asks where no client would send one is cut off.
 */
const FLAGS = [
  '-ODBC',
  '-IGNORE_SPACE',
  '-RESERVED',
  '-SESSION_TRACK',
  '-DEPRECATE_EOF',
  '-CLIENT_QUERY_ATTRIBUTES',
  '-MULTI_STATEMENTS',
  'PS_MULTI_RESULTS',
  'LOCAL_FILES',
]

/**
 * Connects and authenticates with mysql2 (every authentication plugin, TLS), then takes the socket over.
 * Throws the server's own error as `ServerError`, everything else as `SqlError` CR_SERVER_LOST.
 */
export function connectBackend(options: BackendOptions): Promise<BackendConnection> {
  const socket = openSocket(options.address)
  hideMariadbExtensions(socket)
  const connection = mysql.createConnection({
    stream: socket,
    // mysql2 takes the host as the name to verify, and a socket path as a secure transport.
    ...(options.address.kind === 'tcp'
      ? { host: options.address.host }
      : { socketPath: options.address.path }),
    user: options.user,
    password: options.password,
    ...(options.database === undefined ? {} : { database: options.database }),
    ...(options.tls === undefined ? {} : { ssl: options.tls }),
    connectTimeout: options.connectTimeoutMs,
    flags: [
      ...FLAGS,
      options.foundRows ? 'FOUND_ROWS' : '-FOUND_ROWS',
      options.multiResults ? 'MULTI_RESULTS' : '-MULTI_RESULTS',
    ],
    connectAttributes: { program_name: 'shardgate' },
  })
  const connected = new Promise<BackendConnection>((resolve, reject) => {
    // Not `once`: an error behind the first, with nobody to hear it, would end the process.
    connection.on('error', (error) => {
      socket.destroy()
      reject(connectError(error, options.address))
    })
    connection.once('connect', (handshake: { connectionId: number; serverVersion: string }) => {
      const stream = takeOver(connection)
      resolve(
        new BackendConnection(stream, {
          threadId: handshake.connectionId,
          serverVersion: handshake.serverVersion,
          packetBytesMax: options.packetBytesMax,
        }),
      )
    })
  })
  return destroyedOnAbort(socket, connected, options.signal)
}

function openSocket(address: BackendAddress): Socket {
  const { kind, ...to } = address
  const socket = connectLanding(to)
  socket.setNoDelay(true)
  return socket
}

/** mysql2 lets go of the socket: what it listened to is ours from here on, within the same tick. */
function takeOver(connection: mysql.Connection): Socket {
  const stream = (connection as unknown as { stream: Socket }).stream
  for (const event of ['data', 'end', 'close', 'error', 'session'] as const) stream.removeAllListeners(event)
  return stream
}

/**
 * Clears the reserved bytes of the server's greeting before mysql2 sees it. MariaDB announces its extended column
 * metadata there; mysql2 would negotiate it, and clients that did not ask could not read the relayed definitions.
 * Source: MariaDB protocol, "Initial handshake packet": the bytes stand 13 behind the NUL of the server version +
 * int<4> id + 8 scramble bytes + NUL + int<2> capabilities + int<1> collation + int<2> status + int<2> capabilities +
 * int<1> scramble length; 10 bytes.
 */
function hideMariadbExtensions(socket: Socket): void {
  const FIXED_BYTES = 4 + 8 + 1 + 2 + 1 + 2 + 2 + 1
  const RESERVED_BYTES = 10
  let versionEnded = false
  let seen = -5 // header and protocol version
  let afterVersion = 0
  const patch = (chunk: Buffer) => {
    for (let i = 0; i < chunk.length; i++) {
      if (seen < 0) seen++
      else if (!versionEnded) versionEnded = chunk[i] === 0
      else if (afterVersion++ >= FIXED_BYTES) chunk[i] = 0
      if (afterVersion === FIXED_BYTES + RESERVED_BYTES) {
        socket.off('data', patch)
        return
      }
    }
  }
  // First in line, and without starting the flow before mysql2 listens.
  socket.prependListener('data', patch)
}

function connectError(error: mysql.QueryError | Error, address: BackendAddress): Error {
  if ('errno' in error && 'sqlState' in error && error.sqlState) {
    return new ServerError({ errno: Number(error.errno), sqlState: error.sqlState, message: error.message })
  }
  const where = address.kind === 'unix' ? address.path : `${address.host}:${address.port}`
  return new SqlError('CR_SERVER_LOST', `Can't connect to MySQL server on '${where}': ${error.message}`, {
    cause: error,
  })
}
