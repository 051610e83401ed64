import type {
  BoundDerived,
  BoundFrom,
  BoundOuter,
  BoundTable,
  BoundUnplaced,
  Conjunct,
} from '../binding/bound.ts'
import type { Level } from '../binding/level.ts'
import type { Source } from '../binding/source.ts'
import { applied, operatorOf, subqueriesOf } from './build-operators.ts'
import { filtered } from './filter.ts'
import type { Operator } from './operator.ts'

/** A FROM, taken apart: what is joined, what stands at its outer sides, and the conditions of its inner joins. */
interface Joined {
  readonly inputs: readonly Operator[]
  /** Those of `inputs`. */
  readonly sources: readonly Source[]
  readonly outer: readonly { readonly part: BoundOuter; readonly inner: Operator }[]
  readonly conjuncts: readonly Conjunct[]
}

/**
 * Outer joins stand above the inner ones: `(a LEFT JOIN b) JOIN c` is `(a JOIN c) LEFT JOIN b`, for no condition of the
 * LEFT JOIN can name c. What the other conditions say of b is asked above it.
 */
export function ofFrom(from: BoundFrom, level: Level): Operator {
  return putTogether(takeApart(from, level), level)
}

function takeApart(from: BoundFrom, level: Level): Joined {
  switch (from.kind) {
    case 'Inner': {
      const joined = from.parts.reduce<Joined>((before, part) => joinPart(before, part, level), nothing)
      return { ...joined, conjuncts: [...joined.conjuncts, ...from.on] }
    }
    case 'Outer': {
      const preserved = takeApart(from.preserved, level)
      const outer = { part: from, inner: ofFrom(from.inner, from.level) }
      return { ...preserved, outer: [...preserved.outer, outer] }
    }
    default:
      return { ...nothing, inputs: [ofLeaf(from)], sources: from.source === undefined ? [] : [from.source] }
  }
}

const nothing: Joined = { inputs: [], sources: [], outer: [], conjuncts: [] }

/** A part that looks to its left needs the outer joins there to be made. */
function joinPart(before: Joined, part: BoundFrom, level: Level): Joined {
  const left = before.outer.length > 0 && looksLeft(part) ? closed(before, level) : before
  const right = takeApart(part, level)
  return {
    inputs: [...left.inputs, ...right.inputs],
    sources: [...left.sources, ...right.sources],
    outer: [...left.outer, ...right.outer],
    conjuncts: [...left.conjuncts, ...right.conjuncts],
  }
}

function closed(joined: Joined, level: Level): Joined {
  const outside = joined.outer.flatMap(({ part }) => sourcesOf(part.inner))
  return { ...nothing, inputs: [putTogether(joined, level)], sources: [...joined.sources, ...outside] }
}

function putTogether({ inputs, sources, outer, conjuncts }: Joined, level: Level): Operator {
  const isJoining = ({ needs, subqueries }: Conjunct) =>
    inputs.length > 1 && subqueries.length === 0 && [...needs].every((source) => sources.includes(source))
  const joining = conjuncts.filter(isJoining)
  const rest = conjuncts.filter((conjunct) => !isJoining(conjunct))
  const joined: Operator =
    inputs.length === 1 ? inputs[0] : { kind: 'Join', inputs, conjuncts: joining, level }
  const all = outer.reduce<Operator>(
    (preserved, { part: { on }, inner }) => ({
      kind: 'OuterJoin',
      preserved,
      inner: applied(inner, subqueriesOf(on)),
      on,
    }),
    joined,
  )
  return filtered(applied(all, subqueriesOf(rest)), 'ON', rest)
}

function ofLeaf(from: BoundTable | BoundUnplaced | BoundDerived): Operator {
  switch (from.kind) {
    case 'Table':
      return { kind: 'Table', bound: from }
    case 'Unplaced':
      return applied({ kind: 'Table', bound: from }, from.subqueries)
    case 'Derived': {
      const input = operatorOf(from.query)
      return { kind: from.isCte ? 'Cte' : 'Derived', input, bound: from }
    }
  }
}

function looksLeft(part: BoundFrom): boolean {
  switch (part.kind) {
    case 'Derived':
      return part.lateral
    case 'Unplaced':
      return part.what === 'JSON_TABLE'
    case 'Table':
      return false
    case 'Inner':
      return part.parts.some(looksLeft)
    case 'Outer':
      return looksLeft(part.preserved) || looksLeft(part.inner)
  }
}

function sourcesOf(from: BoundFrom): readonly Source[] {
  switch (from.kind) {
    case 'Inner':
      return from.parts.flatMap(sourcesOf)
    case 'Outer':
      return [...sourcesOf(from.preserved), ...sourcesOf(from.inner)]
    default:
      return from.source === undefined ? [] : [from.source]
  }
}
