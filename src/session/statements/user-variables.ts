import { assert } from '../../base/assert.ts'
import { runQuery, textCells } from '../../mysql/client/simple-command.ts'
import { type Part, visit } from '../../sql/visit.ts'
import type { Lease } from '../../tablet/lease.ts'
import { type GivenVariables, type Settings, settingsChange } from '../../tablet/settings.ts'
import { settleAll } from '../../transaction/settle-all.ts'
import { quoteName } from '../../values/sql-literal.ts'
import { variablesNamed } from '../../values/stored-programs.ts'
import type { SessionState } from '../settings/session-state.ts'
import {
  connectionCollation,
  givenVariable,
  isUnset,
  type RowTexts,
  type VariableValue,
  valueOfCell,
} from '../settings/variable-value.ts'
import { ownTexts } from './row-texts.ts'

/** What of the session a statement may change on its connection: it is taken behind it. */
export interface Carried {
  /** Names of the variables that it may assign, if `assigns`. */
  readonly userVariables: readonly string[]
  readonly assigns?: boolean
  /** LAST_INSERT_ID(): it is given before, too. */
  readonly setsInsertId?: boolean
}

export function carriesAny({ userVariables, assigns, setsInsertId }: Carried): boolean {
  return (assigns === true && userVariables.length > 0) || setsInsertId === true
}

/**
 * The settings with these variables of the session: those that are set, for the others no connection has. `assigns`: what runs
 * with them may leave them on its connection, be it that none is set yet.
 */
export function withVariables(
  settings: Settings,
  state: SessionState,
  names: readonly string[],
  assigns = false,
): Settings {
  if (names.length === 0) return settings
  const variables = given(state, names)
  return variables.size === 0 && !assigns ? settings : { ...settings, variables }
}

function given({ userVariables }: SessionState, names: readonly string[]): GivenVariables {
  const known = names.flatMap((name) => {
    const value = userVariables.get(name)
    return value === undefined ? [] : [[name, givenVariable(name, value)] as const]
  })
  return new Map(known)
}

/** SET statement that gives a backend connection the session's LAST_INSERT_ID(). */
export function giveInsertId({ lastInsertId }: SessionState): string {
  return `SET last_insert_id = ${lastInsertId}`
}

interface Reader {
  readonly state: SessionState
  readonly isMariadb: boolean
}

/** Takes what a statement has left on its connection. */
export async function takeVariables(lease: Lease, reader: Reader, carried: Carried): Promise<void> {
  const { assigns, setsInsertId, userVariables } = carried
  const { state } = reader
  const names = assigns === true ? userVariables : []
  const others = setsInsertId === true ? ['LAST_INSERT_ID()'] : []
  const { columns, cells } = await ask(lease, [...names.map(variable), ...others])
  if (setsInsertId === true) state.lastInsertId = BigInt(cells[names.length]!)
  const texts = textsFor(reader)
  for (const [i, name] of names.entries())
    if (!isUnset(columns[i]!)) state.userVariables.set(name, valueOfCell(columns[i]!, cells[i], texts))
  lease.noteVariables(given(state, names))
}

/** Values of variables on a connection. */
export async function readVariables(
  lease: Lease,
  reader: Reader,
  names: readonly string[],
): Promise<readonly VariableValue[]> {
  const { columns, cells } = await ask(lease, names.map(variable))
  return columns.map((column, i) => valueOfCell(column, cells[i], textsFor(reader)))
}

/** Texts as they are; sent at once, with a LIMIT, for sql_select_limit may be 0. */
async function ask({ connection, settings, tablet }: Lease, wanted: readonly string[]) {
  assert(settings !== undefined, 'a connection that has run a statement has settings')
  const server = { database: quoteName(tablet.database), isMariadb: connection.isMariadb }
  const own = ownTexts(settings)
  const send = (sql: string) => runQuery(connection, sql)
  const before = settingsChange(settings.items, own, server).map(send)
  const asked = send(`SELECT ${wanted.join(', ')} LIMIT 1`)
  await settleAll([...before, asked, ...settingsChange(own.items, settings, server).map(send)])
  const { columns, rows } = await asked
  return { columns, cells: textCells(rows[0]!, columns.length) }
}

function variable(name: string): string {
  return `@${quoteName(name)}`
}

function textsFor({ state, isMariadb }: Reader): RowTexts {
  return { collation: connectionCollation(state.settings), flavor: isMariadb ? 'mariadb' : 'mysql' }
}

/**
 * Names, in lower case, of the user variables in a text that holds statements, and in the values of those: `EXECUTE IMMEDIATE
 * @text` may assign what its value names.
 */
export function variablesInText({ userVariables }: SessionState, sql: string): readonly string[] {
  const named = variablesNamed(sql)
  const values = named.flatMap((name) => variablesNamed(userVariables.get(name)?.text ?? ''))
  return [...new Set([...named, ...values])]
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
