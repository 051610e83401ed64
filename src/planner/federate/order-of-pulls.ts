import type { Link } from './links.ts'
import type { Pull } from './pull.ts'
import { type LinkedValues, ownRowsOf } from './sizes.ts'

/** The tables in an order in which each is reduced by those before it: always the one of which the fewest rows will come. */
export function orderOfPulls(
  pulls: readonly Pull[],
  links: readonly Link[],
  values: LinkedValues,
): readonly Pull[] {
  const left = [...pulls]
  const taken = new Map<Pull['node'], Taken>()
  while (left.length > 0) {
    const sizes = left.map((pull) => ({ pull, rows: rowsLeft(pull, links, values, taken) }))
    const next = sizes.reduce((least, each) => (each.rows < least.rows ? each : least))
    left.splice(left.indexOf(next.pull), 1)
    taken.set(next.pull.node, next)
  }
  return [...taken.values()].map(({ pull }) => pull)
}

interface Taken {
  readonly pull: Pull
  /** About how many rows it has then. */
  readonly rows: number
}

/** One link is used: the best. */
function rowsLeft(
  pull: Pull,
  links: readonly Link[],
  values: LinkedValues,
  taken: ReadonlyMap<Pull['node'], Taken>,
): number {
  const parts = links.flatMap((link) => {
    const other = link.table === pull.node ? taken.get(link.other) : undefined
    return other === undefined ? [] : [other.rows / values.of(link)]
  })
  return ownRowsOf(pull) * Math.min(1, ...parts)
}
