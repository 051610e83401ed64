import type { Link } from './links.ts'
import type { Pull } from './pull.ts'
import { type LinkedColumns, type LinkedValues, ownRowsOf } from './sizes.ts'

/** The tables in an order in which each is reduced by those before it: always the one of which the fewest rows will come. */
export function orderOfPulls(
  pulls: readonly Pull[],
  links: readonly Link[],
  values: LinkedValues,
): readonly Pull[] {
  const left = [...pulls]
  const taken = new Map<Pull['node'], Taken>()
  while (left.length > 0) {
    const candidates = left.map((pull) => reduced(pull, links, values, taken))
    const next = candidates.reduce((least, each) => (each.rows < least.rows ? each : least))
    left.splice(left.indexOf(next.pull), 1)
    taken.set(next.pull.node, next)
  }
  return [...taken.values()].map(({ pull }) => pull)
}

interface Taken {
  readonly pull: Pull
  /** About how many rows it has then. */
  readonly rows: number
  /** About what part of the values there are its columns can have that are linked to tables before it. */
  readonly parts: ReadonlyMap<LinkedColumns, number>
}

function reduced(
  pull: Pull,
  links: readonly Link[],
  values: LinkedValues,
  taken: ReadonlyMap<Pull['node'], Taken>,
): Taken {
  const parts = new Map<LinkedColumns, number>()
  for (const link of links) {
    const other = link.table === pull.node ? taken.get(link.other) : undefined
    const columns = values.columnsOf(link)
    if (other === undefined || columns === undefined) continue
    const part = Math.min(other.rows / values.of(link), other.parts.get(columns) ?? 1)
    parts.set(columns, Math.min(part, parts.get(columns) ?? 1))
  }
  const rows = [...parts.values()].reduce((product, part) => product * part, ownRowsOf(pull))
  return { pull, rows, parts }
}
