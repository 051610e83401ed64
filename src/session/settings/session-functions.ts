import type { ClientConnection } from '../../mysql/server/session-handler.ts'
import type { Transaction } from '../../transaction/transaction.ts'
import { quoteString } from '../../values/sql-literal.ts'
import type { SessionLimits } from '../proxy-context.ts'
import type { SessionState } from './session-state.ts'
import { printTarget } from './target.ts'

export interface SessionFunctionContext {
  readonly client: Pick<ClientConnection, 'id' | 'identity' | 'remoteHost' | 'idleTimeoutMs'>
  readonly proxy: {
    readonly limits: Pick<SessionLimits, 'maxAllowedPacket' | 'idleTimeoutMs'>
  }
  readonly state: SessionState
  readonly transaction: Transaction
}

/** SQL text of what a session answers about itself, by the name that plans use for it. */
export function sessionFunction(context: SessionFunctionContext, name: string): string {
  const { state, client, transaction, proxy } = context
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
    case 'pseudo_thread_id':
      return state.settings.items.get(name) ?? String(client.id)
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
    case 'max_allowed_packet':
      return String(proxy.limits.maxAllowedPacket)
    case 'wait_timeout':
      return String(Math.ceil(client.idleTimeoutMs / 1_000))
    case 'interactive_timeout':
      return String(state.interactiveTimeoutS ?? Math.ceil(proxy.limits.idleTimeoutMs / 1_000))
    case 'completion_type':
      return quoteString(state.completionType)
    case 'idle_timeout':
      return String(Math.ceil(proxy.limits.idleTimeoutMs / 1_000))
    case 'target':
      return quoteString(printTarget(state.target))
    case 'client_found_rows':
      return state.settings.kind.foundRows ? '1' : '0'
    case 'read_after_write':
      return quoteString(state.readAfterWrite.mode.toUpperCase())
    case 'session_uuid':
      return quoteString(state.uuid)
    default:
      return state.vitess.get(name) ?? 'NULL'
  }
}
