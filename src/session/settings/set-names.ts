import { SqlError, wrongValue } from '../../errors/sql-error.ts'
import { textCells } from '../../mysql/client/simple-command.ts'
import type { SetCharset, SetNames } from '../../sql/ast.ts'
import { NAMES, NAMES_VARIABLES } from '../../tablet/settings.ts'
import {
  type Charset,
  charsetByName,
  collationById,
  collationByName,
  DEFAULT_COLLATION_ID,
  defaultCollation,
} from '../../values/charsets.ts'
import { quoteString } from '../../values/sql-literal.ts'
import type { ProxyContext } from '../proxy-context.ts'
import type { ShardAccess } from '../statements/shard-access.ts'
import { checkClientCharset, namesOf, namesOfSet } from './character-set.ts'
import { isOtherNumber, wrongType } from './own-variables.ts'
import type { SessionState } from './session-state.ts'
import { unquoted } from './unquoted.ts'

export interface NamesContext {
  readonly proxy: Pick<ProxyContext, 'isMariadb'>
  readonly state: SessionState
  readonly shards: ShardAccess
}

/** SET NAMES: client, results and connection, whatever each of them was set to before. DEFAULT is the server's, not the login's. */
export function setNames({ proxy, state }: NamesContext, { charset, collation }: SetNames): () => void {
  const { isMariadb } = proxy
  const own = collation ?? ownDefault(state, charset)
  const names =
    charset === undefined && own === undefined
      ? namesOf(DEFAULT_COLLATION_ID, isMariadb)
      : namesOfSet(charset ?? 'utf8mb4', own, isMariadb)
  return () => {
    takeNames(state, names)
    trackNames(state)
  }
}

/** default_collation_for_utf8mb4, where the session has set it: SET NAMES utf8mb4 and DEFAULT go to that one. */
function ownDefault({ settings }: SessionState, charset = 'utf8mb4'): string | undefined {
  const set = charset.toLowerCase() === 'utf8mb4' ? settings.items.get(UTF8MB4_DEFAULT) : undefined
  return set === undefined ? undefined : unquoted(set)
}

const UTF8MB4_DEFAULT = 'default_collation_for_utf8mb4'

/** SET CHARACTER SET: client and results; the connection's is the database's. */
export async function setCharset(
  { proxy, state, shards }: NamesContext,
  { charset }: SetCharset,
): Promise<() => void> {
  const { isMariadb } = proxy
  const names =
    charset === undefined
      ? namesOf(DEFAULT_COLLATION_ID, isMariadb)
      : namesOfSet(charset, undefined, isMariadb)
  const answer = await shards.ask('SELECT @@collation_database LIMIT 1')
  const [collation] = textCells(answer.rows[0]!, 1)
  return () => {
    takeNames(state, names)
    state.setSetting('collation_connection', quoteString(collation!))
    trackNames(state, collationByName(collation!)?.charset.name)
  }
}

/** In the order in which MySQL tells them. */
function trackNames({ tracker, charset }: SessionState, ofConnection = charset): void {
  tracker.variable('character_set_client', charset)
  tracker.variable('character_set_connection', ofConnection)
  tracker.variable('character_set_results', charset)
}

/** Undefined: texts are not converted. */
function setTracked(state: SessionState, name: string, charset: string | undefined): void {
  state.setSetting(name, charset === undefined ? 'NULL' : `'${charset}'`)
  state.tracker.variable(name, charset ?? '')
}

function takeNames(state: SessionState, names: string): void {
  for (const name of NAMES_VARIABLES) state.setSetting(name, undefined)
  state.setSetting(NAMES, names)
}

/**
 * One of the variables of SET NAMES by itself: what setting it does, undefined for any other. What is set for the connection
 * is its collation, from which MySQL has the character set. Throws what MySQL says of a value.
 */
export function namesVariable(
  { proxy, state }: NamesContext,
  name: string,
  text: string,
): (() => void) | undefined {
  const flavor = proxy.isMariadb ? 'mariadb' : 'mysql'
  switch (name) {
    case 'character_set_client': {
      const charset = charsetOf(name, text)
      checkClientCharset(charset)
      return () => setTracked(state, name, charset.name)
    }
    case 'character_set_results': {
      const charset = text.toUpperCase() === 'NULL' ? undefined : charsetOf(name, text)
      return () => setTracked(state, name, charset?.name)
    }
    case 'character_set_connection': {
      const charset = charsetOf(name, text)
      const collation = defaultCollation(charset, flavor)
      return () => {
        state.setSetting('collation_connection', `'${collation.name}'`)
        state.tracker.variable(name, charset.name)
      }
    }
    case 'collation_connection': {
      const word = wordOf(name, text)
      const collation = /^\d+$/.test(text)
        ? collationById(Number(text), flavor)
        : text === 'DEFAULT'
          ? defaultCollation(charsetByName('utf8mb4')!, flavor)
          : collationByName(word, flavor)
      if (collation === undefined) throw new SqlError('ER_UNKNOWN_COLLATION', `Unknown collation: '${word}'`)
      return () => state.setSetting(name, `'${collation.name}'`)
    }
    default:
      return undefined
  }
}

/** A character set by its name, or by the id of a collation of it; DEFAULT is the server's. */
function charsetOf(name: string, text: string): Charset {
  if (text === 'DEFAULT') return charsetByName('utf8mb4')!
  const word = wordOf(name, text)
  const charset = /^\d+$/.test(text) ? collationById(Number(text))?.charset : charsetByName(word)
  if (charset === undefined)
    throw new SqlError('ER_UNKNOWN_CHARACTER_SET', `Unknown character set: '${word}'`)
  return charset
}

function wordOf(name: string, text: string): string {
  if (isOtherNumber(text)) throw wrongType(name)
  if (text.toUpperCase() === 'NULL') throw wrongValue(name, 'NULL')
  return unquoted(text)
}
