import type { Expr } from '../../sql/ast.ts'
import type { Column } from '../../values/column.ts'
import { hasShardsOfItsOwn } from '../binding/find-table.ts'
import type { Link } from './links.ts'
import type { Pull } from './pull.ts'

/** What is not known is taken to be of this many rows, and to lie on so many shards: estimates order tables, no more. */
const UNKNOWN_ROWS = 1_000
const SHARDS = 4

/** About how many rows the whole table has. */
export function rowsOf({ table }: Pick<Pull, 'table'>): number {
  const rows = table.live?.shardRows || UNKNOWN_ROWS
  return hasShardsOfItsOwn(table) ? rows * SHARDS : rows
}

/** About how many of them its own conditions leave. */
export function ownRowsOf(pull: Pull): number {
  const { routing } = pull.rows
  switch (routing.kind) {
    case 'Equal':
    case 'In':
    case 'MultiEqual':
    case 'Product':
    case 'None':
      return 1
    default:
      return pull.conditions.reduce((rows, condition) => rows * partOf(condition), rowsOf(pull))
  }
}

function partOf(condition: Expr): number {
  if (condition.kind === 'Comparison' && condition.op === '=') return 0.1
  return condition.kind === 'In' && !condition.negated ? 0.2 : 0.4
}

/** About what part of the table's rows has a value that `rows` rows of the other one have. */
export function linkedPart({ column, otherColumn }: Link, pull: Pull, other: Pull, rows: number): number {
  return Math.min(1, rows / valuesOf(column, pull, otherColumn, other))
}

/** About how many values the column might have: no more than there are rows of the table in which each is once. */
export function valuesOf(column: Column, pull: Pull, otherColumn: Column, other: Pull): number {
  const [own, others] = [rowsOf(pull), rowsOf(other)]
  if (isUnique(column, pull)) return own
  return isUnique(otherColumn, other) ? others : Math.max(own, others)
}

function isUnique(column: Column, { keys }: Pull): boolean {
  return keys.some(
    ({ kind, parts }) =>
      (kind === 'PRIMARY' || kind === 'UNIQUE') && parts.length === 1 && parts[0]!.column === column.name,
  )
}
