import type { Link } from './links.ts'
import type { Pull } from './pull.ts'
import { type LinkedColumns, type LinkedValues, ownRowsOf } from './sizes.ts'

/** What is pulled: `first` before all `others`. */
export interface Pulls {
  readonly first: readonly Pull[]
  readonly others: readonly Pull[]
  readonly links: readonly Link[]
}

/** The others in an order in which each is reduced by those before it: always the one of which the fewest rows will come. */
export function orderOfPulls({ first, others, links }: Pulls, values: LinkedValues): readonly Pull[] {
  const left = [...others]
  const taken = new Map(
    first.map((pull): [Pull['node'], Taken] => [
      pull.node,
      { pull, rows: ownRowsOf(pull), parts: new Map() },
    ]),
  )
  while (left.length > 0) {
    const candidates = left.map((pull) => reduced(pull, links, values, taken))
    const next = candidates.reduce((least, each) => (each.rows < least.rows ? each : least))
    left.splice(left.indexOf(next.pull), 1)
    taken.set(next.pull.node, next)
  }
  return [...taken.values()].slice(first.length).map(({ pull }) => pull)
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
