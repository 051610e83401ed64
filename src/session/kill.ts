import { SqlError } from '../errors/sql-error.ts'
import type { ProxyContext } from './proxy-context.ts'

/** Somebody asks for the end of a connection or of its statement; `user` is who asks. */
export interface KillRequest {
  readonly id: number
  readonly what: 'query' | 'connection'
  readonly user: string
}

export type KillOutcome = 'done' | 'unknown' | 'denied'

/** Reaches the sessions of the other workers of this proxy. */
export type KillElsewhere = (request: KillRequest) => Promise<KillOutcome>

/** KILL of a session of this process. One may kill only what belongs to one's own user, as MySQL has it without privileges. */
export function killHere(proxy: Pick<ProxyContext, 'sessions'>, request: KillRequest): KillOutcome {
  const victim = proxy.sessions.get(request.id)
  if (victim === undefined) return 'unknown'
  if (victim.client.identity.user !== request.user) return 'denied'
  victim.interruption.killedBy(request.what)
  return 'done'
}

/** Throws what MySQL says of a KILL that was not done. */
export function checkKilled(outcome: KillOutcome, id: number): void {
  if (outcome === 'unknown') throw new SqlError('ER_NO_SUCH_THREAD', `Unknown thread id: ${id}`)
  if (outcome === 'denied') throw new SqlError('ER_KILL_DENIED_ERROR', `You are not owner of thread ${id}`)
}
