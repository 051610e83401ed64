import { emptyQuery, notSupported, SqlError } from '../../errors/sql-error.ts'
import { ExecuteStatement } from '../../mysql/client/execute-statement.ts'
import { textCells } from '../../mysql/client/simple-command.ts'
import type { Deallocate, Execute, Prepare, Statement } from '../../sql/ast.ts'
import { NO_BACKSLASH_ESCAPES } from '../../sql/sql-mode.ts'
import { trimText } from '../../sql/trim-text.ts'
import { quoteName } from '../../values/sql-literal.ts'
import type { HeldMap } from '../settings/held-map.ts'
import type { VariableValue } from '../settings/variable-value.ts'
import { evaluate } from '../statements/evaluate.ts'
import type { Execution } from '../statements/execution.ts'
import type { Reading } from '../statements/reading.ts'
import { type RunContext, runStatement } from '../statements/run-statement.ts'
import { textExecution } from '../statements/text-execution.ts'
import { conditionsOfPreparing } from './conditions-of-preparing.ts'
import { limitParams } from './limit-texts.ts'
import { checkPreparable } from './preparable.ts'
import { substituteParams } from './substitute-params.ts'
import { VariableBindings } from './variable-bindings.ts'

export interface SqlPrepareContext extends RunContext {
  readonly proxy: RunContext['proxy'] & { readonly isMariadb: boolean }
  /** What PREPARE has prepared, by lower-case name. */
  readonly preparedTexts: HeldMap<Prepared>
}

interface Prepared {
  readonly sql: string
  readonly reading: Reading
  /** Preparing it has warned: executing it does not. */
  readonly hasWarned: boolean
}

/**
 * PREPARE name FROM 'text' | @variable: the session keeps the text; it must be one statement that can be parsed, and that a server
 * has nothing against.
 */
export async function prepareSql(context: SqlPrepareContext, statement: Prepare): Promise<void> {
  const { proxy, reader, replies, state } = context
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
  const conditions = DESCRIBED.has(prepared.kind)
    ? await conditionsOfPreparing(context, { sql, scan, reading })
    : []
  context.preparedTexts.set(statement.name.toLowerCase(), { sql, reading, hasWarned: conditions.length > 0 })
  state.warnings = conditions
  replies.ok({ info: 'Statement prepared', warnings: conditions.length })
}

/** SQL text of the value that the statement's text is. MariaDB would take any expression. */
function sourceOf({ state }: SqlPrepareContext, from: Prepare['from']): string {
  if (from.kind === 'Literal') return from.text
  if (from.kind === 'UserVariable') return state.userVariables.get(from.name.toLowerCase())?.text ?? 'NULL'
  throw notSupported('PREPARE from an expression')
}

/**
 * EXECUTE name USING @a, …: the variables take the places of the `?`, on the shards' own connections, which have them. What the
 * session runs itself, and calls, get literals.
 */
export async function executeSql(context: SqlPrepareContext, statement: Execute): Promise<void> {
  const { proxy } = context
  const prepared = context.preparedTexts.get(statement.name.toLowerCase())
  if (prepared === undefined) throw unknownStatement(statement.name, 'EXECUTE')
  const values = await valuesOf(context, statement)
  const { sql, reading } = prepared
  const parsed = reading.parse(sql)
  const texts = values.map((value) => value?.text ?? 'NULL')
  const bound = substituteParams(parsed, sql, withOutParams(parsed, texts, statement), proxy)
  const isWhole = values.length === 0 && !prepared.hasWarned
  const execution = isWhole ? undefined : executionUsing(statement, values, parsed, prepared)
  runStatement(context, execution ?? textExecution(reading, bound))
}

type Values = readonly (VariableValue | undefined)[]

/** MariaDB takes any expressions. */
async function valuesOf(context: SqlPrepareContext, { using }: Execute): Promise<Values> {
  const { proxy, state } = context
  if (using.every((item) => item.kind === 'UserVariable'))
    return using.map(({ name }) => state.userVariables.get(name.toLowerCase()))
  if (!proxy.isMariadb) throw new SqlError('ER_WRONG_ARGUMENTS', 'Incorrect arguments to EXECUTE')
  return (await evaluate(context, using)).values
}

/** Undefined where shards are not to execute it. */
function executionUsing(
  { using }: Execute,
  values: Values,
  parsed: Statement,
  { sql, reading }: Prepared,
): Execution | undefined {
  if (!EXECUTED.has(parsed.kind) || !isWholeInUtf8mb3(sql, reading)) return undefined
  if (![...limitParams(parsed)].every((param) => isCount(values[param]))) return undefined
  const scan = reading.scan(sql)
  const plan = reading.planOf(sql, scan)
  if (plan.root.kind === 'Session') return undefined
  const names = using.flatMap((item) => (item.kind === 'UserVariable' ? [item.name.toLowerCase()] : []))
  const args = using.map((item, i) =>
    item.kind === 'UserVariable' ? `@${quoteName(item.name)}` : (values[i]?.text ?? 'NULL'),
  )
  const ofText = (text: string, order: readonly number[]) =>
    new ExecuteStatement(
      stringOf(text, reading),
      order.map((param) => args[param]!),
    )
  return {
    plan,
    sql,
    reading,
    bindings: new VariableBindings(reading.textOf(sql, scan), reading.sessionText, values),
    using: names,
    verbatim: () => ofText(sql, [...args.keys()]),
    ofText: (query) => ofText(query.sql, query.params),
    format: 'text',
  }
}

const EXECUTED: ReadonlySet<Statement['kind']> = new Set([
  'Select',
  'SetOperation',
  'Insert',
  'Update',
  'Delete',
])

const DESCRIBED: ReadonlySet<Statement['kind']> = new Set([
  ...EXECUTED,
  ...(['NestedQuery', 'ValuesQuery', 'TableQuery'] as const),
])

/** In LIMIT; MariaDB makes counts of other values, too. */
function isCount(value: VariableValue | undefined): boolean {
  return (value?.kind === 'signed' || value?.kind === 'unsigned') && /^\d+$/.test(value.text)
}

/** The servers read the text of PREPARE in utf8mb3. */
function isWholeInUtf8mb3(sql: string, { charset }: Reading): boolean {
  return charset.startsWith('utf8') ? !/[\xf0-\xff]/.test(sql) : !/[\x80-\xff]/.test(sql)
}

function stringOf(text: string, { sqlMode }: Reading): string {
  const escaped = (sqlMode & NO_BACKSLASH_ESCAPES) === 0 ? text.replaceAll('\\', '\\\\') : text
  return `'${escaped.replaceAll("'", "''")}'`
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
