import type { Condition } from '../../errors/condition.ts'
import { notSupported, SqlError } from '../../errors/sql-error.ts'
import { readConditions } from '../../mysql/client/conditions.ts'
import { runQuery } from '../../mysql/client/simple-command.ts'
import type { Expr, Literal, SetItem, SetStatement, SetUserVariable, SetVariable } from '../../sql/ast.ts'
import { literalValue } from '../../sql/literal-value.ts'
import { ownText } from '../../sql/text.ts'
import { quoteString } from '../../values/sql-literal.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import type { Replies } from '../commands/replies.ts'
import { type EvaluateContext, evaluate } from '../statements/evaluate.ts'
import { type OwnVariableContext, ownVariable } from './own-variables.ts'
import { refuseVariable } from './refused-variables.ts'
import { type ServerItem, type ServerVariableContext, setOnServer } from './server-variables.ts'
import { type NamesContext, namesVariable, setCharset, setNames } from './set-names.ts'
import { FIRST_NULL, nullOf, nullOfType, type VariableValue } from './variable-value.ts'

export interface SetContext
  extends EvaluateContext,
    OwnVariableContext,
    Omit<NamesContext, 'proxy'>,
    ServerVariableContext {
  readonly proxy: EvaluateContext['proxy'] & NamesContext['proxy']
  readonly client: EvaluateContext['client'] & OwnVariableContext['client']
  readonly replies: Replies
}

/** What an item does to the session, once every item of the statement has been found good. */
type Change = () => void | Promise<void>

/**
 * SET. All values are computed first, as MySQL does it; then all are judged: what the proxy itself goes by (autocommit, the
 * isolation level) here, the other variables by a server, which has the values as its own from then on, as will every
 * connection that serves the session (src/tablet/settings.ts). Only then anything changes.
 */
export async function runSet(context: SetContext, { items }: SetStatement): Promise<void> {
  const { state, replies } = context
  const { values, conditions } = await valuesOf(context, items)
  const warnings: Condition[] = [...conditions]
  const changes: Change[] = []
  const onServer: ServerItem[] = []
  const globals: string[] = []
  for (const [i, item] of items.entries()) {
    if (isGlobal(item)) {
      globals.push(`${item.scope} ${variableName(item.name)} = ${values[i]!.text}`)
      continue
    }
    const change = await changeOf(context, item, values[i]!, warnings)
    if (typeof change === 'function') changes.push(change)
    else onServer.push(change)
  }
  if (globals.length > 0) warnings.push(...(await setGlobals(context, globals)))
  if (onServer.length > 0) warnings.push(...(await setOnServer(context, onServer)))
  if (onServer.some(({ name }) => READ_ONLY_NAMES.has(name)))
    context.transaction.next.forget({ access: true })
  for (const change of changes) await change()
  state.warnings = warnings
  replies.ok({ warnings: warnings.length })
}

const READ_ONLY_NAMES: ReadonlySet<string> = new Set(['transaction_read_only', 'tx_read_only'])

async function changeOf(
  context: SetContext,
  item: SetItem,
  value: VariableValue,
  warnings: Condition[],
): Promise<Change | ServerItem> {
  const { text } = value
  switch (item.kind) {
    case 'SetNames':
      return setNames(context, item)
    case 'SetCharset':
      return await setCharset(context, item)
    case 'SetUserVariable':
      return () => assign(context, item, value)
    case 'SetVariable': {
      const name = variableName(item.name)
      await refuseVariable(context, item, text)
      return (
        ownVariable(context, item, text, warnings) ?? namesVariable(context, name, text) ?? { name, text }
      )
    }
  }
}

/** SET GLOBAL, PERSIST and PERSIST_ONLY, which are for administrators (src/policy). */
function isGlobal(item: SetItem): item is SetVariable {
  return (
    item.kind === 'SetVariable' &&
    item.scope !== undefined &&
    item.scope !== 'SESSION' &&
    item.scope !== 'LOCAL'
  )
}

/** On the one server that the session's target names. Answers the warnings. Throws what it says, and 1235 where there are several. */
async function setGlobals(context: SetContext, items: readonly string[]): Promise<readonly Condition[]> {
  const { state, shards } = context
  const { keyspace, shard } = state.target
  const all = keyspace === '' || isSystemSchema(keyspace) ? [] : shards.of(keyspace).shards
  const at = shard === undefined ? (all.length === 1 ? 0 : -1) : all.findIndex(({ name }) => name === shard)
  if (at < 0) throw notSupported(`SET ${items[0]}: name the server that is meant (USE \`keyspace:shard\`)`)
  return shards.on(shards.target(keyspace, at), state.settings, async ({ connection }) => {
    const { summary } = await runQuery(connection, `SET ${items.join(', ')}`)
    return summary.warnings > 0 ? readConditions(connection) : []
  })
}

/** NULL itself has no type: the variable keeps its own. */
function assign(
  { state, proxy }: SetContext,
  { target, value: assigned }: SetUserVariable,
  value: VariableValue,
) {
  const name = target.name.toLowerCase()
  const isNull = assigned.kind === 'Literal' && assigned.type === 'Null'
  const before = state.userVariables.get(name)
  const flavor = proxy.isMariadb ? 'mariadb' : 'mysql'
  const isNullOfType = value.text === 'NULL' && assigned.kind !== 'UserVariable'
  const become = isNull ? nullOf(before) : isNullOfType ? nullOfType(value, before, flavor) : value
  state.userVariables.set(name, { ...become, text: ownText(become.text) })
}

/** The items' values, DEFAULT and words as they are; '' for items that have none. */
async function valuesOf(context: SetContext, items: readonly SetItem[]) {
  const { sqlMode } = context.state
  const computed = items.map(computedValue)
  const { values, conditions } = await evaluate(
    context,
    computed.filter((value) => value !== undefined),
  )
  const left = [...values]
  return {
    values: items.map((item, i) =>
      computed[i] === undefined ? { ...FIRST_NULL, text: givenText(item, sqlMode) } : left.shift()!,
    ),
    conditions,
  }
}

/** Undefined for what is a word where it stands, `SET sql_mode = ANSI`, and for a string, whatever it is to the connection. */
function computedValue(item: SetItem): Expr | undefined {
  if (item.kind === 'SetUserVariable') return item.value
  if (item.kind !== 'SetVariable') return undefined
  const { value } = item
  if (value.kind === 'WordValue' || value.kind === 'Default' || isPlainString(value)) return undefined
  const isWord = value.kind === 'Column' && value.qualifiers.length === 0
  return isWord ? undefined : value
}

/** ASCII without an introducer. */
function isPlainString(value: Expr): value is Literal {
  return value.kind === 'Literal' && value.type === 'String' && /^['"][\x20-\x7e]*$/.test(value.text)
}

function givenText(item: SetItem, sqlMode: number): string {
  if (item.kind !== 'SetVariable') return ''
  const { value } = item
  if (value.kind === 'WordValue') return value.word
  if (value.kind === 'Literal') {
    const { text } = value
    const { bytes } = literalValue(text, { type: 'String', start: 0, end: text.length }, sqlMode)
    return quoteString(Buffer.from(bytes).latin1Slice())
  }
  return value.kind === 'Column' ? wordText(value.name) : 'DEFAULT'
}

/** A word that was written without quotes stays one; whatever else a quoted name holds is a string to the server, too. */
function wordText(name: string): string {
  return /^\w+$/.test(name) ? name : quoteString(name)
}

/** Throws for what no variable is called: the name goes into statements of our own. */
function variableName(name: string): string {
  if (/^[\w$]+(\.[\w$]+)?$/.test(name)) return name.toLowerCase()
  throw new SqlError('ER_UNKNOWN_SYSTEM_VARIABLE', `Unknown system variable '${name}'`)
}
