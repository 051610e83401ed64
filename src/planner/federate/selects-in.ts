import type { Select } from '../../sql/ast.ts'
import type { BoundFrom, BoundQuery, BoundSelect, BoundSubquery, Conjunct } from '../binding/bound.ts'

/** The SELECTs of a query, by what they are in its tree. */
export function selectsIn(query: BoundQuery): ReadonlyMap<Select, BoundSelect> {
  const found = new Map<Select, BoundSelect>()
  ofQuery(query, found)
  return found
}

type Found = Map<Select, BoundSelect>

function ofQuery(query: BoundQuery, found: Found): void {
  switch (query.kind) {
    case 'Select':
      found.set(query.ast, query)
      ofFrom(query.from, found)
      ofConjuncts([...query.where, ...query.having], found)
      return ofSubqueries(query.subqueries, found)
    case 'Union':
      for (const operand of query.operands) ofQuery(operand, found)
      return
    case 'Nested':
      return ofQuery(query.query, found)
    case 'Values':
      return ofSubqueries(query.values.subqueries, found)
  }
}

function ofFrom(from: BoundFrom, found: Found): void {
  switch (from.kind) {
    case 'Table':
      return
    case 'Unplaced':
      return ofSubqueries(from.subqueries, found)
    case 'Derived':
      return ofQuery(from.query, found)
    case 'Inner':
      for (const part of from.parts) ofFrom(part, found)
      return ofConjuncts(from.on, found)
    case 'Outer':
      ofFrom(from.preserved, found)
      ofFrom(from.inner, found)
      return ofConjuncts(from.on, found)
  }
}

function ofConjuncts(conjuncts: readonly Conjunct[], found: Found): void {
  for (const { subqueries } of conjuncts) ofSubqueries(subqueries, found)
}

function ofSubqueries(subqueries: readonly BoundSubquery[], found: Found): void {
  for (const { query } of subqueries) ofQuery(query, found)
}
