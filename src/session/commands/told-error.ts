import { ServerError } from '../../errors/server-error.ts'
import { SqlError } from '../../errors/sql-error.ts'
import type { ProxyContext } from '../proxy-context.ts'

type Names = Pick<ProxyContext, 'log' | 'isMariadb' | 'inKeyspaceNames'>

/** What a client is told of a failure: in the words of the server and with the names that the client knows. */
export function toldError(proxy: Names, error: unknown): SqlError | ServerError {
  if (error instanceof ServerError) return withKeyspaceNames(proxy, error)
  if (!(error instanceof SqlError)) return internalError(proxy, error)
  if (error.code !== 'ER_PARSE_ERROR' || !proxy.isMariadb) return error
  const message = error.message.replace('your MySQL server version', 'your MariaDB server version')
  return new SqlError(error.code, message, { cause: error })
}

function withKeyspaceNames(proxy: Names, error: ServerError): ServerError {
  const message = proxy.inKeyspaceNames(error)
  const { errno, sqlState } = error
  return message === error.message ? error : new ServerError({ errno, sqlState, message })
}

/** A bug of ours: it is logged, and told as such. */
function internalError(proxy: Names, error: unknown): SqlError {
  proxy.log.error('internal error', { error })
  const message = `Internal error: ${error instanceof Error ? error.message : error}`
  return new SqlError('ER_INTERNAL_ERROR', message, { cause: error })
}
