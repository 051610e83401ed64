import type { Routing } from '../../plan/routing.ts'
import type { Expr, TableRef } from '../../sql/ast.ts'
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
  const { rows, conditions } = pull
  return rows.kind === 'Route' ? rowsLeft(rowsOf(pull), rows.routing, conditions) : rowsOf(pull)
}

/** About how many of so many rows conditions leave, of which the routing tells the shards. */
export function rowsLeft(all: number, routing: Routing, conditions: readonly Expr[]): number {
  switch (routing.kind) {
    case 'Equal':
    case 'In':
    case 'MultiEqual':
    case 'Product':
    case 'None':
      return 1
    default:
      return conditions.reduce((rows, condition) => rows * partOf(condition), all)
  }
}

/** A guess, as MySQL has them for columns without statistics. */
function partOf(condition: Expr): number {
  switch (condition.kind) {
    case 'Comparison':
      return condition.op === '=' ? 0.1 : condition.op === '<>' ? 0.9 : 0.25
    case 'In':
    case 'Like':
    case 'Between':
      return condition.negated ? 0.9 : 0.1
    default:
      return 0.4
  }
}

/**
 * About how many values there are of columns that are compared with each other: no more than rows of a table in which each
 * is once. All columns that are equal to one of them, and so on, have these.
 */
export class LinkedValues {
  readonly #classes = new Map<TableRef, Map<string, LinkedColumns>>()

  constructor(pulls: readonly Pull[], links: readonly Link[]) {
    for (const pull of pulls) {
      const columns = pull.columns.map((column) => [column.name, columnOf(pull, column)] as const)
      this.#classes.set(pull.node, new Map(columns))
    }
    for (const { table, column, other, otherColumn } of links) this.#join(table, column, other, otherColumn)
  }

  /** Of a link's columns. */
  of(link: Link): number {
    const values = this.columnsOf(link)
    return values === undefined ? UNKNOWN_ROWS : Math.max(1, Math.min(values.unique, values.rows))
  }

  columnsOf({ table, column }: Link): LinkedColumns | undefined {
    return this.#classOf(table, column)
  }

  #join(table: TableRef, column: Column, other: TableRef, otherColumn: Column): void {
    const [kept, gone] = [this.#classOf(table, column), this.#classOf(other, otherColumn)]
    if (kept === undefined || gone === undefined || kept === gone) return
    kept.unique = Math.min(kept.unique, gone.unique)
    kept.rows = Math.max(kept.rows, gone.rows)
    for (const [node, name] of gone.columns) this.#classes.get(node)?.set(name, kept)
    kept.columns.push(...gone.columns)
  }

  #classOf(node: TableRef, column: Column): LinkedColumns | undefined {
    return this.#classes.get(node)?.get(column.name)
  }
}

/** Columns that are equal to each other where rows matter. */
export interface LinkedColumns {
  readonly columns: (readonly [TableRef, string])[]
  /** Rows of the smallest table in which each value is once; infinite without any. */
  unique: number
  /** Rows of the largest table. */
  rows: number
}

function columnOf(pull: Pull, column: Column): LinkedColumns {
  const rows = rowsOf(pull)
  return {
    columns: [[pull.node, column.name]],
    unique: isUnique(column, pull) ? rows : Number.POSITIVE_INFINITY,
    rows,
  }
}

function isUnique(column: Column, { keys }: Pull): boolean {
  return keys.some(
    ({ kind, parts }) =>
      (kind === 'PRIMARY' || kind === 'UNIQUE') && parts.length === 1 && parts[0]!.column === column.name,
  )
}
