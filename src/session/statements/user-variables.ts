import { runQuery } from '../../mysql/client/simple-command.ts'
import { type Part, visit } from '../../sql/visit.ts'
import type { Lease } from '../../tablet/lease.ts'
import { quoteName } from '../../values/sql-literal.ts'
import type { SessionState } from '../settings/session-state.ts'
import { losslessTexts, textsOfRow } from './row-texts.ts'

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

/** Takes what a statement has left on its connection, which may get other settings. */
export async function takeVariables(lease: Lease, state: SessionState, carried: Carried): Promise<void> {
  await lease.apply(losslessTexts(state.settings))
  const { userVariables: names } = carried
  const variables = names.map((name) => `@${quoteName(name)}`)
  const wanted = carried.setsInsertId === true ? [...variables, 'LAST_INSERT_ID()'] : variables
  const [answer] = await Promise.all([
    // With a LIMIT, for sql_select_limit may be 0.
    runQuery(lease.connection, `SELECT ${wanted.join(', ')} LIMIT 1`),
    clear(lease, variables),
  ])
  const texts = textsOfRow(answer.columns, answer.rows[0]!)
  if (carried.setsInsertId === true) state.lastInsertId = BigInt(texts[names.length]!)
  for (const [i, name] of names.entries()) {
    if (texts[i] === 'NULL') state.userVariables.delete(name)
    else state.userVariables.set(name, texts[i]!)
  }
}

/** No trigger or procedure sees them there when the connection serves another session. */
async function clear({ connection }: Lease, variables: readonly string[]): Promise<void> {
  if (variables.length === 0) return
  await runQuery(connection, `SET ${variables.map((variable) => `${variable} = NULL`).join(', ')}`)
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
