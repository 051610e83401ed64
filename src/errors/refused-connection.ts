import { ServerError } from './server-error.ts'

/**
 * ER_CON_COUNT_ERROR, ER_ACCESS_DENIED_ERROR, ER_SERVER_SHUTDOWN, ER_HOST_IS_BLOCKED, ER_HOST_NOT_PRIVILEGED, ER_TOO_MANY_USER_CONNECTIONS,
 * ER_USER_LIMIT_REACHED, ER_SERVER_OFFLINE_MODE.
 */
const REFUSALS: ReadonlySet<number> = new Set([1040, 1045, 1053, 1129, 1130, 1203, 1226, 3032])

/** A server takes no (more) connections of the account: another one may. */
export function isRefusedConnection(error: unknown): boolean {
  return error instanceof ServerError && REFUSALS.has(error.errno)
}
