import type { BackendConnection } from '../../mysql/client/backend-connection.ts'
import { runQuery } from '../../mysql/client/simple-command.ts'
import { type Part, visit } from '../../sql/visit.ts'
import { quoteName } from '../../values/sql-literal.ts'
import type { SessionState } from '../settings/session-state.ts'
import { textsOfRow } from './row-texts.ts'

/** What of the session a statement may change on its connection: it is given before, and taken behind it. */
export interface Carried {
  readonly userVariables: readonly string[]
  /** LAST_INSERT_ID(). */
  readonly setsInsertId?: boolean
}

export function carriesAny({ userVariables, setsInsertId }: Carried): boolean {
  return userVariables.length > 0 || setsInsertId === true
}

/** SET statement that gives a backend connection the session's values. */
export function giveVariables(state: SessionState, carried: Carried): string {
  const items = carried.userVariables.map(
    (name) => `@${quoteName(name)} = ${state.userVariables.get(name) ?? 'NULL'}`,
  )
  if (carried.setsInsertId === true) items.push(`last_insert_id = ${state.lastInsertId}`)
  return `SET ${items.join(', ')}`
}

/** Takes the values that a statement has left on its connection. */
export async function takeVariables(
  connection: BackendConnection,
  state: SessionState,
  carried: Carried,
): Promise<void> {
  const { userVariables: names } = carried
  const wanted = names.map((name) => `@${quoteName(name)}`)
  if (carried.setsInsertId === true) wanted.push('LAST_INSERT_ID()')
  // With a LIMIT, for sql_select_limit may be 0.
  const answer = await runQuery(connection, `SELECT ${wanted.join(', ')} LIMIT 1`)
  const texts = textsOfRow(answer.columns, answer.rows[0]!)
  if (carried.setsInsertId === true) state.lastInsertId = BigInt(texts[names.length]!)
  for (const [i, name] of names.entries()) {
    if (texts[i] === 'NULL') state.userVariables.delete(name)
    else state.userVariables.set(name, texts[i]!)
  }
}

/** Names, in lower case, of the user variables in these trees. */
export function variablesIn(trees: Part): readonly string[] {
  const found = new Set<string>()
  visit(trees, (node) => {
    if (node.kind === 'UserVariable') found.add(node.name.toLowerCase())
    return undefined
  })
  return [...found]
}
