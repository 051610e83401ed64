import type { JoinRows } from '../../../plan/primitives.ts'
import type { Routing } from '../../../plan/routing.ts'
import type { ColumnName } from '../../../sql/ast.ts'
import { Level } from '../../binding/level.ts'
import { columnKey } from '../../binding/source.ts'
import { rowsLeft, rowsOf } from '../../federate/sizes.ts'
import { isScatter, routingOfTables } from '../settle/vindex-routing.ts'
import { EqualColumns } from './equal-columns.ts'
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

/** Rows hold or fall with it. */
export function isInner({ a, b }: Link): boolean {
  return a.side.how === 'inner' && b.side.how === 'inner'
}

export interface LinkedColumn {
  readonly side: JoinSide
  readonly column: ColumnName
}

/** A side that is joined to those before it. */
export interface JoinStep {
  readonly side: JoinSide
  readonly how: JoinRows['how']
  /** All that links it. */
  readonly linked: readonly StepKey[]
  /** Those that say the same: at least one. The first is the one that the side is asked by. */
  readonly keys: readonly StepKey[]
  /** A table has each value of one of the keys once. */
  readonly isUnique: boolean
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
function sizeOf(side: JoinSide): number {
  return Math.floor(Math.log2(rowsOfSide(side)))
}

/** About how many rows its shards give. */
export function rowsOfSide({ route: { routing }, tables, ownConditions }: JoinSide): number {
  const all = Math.max(...tables.map(({ instance }) => rowsOf(instance)))
  return routing === undefined ? all : rowsLeft(all, routing, ownConditions)
}

function stepTo(side: JoinSide, joined: readonly JoinSide[], links: readonly Link[]): JoinStep | undefined {
  const linked = links.flatMap(({ a, b }): StepKey[] => {
    if (a.side === side && joined.includes(b.side)) return [{ own: a.column, other: b }]
    return b.side === side && joined.includes(a.side) ? [{ own: b.column, other: a }] : []
  })
  if (linked.length === 0) return undefined
  const equal = new EqualColumns()
  for (const { a, b } of links.filter(isInner)) equal.join(a, b)
  const { key, routing } = boundBy(side, linked, equal)
  const all = [linked[key]!, ...linked.filter((_, i) => i !== key)]
  const keys = all.filter((each, i) => !all.slice(0, i).some((before) => isSaidBy(before, each, side, equal)))
  const isUnique = keys.some(({ own, other }) =>
    [{ side, column: own }, other].some((each) => equal.isUnique(each)),
  )
  return { side, how: side.how, linked, keys, isUnique, routing }
}

/** Of one side columns that are equal to the same are equal there (`impliedEqualities`). */
function isSaidBy(before: StepKey, { own, other }: StepKey, side: JoinSide, equal: EqualColumns): boolean {
  if (other.side !== before.other.side || !equal.areEqual({ side, column: own }, other)) return false
  return equal.areEqual(other, before.other)
}

interface BoundBy {
  readonly key: number
  readonly routing: Routing
}

/** By which of its keys the fewest shards are asked; of several, the one that has the most values and therefore leaves the fewest rows. */
function boundBy(side: JoinSide, keys: readonly StepKey[], equal: EqualColumns): BoundBy {
  const { routing, tables } = side.route
  if (routing !== undefined && !isScatter(routing)) return { key: 0, routing }
  const ways = keys.map(({ own: column }, key): BoundBy => {
    const table = side.tableOf(column)
    const { instance } = table
    const level = new Level()
    level.addList(columnKey({ instance, name: column.name.toLowerCase() }), { kind: 'Cells', column: 0 })
    // Copies that shards have of a table beside the others' rows tell nothing of these.
    const placed = tables.includes(table) ? table : tables[0]!
    return { key, routing: routingOfTables([{ ...placed, level }], level) }
  })
  const valuesOf = ({ key }: BoundBy) => equal.valuesOf(keys[key]!.other)
  const most = ways.reduce((best, way) => (valuesOf(way) > valuesOf(best) ? way : best))
  return ways.find((way) => !isScatter(way.routing)) ?? most
}
