import { SqlError } from '../../errors/sql-error.ts'

/** Errors that the front end itself gives, in MySQL's words. */

export function unknownCommand(): SqlError {
  return new SqlError('ER_UNKNOWN_COM_ERROR', 'Unknown command')
}

export function serverShutdown(): SqlError {
  return new SqlError('ER_SERVER_SHUTDOWN', 'Server shutdown in progress')
}

export function tooManyConnections(): SqlError {
  return new SqlError('ER_CON_COUNT_ERROR', 'Too many connections')
}

export function readTimedOut(): SqlError {
  return new SqlError('ER_NET_READ_INTERRUPTED', 'Got timeout reading communication packets')
}

export function idleTimedOut(): SqlError {
  return new SqlError(
    'ER_CLIENT_INTERACTION_TIMEOUT',
    'The client was disconnected by the server because of inactivity. See wait_timeout and interactive_timeout for configuring this behavior.',
  )
}

export function internalError(): SqlError {
  return new SqlError('ER_INTERNAL_ERROR', 'Internal error in the proxy; the connection is closed')
}

export function packetMemoryExceeded({ bytesMax }: { readonly bytesMax: number }): SqlError {
  return new SqlError(
    'ER_DA_GLOBAL_CONN_LIMIT',
    `Connection closed. The statements that are being received by this proxy take more than ${bytesMax} bytes: send fewer large ones at once, or give it a larger heap.`,
  )
}
