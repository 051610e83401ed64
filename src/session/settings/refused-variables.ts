import { notSupported } from '../../errors/sql-error.ts'
import { runQuery } from '../../mysql/client/simple-command.ts'
import type { ShardAccess } from '../statements/shard-access.ts'
import { UNTRACKED } from './session-tracker.ts'
import { unquoted } from './unquoted.ts'

/**
 * Variables that change what a server does next with its own connection, or tells of it, and the values with which they
 * change nothing. The proxy has many connections and ends transactions itself: taken on trust, the others would store wrong
 * ids, leave a transaction open that nobody knows of, or have a client wait for what never comes.
 */
const HARMLESS: ReadonlyMap<string, readonly string[]> = new Map([
  ['completion_type', []],
  ['sql_auto_is_null', ['0', 'OFF', 'FALSE', 'DEFAULT']],
  ['insert_id', []],
  ['rand_seed1', []],
  ['rand_seed2', []],
  ...UNTRACKED,
])

/** The proxy does itself what they ask for; servers only say which values there are. */
const KEPT: ReadonlySet<string> = new Set(['completion_type'])

const HAVE_NO_DEFAULT: ReadonlySet<string> = new Set(['insert_id', 'rand_seed1', 'rand_seed2'])

/** Throws what MySQL says of a value, or ER_NOT_SUPPORTED_YET for one that could not be kept. */
export async function refuseVariable(
  { shards }: { readonly shards: ShardAccess },
  name: string,
  text: string,
): Promise<void> {
  const harmless = HARMLESS.get(name)
  if (harmless === undefined || harmless.includes(unquoted(text).toUpperCase())) return
  const neutral = HAVE_NO_DEFAULT.has(name) ? '0' : 'DEFAULT'
  await shards.onAny(async ({ connection }) => {
    await runQuery(connection, `SET SESSION ${name} = ${text}`)
    await runQuery(connection, `SET SESSION ${name} = ${neutral}`)
  })
  if (!KEPT.has(name)) throw notSupported(`SET ${name} = ${text}`)
}
