import { runQuery } from '../../mysql/client/simple-command.ts'
import { type Part, visit } from '../../sql/visit.ts'
import type { Lease } from '../../tablet/lease.ts'
import { quoteName } from '../../values/sql-literal.ts'
import type { SessionState } from '../settings/session-state.ts'
import { losslessTexts, textsOfRow } from './row-texts.ts'

/** SET statement that gives a backend connection the session's values of these user variables. */
export function giveVariables({ userVariables }: SessionState, names: readonly string[]): string {
  const items = names.map((name) => `@${quoteName(name)} = ${userVariables.get(name) ?? 'NULL'}`)
  return `SET ${items.join(', ')}`
}

/** Takes the values that a statement has left in these user variables from its connection, which may get other settings. */
export async function takeVariables(
  lease: Lease,
  { settings, userVariables }: SessionState,
  names: readonly string[],
): Promise<void> {
  await lease.apply(losslessTexts(settings))
  const variables = names.map((name) => `@${quoteName(name)}`)
  const [answer] = await Promise.all([
    // With a LIMIT, for sql_select_limit may be 0.
    runQuery(lease.connection, `SELECT ${variables.join(', ')} LIMIT 1`),
    // No trigger or procedure sees them there when the connection serves another session.
    runQuery(lease.connection, `SET ${variables.map((variable) => `${variable} = NULL`).join(', ')}`),
  ])
  for (const [i, text] of textsOfRow(answer.columns, answer.rows[0]!).entries()) {
    if (text === 'NULL') userVariables.delete(names[i]!)
    else userVariables.set(names[i]!, text)
  }
}

/**
 * Names, in lower case, of the user variables in a text that holds statements, and in the values of those: `EXECUTE IMMEDIATE
 * @text` may assign what its value names.
 */
export function variablesInText({ userVariables }: SessionState, sql: string): readonly string[] {
  const named = namesIn(sql)
  const values = named.flatMap((name) => namesIn(userVariables.get(name) ?? ''))
  return [...new Set([...named, ...values])]
}

function namesIn(text: string): readonly string[] {
  return [...text.matchAll(/(?<!@)@([\w.$]+)/g)].map(([, name]) => name!.toLowerCase())
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
