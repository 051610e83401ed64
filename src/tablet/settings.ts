import { isWide } from '../values/charsets.ts'

/**
 * Session state that a backend connection must have before it serves a session: the character set and the system
 * variables that the client has set. Immutable, so that the key is made once a change, not once a query.
 */
export interface Settings {
  /** Equal for equal settings. */
  readonly key: string
  /** Item of a SET statement by what it sets: `NAMES` → `'utf8mb4' COLLATE 'utf8mb4_bin'`, `sql_mode` → `'ANSI'`. */
  readonly items: ReadonlyMap<string, string>
  readonly kind: ConnectionKind
  /**
   * User variables of one statement, by lower-case name: no part of the key, for a connection loses what it has of them when it
   * goes back. Undefined where the statement names none.
   */
  readonly variables?: GivenVariables | undefined
}

export type GivenVariables = ReadonlyMap<string, GivenVariable>

/** A user variable as connections are given it. */
export interface GivenVariable {
  /** Items of a SET: they give it type, collation and value, whatever it was. */
  readonly items: string
  /** Equal for variables of one type and collation: what is prepared holds for these. */
  readonly type: string
}

/** What the client has negotiated and is fixed when a connection is made. */
export interface ConnectionKind {
  /** CLIENT_FOUND_ROWS. */
  readonly foundRows: boolean
  /** CLIENT_MULTI_RESULTS: without it a procedure that answers rows is refused by the server (1312). */
  readonly multiResults: boolean
}

export const USUAL_KIND: ConnectionKind = { foundRows: false, multiResults: true }

export const NAMES = 'NAMES'
/** What SET NAMES sets, where it was set by itself since. */
export const NAMES_VARIABLES = [
  'character_set_client',
  'character_set_results',
  'collation_connection',
] as const
export const SQL_MODE = 'sql_mode'
/** The default database, where it is not the shard's own: a system schema. Value: a quoted identifier. */
export const DATABASE = 'USE'
/** `SET TRANSACTION ISOLATION LEVEL` has a statement of its own, the variable's name differing between servers. */
export const ISOLATION = 'TRANSACTION ISOLATION LEVEL'

/** READ ONLY or READ WRITE, as 1 or 0, by the names that MySQL and MariaDB have for it. */
export const READ_ONLY = { mysql: 'transaction_read_only', mariadb: 'tx_read_only' } as const

/** What SET TRANSACTION says of a transaction. */
export interface Characteristics {
  /** `READ COMMITTED` … */
  readonly isolation?: string | undefined
  readonly access?: 'READ ONLY' | 'READ WRITE' | undefined
}

/** The same as items of settings: for all transactions of a connection. */
export function characteristicItems(
  { isolation, access }: Characteristics,
  isMariadb: boolean,
): ReadonlyMap<string, string> {
  const items = new Map<string, string>()
  if (isolation !== undefined) items.set(ISOLATION, isolation)
  if (access !== undefined)
    items.set(READ_ONLY[isMariadb ? 'mariadb' : 'mysql'], access === 'READ ONLY' ? '1' : '0')
  return items
}

export function makeSettings(items: ReadonlyMap<string, string>, kind: ConnectionKind): Settings {
  const sorted = [...items].sort(([a], [b]) => (a < b ? -1 : 1))
  // Neither a variable's name nor NUL can occur unquoted in an item, so that the key is unambiguous.
  const key = `${keyOfKind(kind)}${sorted.map(([name, text]) => `${name}\0${text}`).join('\0')}`
  return { key, items: new Map(sorted), kind }
}

/** The same with other items. */
export function withItems({ kind, variables }: Settings, items: ReadonlyMap<string, string>): Settings {
  return { ...makeSettings(items, kind), variables }
}

/** One character. */
function keyOfKind({ foundRows, multiResults }: ConnectionKind): string {
  if (multiResults) return foundRows ? 'F' : '-'
  return foundRows ? 'f' : '1'
}

/** What statements for a connection depend on. */
export interface SettingsServer {
  /** The shard's own database, as a quoted identifier. */
  readonly database: string
  readonly isMariadb: boolean
}

/** SET NAMES, when it is another or one of its variables is no longer set by itself. */
function namesToSet(
  from: ReadonlyMap<string, string> | undefined,
  to: ReadonlyMap<string, string>,
): string | undefined {
  const isOther = from?.get(NAMES) !== to.get(NAMES)
  return isOther || NAMES_VARIABLES.some((name) => from?.has(name) && !to.has(name))
    ? to.get(NAMES)
    : undefined
}

function isNamesVariable(name: string): boolean {
  return NAMES_VARIABLES.some((each) => each === name)
}

/** MySQL makes of their DEFAULT the opposite of what connections begin with. */
export const ODD_DEFAULTS: ReadonlySet<string> = new Set(['foreign_key_checks', 'unique_checks'])

/** What a connection begins with, as a value in a SET statement. */
export function initialText(name: string): string {
  return ODD_DEFAULTS.has(name) ? `@@GLOBAL.${name}` : 'DEFAULT'
}

/**
 * Statements that turn a connection with settings `from` (undefined: just connected) into one with `to`. In a character set of
 * wide characters MySQL does not find the commas of a sql_mode: the connection leaves it first.
 */
export function settingsChange(
  from: ReadonlyMap<string, string> | undefined,
  to: Settings,
  server: SettingsServer,
): readonly string[] {
  const [, charset = ''] = /^'([a-z0-9]+)_/.exec(from?.get('collation_connection') ?? '') ?? []
  if (from === undefined || !isWide(charset)) return changeOf(from, to, server)
  const narrow = new Map([...from, [NAMES, 'utf8mb4']])
  for (const name of NAMES_VARIABLES) narrow.delete(name)
  return ['SET NAMES utf8mb4', ...changeOf(narrow, to, server)]
}

function changeOf(
  from: ReadonlyMap<string, string> | undefined,
  to: Settings,
  server: SettingsServer,
): readonly string[] {
  const items: string[] = []
  const statements: string[] = []
  const names = namesToSet(from, to.items)
  if (names !== undefined) items.push(`NAMES ${names}`)
  for (const [name, text] of to.items) {
    const isSetAnew = names !== undefined && isNamesVariable(name)
    if (name === NAMES || (from?.get(name) === text && !isSetAnew)) continue
    if (name === DATABASE) statements.push(`USE ${text}`)
    else if (name === ISOLATION) statements.push(`SET SESSION TRANSACTION ISOLATION LEVEL ${text}`)
    else items.push(`SESSION ${name} = ${text}`)
  }
  for (const name of from?.keys() ?? []) {
    if (to.items.has(name) || isNamesVariable(name)) continue
    if (name === DATABASE) statements.push(`USE ${server.database}`)
    else if (name === NAMES) items.push('NAMES DEFAULT')
    // MariaDB has the other name from 11.1 on only.
    else if (name === ISOLATION)
      items.push(`SESSION ${server.isMariadb ? 'tx' : 'transaction'}_isolation = DEFAULT`)
    else items.push(`SESSION ${name} = ${initialText(name)}`)
  }
  const big = to.items.get('sql_big_selects')
  // Whatever sets max_join_size resets it.
  if (big !== undefined && items.some((item) => item.startsWith('SESSION max_join_size ')))
    items.push(`SESSION sql_big_selects = ${big}`)
  return items.length > 0 ? [`SET ${items.join(', ')}`, ...statements] : statements
}
