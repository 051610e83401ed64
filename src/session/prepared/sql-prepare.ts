import { emptyQuery, notSupported, SqlError } from '../../errors/sql-error.ts'
import { textCells } from '../../mysql/client/simple-command.ts'
import type { Deallocate, Execute, Prepare, Statement } from '../../sql/ast.ts'
import { trimText } from '../../sql/trim-text.ts'
import { quoteName } from '../../values/sql-literal.ts'
import type { HeldMap } from '../settings/held-map.ts'
import type { Reading } from '../statements/reading.ts'
import { type RunContext, runStatement } from '../statements/run-statement.ts'
import { textExecution } from '../statements/text-execution.ts'
import { checkPreparable } from './preparable.ts'
import { substituteParams } from './substitute-params.ts'

export interface SqlPrepareContext extends RunContext {
  readonly proxy: RunContext['proxy'] & { readonly isMariadb: boolean }
  /** What PREPARE has prepared, by lower-case name. */
  readonly preparedTexts: HeldMap<{ readonly sql: string; readonly reading: Reading }>
}

/** PREPARE name FROM 'text' | @variable: the session keeps the text; it must be one statement that can be parsed. */
export async function prepareSql(context: SqlPrepareContext, statement: Prepare): Promise<void> {
  const { proxy, reader, replies } = context
  // As in MySQL, the name is free from here on, whatever becomes of the new statement.
  context.preparedTexts.delete(statement.name.toLowerCase())
  const text = trimText(await stringValue(context, sourceOf(context, statement.from)))
  const { current: reading } = reader
  const sql = reading.ownText(text)
  const scan = reading.scan(sql)
  if (scan.hasMore) reading.refuseSeveral(sql)
  const prepared = reading.parse(sql)
  if (prepared.kind === 'Empty' && !prepared.comment) throw emptyQuery()
  checkPreparable(prepared, proxy)
  reading.permit(sql, scan, prepared)
  context.preparedTexts.set(statement.name.toLowerCase(), { sql, reading })
  replies.ok({ info: 'Statement prepared' })
}

/** SQL text of the value that the statement's text is. MariaDB would take any expression. */
function sourceOf({ state }: SqlPrepareContext, from: Prepare['from']): string {
  if (from.kind === 'Literal') return from.text
  if (from.kind === 'UserVariable') return state.userVariables.get(from.name.toLowerCase())?.text ?? 'NULL'
  throw notSupported('PREPARE from an expression')
}

/** EXECUTE name USING @a, …: the variables' values take the places of the `?`. */
export async function executeSql(context: SqlPrepareContext, statement: Execute): Promise<void> {
  const { proxy, state } = context
  const prepared = context.preparedTexts.get(statement.name.toLowerCase())
  if (prepared === undefined) throw unknownStatement(statement.name, 'EXECUTE')
  const values = statement.using.map((item) => {
    if (item.kind !== 'UserVariable')
      throw new SqlError('ER_WRONG_ARGUMENTS', 'Incorrect arguments to EXECUTE')
    return state.userVariables.get(item.name.toLowerCase())?.text ?? 'NULL'
  })
  const { sql, reading } = prepared
  const parsed = reading.parse(sql)
  const bound = substituteParams(parsed, withOutParams(parsed, values, statement), proxy)
  runStatement(context, textExecution(reading, bound))
}

/** An argument of a CALL may be OUT or INOUT: its variable stands there by name. */
function withOutParams(parsed: Statement, values: readonly string[], { using }: Execute): readonly string[] {
  if (parsed.kind !== 'Call') return values
  const args = new Set(parsed.args?.map((arg) => (arg.kind === 'Param' ? arg.index : undefined)))
  return values.map((value, i) => {
    const item = using[i]
    return args.has(i) && item?.kind === 'UserVariable' ? `@${quoteName(item.name)}` : value
  })
}

export async function deallocateSql(
  { preparedTexts, replies }: SqlPrepareContext,
  statement: Deallocate,
): Promise<void> {
  if (!preparedTexts.delete(statement.name.toLowerCase())) {
    throw unknownStatement(statement.name, 'DEALLOCATE PREPARE')
  }
  replies.ok({})
}

async function stringValue({ shards }: SqlPrepareContext, text: string): Promise<string> {
  const answer = await shards.ask(`SELECT CONVERT(${text} USING utf8mb4) LIMIT 1`)
  const [cell] = textCells(answer.rows[0]!, 1)
  return cell ?? 'NULL'
}

function unknownStatement(name: string, asker: string): SqlError {
  return new SqlError(
    'ER_UNKNOWN_STMT_HANDLER',
    `Unknown prepared statement handler (${name}) given to ${asker}`,
  )
}
