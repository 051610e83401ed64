import { createHash } from 'node:crypto'
import { definitionQuestion } from '../../engine/ddl.ts'
import { ServerError } from '../../errors/server-error.ts'
import { SqlError } from '../../errors/sql-error.ts'
import { runQuery, textCells } from '../../mysql/client/simple-command.ts'
import { decodeTextRow } from '../../mysql/codec/text-row.ts'
import type { DdlObject } from '../../plan/write-primitives.ts'
import type { Lease } from '../../tablet/lease.ts'
import type { ShardTarget } from '../../tablet/shard-target.ts'
import type { Interruption } from '../commands/interruption.ts'
import type { ProxyContext } from '../proxy-context.ts'
import type { SessionState } from '../settings/session-state.ts'
import type { ShardAccess } from './shard-access.ts'

interface ExclusiveContext {
  readonly proxy: Pick<ProxyContext, 'gateway'>
  readonly interruption: Interruption
  readonly state: SessionState
}

/**
 * As ShardPort.exclusively: by locks that the keyspace's first server has for names, in one order for all sessions. Beside the
 * pool of the traffic, which `work` needs: those who wait must not keep its connections from the one who works.
 */
export async function exclusively<T>(
  { proxy, interruption, state }: ExclusiveContext,
  target: ShardTarget,
  { keyspace, names }: { readonly keyspace: string; readonly names: readonly string[] },
  work: () => Promise<T>,
): Promise<T> {
  const locks = [...new Set((names.length > 0 ? names : ['']).map((name) => lockName(keyspace, name)))].sort()
  const lease = await proxy.gateway.acquire(target, state.settings, interruption, 'scratch')
  try {
    interruption.working.add(lease)
    try {
      for (const lock of locks) await take(lease, lock, interruption)
    } finally {
      interruption.working.delete(lease)
    }
    return await work()
  } finally {
    await giveBack(lease, locks)
  }
}

async function take(lease: Lease, lock: string, interruption: Interruption): Promise<void> {
  interruption.throwIfKilled()
  const { rows } = await runQuery(lease.connection, `SELECT GET_LOCK('${lock}', @@lock_wait_timeout)`)
  interruption.throwIfKilled()
  if (textCells(rows[0]!, 1)[0] === '1') return
  throw new SqlError('ER_LOCK_WAIT_TIMEOUT', 'Lock wait timeout exceeded; try restarting transaction')
}

/** A lock ends with its connection where it cannot be let go of. */
async function giveBack(lease: Lease, locks: readonly string[]): Promise<void> {
  await lease.killing
  if (lease.connection.state !== 'idle') return lease.discard()
  try {
    await runQuery(lease.connection, `DO ${locks.map((lock) => `RELEASE_LOCK('${lock}')`).join(', ')}`)
    lease.release()
  } catch (error) {
    lease.discard(error as Error)
  }
}

/** Servers know names of 64 characters. */
function lockName(keyspace: string, name: string): string {
  return `shardgate ddl ${createHash('sha1').update(`${keyspace}.${name}`).digest('hex')}`
}

/** ER_NO_SUCH_TABLE and what is said of programs. */
const ABSENT: ReadonlySet<number> = new Set([1146, 1305, 1360, 1539])

/** As ShardPort.definition. */
export async function definitionOf(
  shards: ShardAccess,
  target: ShardTarget,
  object: DdlObject,
): Promise<string | undefined> {
  const { sql, column } = definitionQuestion(object)
  try {
    const { rows, columns } = await shards.askOn(target, sql)
    const text = decodeTextRow(rows[0]!, columns.length)[column]?.toString('latin1')
    return text?.replace(/ AUTO_INCREMENT=\d+/, '')
  } catch (error) {
    if (error instanceof ServerError && ABSENT.has(error.errno)) return undefined
    throw error
  }
}
