import type { ClientConnection } from '../../mysql/server/session-handler.ts'
import type { Transaction } from '../../transaction/transaction.ts'
import { quoteString } from '../../values/sql-literal.ts'
import type { SessionState } from './session-state.ts'
import { printTarget } from './target.ts'

export interface SessionFunctionContext {
  readonly client: Pick<ClientConnection, 'id' | 'identity' | 'remoteHost'>
  readonly state: SessionState
  readonly transaction: Transaction
}

/** SQL text of what a session answers about itself, by the name that plans use for it. */
export function sessionFunction(context: SessionFunctionContext, name: string): string {
  const { state, client, transaction } = context
  switch (name) {
    case 'last_insert_id':
      return String(state.lastInsertId)
    case 'found_rows':
      return String(state.foundRows)
    case 'row_count':
      return String(state.rowCount)
    case 'database':
      return state.target.keyspace === '' ? 'NULL' : quoteString(state.target.keyspace)
    case 'connection_id':
      return String(client.id)
    case 'user':
      return quoteString(`${client.identity.user}@${client.remoteHost}`)
    case 'current_user':
      return quoteString(`${client.identity.user}@%`)
    case 'autocommit':
      return transaction.autocommit ? '1' : '0'
    case 'warning_count':
      return String(state.warningCount)
    case 'error_count':
      return String(state.warnings.filter((w) => w.level === 'Error').length)
    case 'target':
      return quoteString(printTarget(state.target))
    case 'client_found_rows':
      return state.settings.kind.foundRows ? '1' : '0'
    case 'session_uuid':
      return quoteString(state.uuid)
    default:
      if (!name.startsWith('@')) return state.vitess.get(name) ?? 'NULL'
      return state.userVariables.get(name.slice(1).toLowerCase()) ?? 'NULL'
  }
}
