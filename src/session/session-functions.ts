import type { Session } from './session.ts'
import { textLiteral } from './sql-literal.ts'
import { printTarget } from './target.ts'

/** SQL text of what a session answers about itself, by the name that plans use for it. */
export function sessionFunction(session: Session, name: string): string {
  const { state, client } = session
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
      return state.autocommit ? '1' : '0'
    case 'warning_count':
      return String(state.warningCount)
    case 'error_count':
      return String(state.warnings.filter((w) => w.level === 'Error').length)
    case 'target':
      return quoteString(printTarget(state.target))
    default:
      return state.userVariables.get(name.replace(/^@/, '').toLowerCase()) ?? 'NULL'
  }
}

/** A string literal (binary string) that reads the same under every sql_mode: quotes doubled, backslashes in hexadecimal. */
export function quoteString(text: string): string {
  return textLiteral(Buffer.from(text), 'utf8mb4')
}
