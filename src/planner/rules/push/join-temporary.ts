import type { ColumnName, Expr, SelectItem } from '../../../sql/ast.ts'
import { visit } from '../../../sql/visit.ts'
import { sameColumn } from '../../../vschema/model.ts'
import type { BoundTable } from '../../binding/bound.ts'
import { type JoinOrder, sidesIn } from './join-order.ts'
import type { JoinSide } from './join-side.ts'

/** Whether its column has the same type where MySQL takes a temporary table: what is computed has not, nor has a BIT. */
export function isAlikeInTemporary(item: SelectItem, sides: readonly JoinSide[]): boolean {
  if (item.kind === 'Star') return !sides.some(({ tables }) => tables.some(hasBits))
  if (item.kind !== 'SelectExpr' || item.expr.kind !== 'Column') return false
  const { expr } = item
  return !sides.some((side) => side.columnOf(expr)?.type === 'BIT')
}

function hasBits({ instance }: BoundTable): boolean {
  return instance.table.live?.columns.some(({ type }) => type === 'BIT') === true
}

/**
 * Whether MySQL sorts the joined rows in a temporary table, as far as that can be told: unless all keys are columns of one table,
 * or equal to such, that it can read first. A table with one row is no table to it.
 */
export function takesTemporary(keys: readonly Expr[], order: JoinOrder): boolean {
  const sides = sidesIn(order)
  const columns = keys.flatMap(columnsIn).map((column) => placeOf(column, sides))
  if (columns.length === 0 || sides.some(mayBeOneRow)) return false
  const equal = equalPlaces(order, sides)
  return !sides
    .filter(({ isOuter }) => !isOuter)
    .flatMap(({ tables }) => tables)
    .some((table) => columns.every((column) => [...equal(column)].some((each) => isOf(each, table))))
}

function columnsIn(expr: Expr): readonly ColumnName[] {
  const found: ColumnName[] = []
  visit(expr, (node) => {
    if (node.kind === 'Column') found.push(node)
    return undefined
  })
  return found
}

/** A column of one table: the table's number in the statement, and the column's name in lower case. */
type Place = `${number}.${string}`

function placeOf(column: ColumnName, sides: readonly JoinSide[]): Place {
  const side = sides.find((each) => each.columnOf(column) !== undefined)
  return `${side?.tableOf(column).instance.id ?? -1}.${column.name.toLowerCase()}`
}

function isOf(place: Place, { instance }: BoundTable): boolean {
  return place.startsWith(`${instance.id}.`)
}

/** The columns that inner joins make equal to one, itself among them. */
function equalPlaces({ steps }: JoinOrder, sides: readonly JoinSide[]): (place: Place) => ReadonlySet<Place> {
  const classes = new Map<Place, Set<Place>>()
  const classOf = (place: Place) => classes.get(place) ?? new Set([place])
  for (const { how, linked } of steps) {
    if (how !== 'inner') continue
    for (const { own, other } of linked) {
      const all = new Set([...classOf(placeOf(own, sides)), ...classOf(placeOf(other.column, sides))])
      for (const place of all) classes.set(place, all)
    }
  }
  return classOf
}

/** A unique key of it is given a value. */
function mayBeOneRow({ conditions, tables }: JoinSide): boolean {
  const given = conditions.flatMap((expr) =>
    expr.kind === 'Comparison' && (expr.op === '=' || expr.op === '<=>') ? columnsIn(expr) : [],
  )
  return tables.some(({ instance }) =>
    instance.table.live?.keys.some(
      ({ kind, parts }) =>
        (kind === 'PRIMARY' || kind === 'UNIQUE') &&
        parts.every(({ column }) => given.some(({ name }) => sameColumn(name, column))),
    ),
  )
}
