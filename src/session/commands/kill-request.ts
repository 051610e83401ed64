/** Somebody asks for the end of a connection or of its statement; `user` is who asks, undefined for an administrator. */
export interface KillRequest {
  readonly id: number
  readonly what: 'query' | 'connection'
  readonly user: string | undefined
}

export type KillOutcome = 'done' | 'unknown' | 'denied'

/** Reaches the sessions of the other workers of this proxy. */
export type KillElsewhere = (request: KillRequest) => Promise<KillOutcome>
