import type { JoinRows } from '../../../plan/primitives.ts'
import type { Routing } from '../../../plan/routing.ts'
import type { ColumnName } from '../../../sql/ast.ts'
import { Level } from '../../binding/level.ts'
import { columnKey } from '../../binding/source.ts'
import { rowsLeft, rowsOf } from '../../federate/sizes.ts'
import { isScatter, routingOfTables } from '../settle/vindex-routing.ts'
import type { JoinSide } from './join-side.ts'

export interface Sides {
  readonly inner: readonly JoinSide[]
  readonly outer: readonly JoinSide[]
  /** Of EXISTS and NOT EXISTS. */
  readonly asked: readonly JoinSide[]
}

/** Two columns that are equal, of two sides. */
export interface Link {
  readonly a: LinkedColumn
  readonly b: LinkedColumn
}

interface LinkedColumn {
  readonly side: JoinSide
  readonly column: ColumnName
}

/** A side that is joined to those before it. */
export interface JoinStep {
  readonly side: JoinSide
  readonly how: JoinRows['how']
  /** At least one. The first is the one that the side is asked by. */
  readonly keys: readonly StepKey[]
  /** The shards that can have what it is asked for. */
  readonly routing: Routing
}

export interface StepKey {
  readonly own: ColumnName
  readonly other: LinkedColumn
}

export interface JoinOrder {
  readonly first: JoinSide
  readonly steps: readonly JoinStep[]
}

/** Those whose columns the joined rows have. */
export function sidesIn({ first, steps }: JoinOrder): readonly JoinSide[] {
  return [first, ...steps.map(({ side }) => side).filter(({ isOnlyAsked }) => !isOnlyAsked)]
}

/**
 * The sides one after the other, each with what links it to those before: first the one that is known to give the fewest rows,
 * or whose values tell the shards of another; those of outer joins behind them, as they stand there, and last those that are only asked
 * whether they have rows. Undefined where one is not linked.
 */
export function joinOrder({ inner, outer, asked }: Sides, links: readonly Link[]): JoinOrder | undefined {
  const first = firstOf(inner, links)
  const steps: JoinStep[] = []
  const joined = [first]
  const join = (sides: readonly JoinSide[]): boolean => {
    const linked = sides.flatMap((side) => stepTo(side, joined, links) ?? [])
    const step = linked.reduce<JoinStep | undefined>(
      (best, each) => (best !== undefined && sizeOf(best.side) <= sizeOf(each.side) ? best : each),
      undefined,
    )
    if (step === undefined) return false
    steps.push(step)
    joined.push(step.side)
    return true
  }
  for (let i = 1; i < inner.length; i++)
    if (!join(inner.filter((side) => !joined.includes(side)))) return undefined
  return [...outer, ...asked].every((side) => join([side])) ? { first, steps } : undefined
}

function firstOf(inner: readonly JoinSide[], links: readonly Link[]): JoinSide {
  const least = Math.min(...inner.map(sizeOf))
  const small = inner.filter((side) => sizeOf(side) === least)
  const tells = small.find((side) =>
    inner.some((other) => {
      const step = other === side ? undefined : stepTo(other, [side], links)
      return step !== undefined && !isScatter(step.routing)
    }),
  )
  return tells ?? small[0]!
}

/** About how many rows a side gives, as a power of two: what is no clearer than that decides nothing. */
function sizeOf({ route: { routing }, tables, ownConditions }: JoinSide): number {
  const all = Math.max(...tables.map(({ instance }) => rowsOf(instance)))
  return Math.floor(Math.log2(routing === undefined ? all : rowsLeft(all, routing, ownConditions)))
}

function stepTo(side: JoinSide, joined: readonly JoinSide[], links: readonly Link[]): JoinStep | undefined {
  const keys = links.flatMap(({ a, b }): StepKey[] => {
    if (a.side === side && joined.includes(b.side)) return [{ own: a.column, other: b }]
    return b.side === side && joined.includes(a.side) ? [{ own: b.column, other: a }] : []
  })
  if (keys.length === 0) return undefined
  const { key, routing } = boundBy(
    side,
    keys.map(({ own }) => own),
  )
  const [bound] = keys.splice(key, 1)
  return { side, how: side.how, keys: [bound!, ...keys], routing }
}

interface BoundBy {
  readonly key: number
  readonly routing: Routing
}

/** By which of its keys the fewest shards are asked. */
function boundBy(side: JoinSide, keys: readonly ColumnName[]): BoundBy {
  const { routing, tables } = side.route
  if (routing !== undefined && !isScatter(routing)) return { key: 0, routing }
  const ways = keys.map((column, key): BoundBy => {
    const table = side.tableOf(column)
    const { instance } = table
    const level = new Level()
    level.addList(columnKey({ instance, name: column.name.toLowerCase() }), { kind: 'Cells', column: 0 })
    // Copies that shards have of a table beside the others' rows tell nothing of these.
    const placed = tables.includes(table) ? table : tables[0]!
    return { key, routing: routingOfTables([{ ...placed, level }], level) }
  })
  return ways.find((way) => !isScatter(way.routing)) ?? ways[0]!
}
