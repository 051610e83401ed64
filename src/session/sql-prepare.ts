import { emptyQuery, notSupported, SqlError } from '../errors/sql-error.ts'
import { queryPacket, textCells } from '../mysql/client/simple-command.ts'
import type { Deallocate, Execute, Prepare } from '../sql/ast.ts'
import { scan as scanStatement } from '../sql/fingerprint.ts'
import { parseStatement } from '../sql/parse.ts'
import { printPieces } from '../sql/print.ts'
import { trimText } from '../sql/trim-text.ts'
import { orderingParams } from './ordering-params.ts'
import { isUnpreparable } from './prepared-statements.ts'
import type { Session } from './session.ts'
import { TextStatement } from './shard-statement.ts'

/** PREPARE name FROM 'text' | @variable: the session keeps the text; it must be one statement that can be parsed. */
export async function prepareSql(session: Session, statement: Prepare): Promise<void> {
  const sql = trimText(await stringValue(session, sourceOf(session, statement.from)))
  const scan = scanStatement(sql, session.state.sqlMode, session.proxy.serverVersionNumber)
  if (scan.hasMore) session.raiseParseError(sql)
  const prepared = parseStatement(sql, session.parseOptions)
  if (prepared.kind === 'Empty' && !prepared.comment) throw emptyQuery()
  if (
    isUnpreparable(prepared, session.proxy.isMariadb) ||
    ['PREPARE', 'EXECUTE', 'DEALLOCATE'].includes(scan.kind)
  ) {
    throw new SqlError(
      'ER_UNSUPPORTED_PS',
      'This command is not supported in the prepared statement protocol yet',
    )
  }
  session.state.preparedTexts.set(statement.name.toLowerCase(), sql)
  session.ok({ info: 'Statement prepared' })
}

/** SQL text of the value that the statement's text is. MariaDB would take any expression. */
function sourceOf(session: Session, from: Prepare['from']): string {
  if (from.kind === 'Literal') return from.text
  if (from.kind === 'UserVariable') return session.state.userVariables.get(from.name.toLowerCase()) ?? 'NULL'
  throw notSupported('PREPARE from an expression')
}

/** EXECUTE name USING @a, …: the variables' values take the places of the `?`. */
export async function executeSql(session: Session, statement: Execute): Promise<void> {
  const sql = session.state.preparedTexts.get(statement.name.toLowerCase())
  if (sql === undefined) throw unknownStatement(statement.name, 'EXECUTE')
  const values = statement.using.map((item) => {
    if (item.kind !== 'UserVariable')
      throw new SqlError('ER_WRONG_ARGUMENTS', 'Incorrect arguments to EXECUTE')
    return session.state.userVariables.get(item.name.toLowerCase()) ?? 'NULL'
  })
  const bound = substituteParams(session, sql, values)
  const scan = scanStatement(bound, session.state.sqlMode, session.proxy.serverVersionNumber)
  session.run({
    plan: session.planOf(bound, scan),
    sql: bound,
    bindings: session.bindingsOf(bound, scan),
    format: 'text',
    verbatim: () => new TextStatement(queryPacket(bound)),
    ofText: (query) => TextStatement.ofSql(query.sql),
  })
}

export async function deallocateSql(session: Session, statement: Deallocate): Promise<void> {
  if (!session.state.preparedTexts.delete(statement.name.toLowerCase())) {
    throw unknownStatement(statement.name, 'DEALLOCATE PREPARE')
  }
  session.ok({})
}

/** The text with SQL literals in place of its `?`. Throws ER_WRONG_ARGUMENTS when their numbers differ. */
export function substituteParams(session: Session, sql: string, values: readonly string[]): string {
  const statement = parseStatement(sql, session.parseOptions)
  // As a literal, the value of `ORDER BY ?` would be a column's position.
  const constants = session.proxy.isMariadb ? new Set() : orderingParams(statement)
  const pieces = printPieces(statement)
  const params = pieces.filter((piece) => typeof piece !== 'string' && 'param' in piece).length
  if (params !== values.length) throw new SqlError('ER_WRONG_ARGUMENTS', 'Incorrect arguments to EXECUTE')
  const textOf = (param: number) => (constants.has(param) ? 'NULL' : values[param]!)
  return pieces
    .map((piece) => (typeof piece === 'string' ? piece : 'param' in piece ? textOf(piece.param) : ''))
    .join('')
}

async function stringValue(session: Session, text: string): Promise<string> {
  const answer = await session.shards.ask(`SELECT CONVERT(${text} USING utf8mb4)`)
  const [cell] = textCells(answer.rows[0]!, 1)
  return cell ?? 'NULL'
}

function unknownStatement(name: string, asker: string): SqlError {
  return new SqlError(
    'ER_UNKNOWN_STMT_HANDLER',
    `Unknown prepared statement handler (${name}) given to ${asker}`,
  )
}
