import { SqlError } from '../../errors/sql-error.ts'
import type { LiveSession, ProxyContext } from '../proxy-context.ts'
import { type Interruption, interrupted } from './interruption.ts'
import type { KillOutcome, KillRequest } from './kill-request.ts'
import type { Replies } from './replies.ts'

export interface KillContext {
  readonly proxy: Pick<ProxyContext, 'sessions' | 'killElsewhere'>
  readonly client: LiveSession['client']
  readonly replies: Replies
  readonly interruption: Interruption
}

/** KILL of another session (or this one). */
export async function kill(
  { proxy, client, replies, interruption }: KillContext,
  id: number,
  what: 'query' | 'connection',
): Promise<void> {
  if (id === client.id) {
    interruption.killedByItself(what)
    throw interrupted()
  }
  const { user, access } = client.identity
  const request = { id, what, user: access.role === 'admin' ? undefined : user }
  const here = killHere(proxy, request)
  checkKilled(here === 'unknown' ? ((await proxy.killElsewhere?.(request)) ?? here) : here, id)
  replies.ok({})
}

/** KILL of a session of this process. One may kill only what belongs to one's own user, unless one is an administrator. */
export function killHere(proxy: Pick<ProxyContext, 'sessions'>, request: KillRequest): KillOutcome {
  const victim = proxy.sessions.get(request.id)
  if (victim === undefined) return 'unknown'
  if (request.user !== undefined && victim.client.identity.user !== request.user) return 'denied'
  victim.interruption.killedByOther(request.what)
  return 'done'
}

/** Throws what MySQL says of a KILL that was not done. */
function checkKilled(outcome: KillOutcome, id: number): void {
  if (outcome === 'unknown') throw new SqlError('ER_NO_SUCH_THREAD', `Unknown thread id: ${id}`)
  if (outcome === 'denied') throw new SqlError('ER_KILL_DENIED_ERROR', `You are not owner of thread ${id}`)
}
