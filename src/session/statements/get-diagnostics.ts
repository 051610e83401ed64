import type { Condition } from '../../errors/condition.ts'
import { SqlError } from '../../errors/sql-error.ts'
import { sqlStateOf } from '../../errors/sql-states.ts'
import type { Expr, GetDiagnostics } from '../../sql/ast.ts'
import type { Replies } from '../commands/replies.ts'
import { numberValue, textValue, type VariableValue } from '../settings/variable-value.ts'
import { type ConditionsContext, fetchConditions } from '../show/show-conditions.ts'
import { type EvaluateContext, evaluate } from './evaluate.ts'
import { signalItems } from './signal-items.ts'

export interface DiagnosticsContext extends ConditionsContext, EvaluateContext {
  readonly client: ConditionsContext['client'] & EvaluateContext['client']
  readonly proxy: ConditionsContext['proxy'] & EvaluateContext['proxy']
  readonly state: ConditionsContext['state'] & EvaluateContext['state']
  readonly replies: Replies
}

/** ER_DA_INVALID_CONDITION_NUMBER */
const INVALID_NUMBER: Condition = { level: 'Error', code: 1758, message: 'Invalid condition number' }

const COLLATION = 'utf8mb3_general_ci'

/**
 * GET DIAGNOSTICS into user variables: what the statement before has left, which stays as it is, ROW_COUNT() and all. A number
 * that no condition has is one more condition, and no error.
 */
export async function getDiagnostics(context: DiagnosticsContext, statement: GetDiagnostics): Promise<void> {
  const { state, replies } = context
  if (statement.area === 'STACKED')
    throw new SqlError(
      'ER_GET_STACKED_DA_WITHOUT_ACTIVE_HANDLER',
      'GET STACKED DIAGNOSTICS when handler not active',
    )
  const undeclared = statement.items.find(({ target }) => typeof target === 'string')?.target
  if (typeof undeclared === 'string')
    throw new SqlError('ER_SP_UNDECLARED_VAR', `Undeclared variable: ${undeclared}`)
  const conditions = await fetchConditions(context, 'ALL')
  const values = await valuesOf(context, statement, conditions)
  if (values === undefined) {
    context.warnings.drop() // they have been read, and are the session's from now on
    state.keepWarnings([...conditions, INVALID_NUMBER], state.warningCount + 1)
    return replies.told({ warnings: 1 })
  }
  for (const [i, { target }] of statement.items.entries())
    if (typeof target !== 'string') state.userVariables.set(target.name.toLowerCase(), values[i]!)
  replies.told({})
}

/** Undefined where there is no condition of that number. */
async function valuesOf(
  context: DiagnosticsContext,
  { condition, items }: GetDiagnostics,
  conditions: readonly Condition[],
): Promise<readonly VariableValue[] | undefined> {
  const { state } = context
  if (condition === undefined) {
    const rows = numberValue('signed', String(state.rowCount), COLLATION)
    return items.map(({ name }) => (name === 'NUMBER' ? count(conditions.length) : rows))
  }
  const found = conditions[(await numberOf(context, condition)) - 1]
  if (found === undefined) return undefined
  const { isMariadb } = context.proxy
  const signaled = await signaledItems(context)
  return items.map(({ name }) => signaled?.get(name) ?? itemOf(found, name, isMariadb))
}

/** What the SIGNAL says that has left the one condition there is. */
async function signaledItems(
  context: DiagnosticsContext,
): Promise<ReadonlyMap<string, VariableValue> | undefined> {
  const { reader, state } = context
  const signal = state.signal === undefined ? undefined : signalItems(state.signal, reader.current.options)
  if (signal === undefined) return undefined
  const names = [...signal.items.keys()].filter((name) => !OF_CONDITION.has(name))
  const { values } = await evaluate(
    context,
    names.map((name) => signal.items.get(name)!),
  )
  return new Map([
    ['RETURNED_SQLSTATE', text(signal.sqlState)],
    ['CLASS_ORIGIN', text('')],
    ['SUBCLASS_ORIGIN', text('')],
    ...names.map((name, i) => [name, values[i]!] as const),
  ])
}

/** They are the condition's own. */
const OF_CONDITION: ReadonlySet<string> = new Set(['MYSQL_ERRNO', 'MESSAGE_TEXT'])

/** As MySQL makes an integer of it; 0 for NULL. */
async function numberOf(context: DiagnosticsContext, condition: Expr): Promise<number> {
  const { values } = await evaluate(context, [condition])
  const { text } = values[0]!
  const number = Math.round(Number(text.replaceAll("'", '')))
  return Number.isNaN(number) ? 0 : number
}

function itemOf({ code, message }: Condition, name: string, isMariadb: boolean): VariableValue {
  switch (name) {
    case 'MYSQL_ERRNO':
      return count(code)
    case 'RETURNED_SQLSTATE':
      return text(sqlStateOf(code))
    case 'MESSAGE_TEXT':
      return text(message)
    case 'CLASS_ORIGIN':
    case 'SUBCLASS_ORIGIN':
      if (isMariadb) return text('')
      return text(isStandard(sqlStateOf(code)) ? 'ISO 9075' : 'MySQL')
    default:
      return text('') // MySQL fills in the others where a program says so by SIGNAL
  }
}

/** Classes that begin with 0 to 4 or A to H are the standard's. */
function isStandard(state: string): boolean {
  return /^[0-4A-H]/.test(state)
}

function count(value: number): VariableValue {
  return numberValue('unsigned', String(value), COLLATION)
}

function text(value: string): VariableValue {
  return textValue(Buffer.from(value), COLLATION)
}
