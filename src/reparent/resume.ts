import type { ReparentWork } from '../topology/reparent-work.ts'
import type { ServerState } from './server-state.ts'

export type Resumption =
  /** `to` is the primary: what is left is to say so and to have the others follow. */
  | { readonly kind: 'Finish'; readonly to: string }
  /** `from` takes writes again. */
  | { readonly kind: 'Undo'; readonly from: string }
  /** Nothing is left of it, or nothing that can be done; what is the matter with the shard is looked at anew. */
  | { readonly kind: 'Forget'; readonly why: string }
  /** Neither may be done as long as nobody can say whether `to` takes writes. */
  | { readonly kind: 'Wait'; readonly why: string }

/**
 * How a change of primary goes on that somebody else has begun: forward as soon as the new one has been made writable, for it may have
 * taken writes since (`discover`); else back, if there is somebody to go back to. A primary that is lost leaves no way but an emergency
 * reparent, which begins anew: all of its steps may be done twice.
 */
export function decideResumption(input: {
  readonly work: ReparentWork
  /** Undefined: not reached. */
  readonly from: ServerState | undefined
  readonly to: ServerState | undefined
  /** Printed alias of whom the topology names. */
  readonly named: string | undefined
  /** Proxies take whoever is writable for the primary. */
  readonly isDiscovered: boolean
}): Resumption {
  const { work, from, to, named, isDiscovered } = input
  if (work.to !== undefined && to !== undefined && (named === work.to || !to.isReadOnly))
    return { kind: 'Finish', to: work.to }
  if (work.to !== undefined && named === work.to)
    return { kind: 'Forget', why: `${work.to} is the primary, and is not reached` }
  if (work.from !== undefined && from !== undefined) {
    if (work.to !== undefined && to === undefined && isDiscovered)
      return {
        kind: 'Wait',
        why: `${work.to} is not reached and may take writes: it must be reached or stopped, and then made read-only`,
      }
    return { kind: 'Undo', from: work.from }
  }
  return {
    kind: 'Forget',
    why: `${work.from ?? 'the primary'} is not reached, and nobody has taken its place yet`,
  }
}
