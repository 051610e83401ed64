import type { Routing } from '../../plan/routing.ts'
import type { Link } from './links.ts'
import type { Pull } from './pull.ts'

/**
 * The tables in an order in which each is reduced by those before it: first what is known to be little, then what is linked to
 * that. There are no figures here, only what conditions tell.
 */
export function orderOfPulls(pulls: readonly Pull[], links: readonly Link[]): readonly Pull[] {
  const left = [...pulls]
  const ordered: Pull[] = []
  const taken = new Set<Pull['node']>()
  while (left.length > 0) {
    const size = (pull: Pull): number => {
      const isLinked = links.some(({ table, other }) => table === pull.node && taken.has(other))
      return isLinked ? Math.min(sizeOf(pull), LINKED) : sizeOf(pull)
    }
    const next = left.reduce((least, pull) => (size(pull) < size(least) ? pull : least))
    left.splice(left.indexOf(next), 1)
    ordered.push(next)
    taken.add(next.node)
  }
  return ordered
}

const LINKED = 2

function sizeOf({ rows: { routing }, conditions }: Pull): number {
  if (isFew(routing)) return 0
  if (conditions.length > 0) return 1
  // Tables that stand on one server are mostly the small ones.
  return routing.kind === 'Unsharded' || routing.kind === 'AnyShard' ? 3 : 4
}

function isFew({ kind }: Routing): boolean {
  return kind === 'Equal' || kind === 'In' || kind === 'MultiEqual' || kind === 'Product' || kind === 'None'
}
