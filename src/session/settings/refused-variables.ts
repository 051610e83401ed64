import { notSupported, type SqlError } from '../../errors/sql-error.ts'
import { runQuery } from '../../mysql/client/simple-command.ts'
import type { SetVariable } from '../../sql/ast.ts'
import type { ShardAccess } from '../statements/shard-access.ts'
import { checkWholeNumber } from './own-variables.ts'
import { UNTRACKED } from './session-tracker.ts'
import { unquoted } from './unquoted.ts'

/**
 * Variables that change what a server does next with its own connection, or tells of it, and the values with which they
 * change nothing. The proxy has many connections and ends transactions itself: taken on trust, the others would store wrong
 * ids, leave a transaction open that nobody knows of, or have a client wait for what never comes.
 */
const HARMLESS: ReadonlyMap<string, readonly string[]> = new Map([
  ['sql_auto_is_null', ['0', 'OFF', 'FALSE', 'DEFAULT']],
  ...UNTRACKED,
])

/**
 * Whole numbers that no server may be asked to judge: nothing takes them back from its connection. `SET insert_id = 0` after another
 * value has MySQL give the next row the id 0.
 */
const NOT_TAKEN_BACK: ReadonlySet<string> = new Set(['insert_id', 'rand_seed1', 'rand_seed2'])

/** What to do instead. */
const WAYS: ReadonlyMap<string, string> = new Map([
  ['insert_id', 'write the id into the row'],
  ['rand_seed1', 'RAND(n) gives the same numbers again'],
  ['rand_seed2', 'RAND(n) gives the same numbers again'],
  ['sql_auto_is_null', 'ask for LAST_INSERT_ID()'],
  [
    'session_track_gtids',
    'shards have GTIDs of their own, SHOW GLOBAL GTID_EXECUTED tells them: leave it OFF',
  ],
  ['session_track_state_change', 'no state of servers is told: leave it OFF'],
  ['session_track_transaction_info', 'no transaction of servers is told: leave it OFF'],
])

/** What the session goes by itself, once a server has judged the value. */
const JUDGED: ReadonlySet<string> = new Set(['completion_type'])

/** Throws what MySQL says of a value, or ER_NOT_SUPPORTED_YET for one that could not be kept. */
export async function refuseVariable(
  { shards, proxy }: { readonly shards: ShardAccess; readonly proxy: { readonly isMariadb: boolean } },
  item: SetVariable,
  text: string,
): Promise<void> {
  const name = item.name.toLowerCase()
  if (NOT_TAKEN_BACK.has(name)) {
    if (proxy.isMariadb && name === 'insert_id' && item.value.kind === 'Default') return
    checkWholeNumber(item, name, text)
    throw refusal(name, text)
  }
  const isJudged = JUDGED.has(name)
  const harmless = HARMLESS.get(name)
  if (!isJudged && (harmless === undefined || harmless.includes(unquoted(text).toUpperCase()))) return
  await shards.onAny(async ({ connection }) => {
    await runQuery(connection, `SET SESSION ${name} = ${text}`)
    await runQuery(connection, `SET SESSION ${name} = DEFAULT`)
  })
  if (!isJudged) throw refusal(name, text)
}

function refusal(name: string, text: string): SqlError {
  const way = WAYS.get(name)
  return notSupported(`SET ${name} = ${text}${way === undefined ? '' : ` (${way})`}`)
}
