import type { Condition } from '../../errors/condition.ts'
import { readConditions } from '../../mysql/client/conditions.ts'
import { runQuery } from '../../mysql/client/simple-command.ts'
import { SQL_MODE } from '../../tablet/settings.ts'
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
    // Until they are known: a value that is refused may leave those before it set.
    lease.noteSettings(new Map(names.map((name) => [name, ''])))
    const assignments = items.map(({ name, text }) => `SESSION ${name} = ${text}`)
    const { summary } = await runQuery(connection, `SET ${assignments.join(', ')}`)
    const conditions = summary.warnings > 0 ? await readConditions(connection) : []
    const answer = await runQuery(connection, `SELECT ${names.map((name) => `@@session.${name}`).join(', ')}`)
    const texts = textsOfRow(answer.columns, answer.rows[0]!)
    const values = names.map((name, i) => {
      const isDefault = items.findLast((item) => item.name === name)!.text === 'DEFAULT'
      return [name, isDefault ? undefined : texts[i]!] as const
    })
    lease.noteSettings(new Map(values))
    for (const [name, text] of values) state.setSetting(name, text)
    const mode = texts[names.indexOf(SQL_MODE)]
    if (mode !== undefined) state.setSqlMode(unquoted(mode))
    return conditions
  })
}
