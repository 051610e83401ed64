import type { Condition } from '../../errors/condition.ts'
import { ServerError } from '../../errors/server-error.ts'
import type { BackendConnection } from '../../mysql/client/backend-connection.ts'
import { readConditions } from '../../mysql/client/conditions.ts'
import { type CollectingReader, runQuery, textCells } from '../../mysql/client/simple-command.ts'
import { initialText, ODD_DEFAULTS, type Settings, SQL_MODE } from '../../tablet/settings.ts'
import { quoteString } from '../../values/sql-literal.ts'
import { textsOfRow } from '../statements/row-texts.ts'
import type { ShardAccess } from '../statements/shard-access.ts'
import type { SessionState } from './session-state.ts'
import { unquoted } from './unquoted.ts'

export interface ServerVariableContext {
  readonly state: SessionState
  readonly shards: ShardAccess
}

/** A variable, and its value as SQL text, a word or DEFAULT. */
export interface ServerItem {
  readonly name: string
  readonly text: string
}

/**
 * Has a server judge the values: they are set on one connection, and read back as MySQL made them. That connection has them
 * then; the others are given them when they serve the session. Answers the warnings. Throws what MySQL says of a value; the
 * session is as it was then.
 */
export async function setOnServer(
  { state, shards }: ServerVariableContext,
  items: readonly ServerItem[],
): Promise<readonly Condition[]> {
  const names = [...new Set(items.map(({ name }) => name))]
  return await shards.onAny(async (lease) => {
    const { connection } = lease
    const { summary } = await setAll(connection, items, state.settings)
    const conditions = summary.warnings > 0 ? await readConditions(connection) : []
    // sql_select_limit, which may be 0 by now, is for queries without LIMIT.
    const values = names.map((name) => `@@session.${name}`).join(', ')
    const answer = await runQuery(connection, `SELECT ${values} LIMIT 1`)
    const texts = textsOfRow(answer.columns, answer.rows[0]!)
    const changed = names.map((name, i) => {
      const isDefault = items.findLast((item) => item.name === name)!.text === 'DEFAULT'
      return [name, isDefault && !ODD_DEFAULTS.has(name) ? undefined : texts[i]!] as const
    })
    // It says whether selects may be big, until that is set by itself.
    if (names.includes('max_join_size') && !names.includes('sql_big_selects'))
      changed.push(['sql_big_selects', undefined])
    lease.noteSettings(new Map(changed))
    for (const [name, text] of changed) {
      state.setSetting(name, text)
      state.tracker.configure(name, text)
    }
    const mode = texts[names.indexOf(SQL_MODE)]
    if (mode !== undefined) state.setSqlMode(unquoted(mode))
    for (const [i, name] of names.entries()) {
      if (state.tracker.tracks(name))
        state.tracker.variable(name, await shownValue(connection, name, texts[i]!))
    }
    return conditions
  })
}

/** A variable's value as SHOW VARIABLES has it: a switch is ON or OFF there, and 1 or 0 where it is selected. */
async function shownValue(connection: BackendConnection, name: string, text: string): Promise<string> {
  if (text !== '0' && text !== '1') return text === 'NULL' ? '' : unquoted(text)
  const answer = await runQuery(connection, `SHOW SESSION VARIABLES LIKE ${quoteString(name)}`)
  return textCells(answer.rows[0]!, 2)[1]!
}

/** MySQL judges all values before it takes any; but what it still refuses then leaves those before it set: they are set back. */
async function setAll(
  connection: BackendConnection,
  items: readonly ServerItem[],
  before: Settings,
): Promise<CollectingReader> {
  const assignments = items.map(({ name, text }) => `SESSION ${name} = ${text}`)
  try {
    return await runQuery(connection, `SET ${assignments.join(', ')}`)
  } catch (error) {
    if (error instanceof ServerError && items.length > 1)
      for (const { name } of items)
        await setBack(connection, name, before.items.get(name) ?? initialText(name))
    throw error
  }
}

/** One that cannot be set is as it was. */
async function setBack(connection: BackendConnection, name: string, text: string): Promise<void> {
  try {
    await runQuery(connection, `SET SESSION ${name} = ${text}`)
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
  }
}
