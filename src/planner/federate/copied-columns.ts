import type { Query, Select, TableExpr, TableRef } from '../../sql/ast.ts'
import { tablesIn } from '../../sql/tables-in.ts'
import { type AnyNode, visit } from '../../sql/visit.ts'
import type { Column, StoredKey } from '../../values/column.ts'
import type { Table } from '../../vschema/model.ts'
import { unplanned } from '../binding/unplanned.ts'
import { areDistinct } from './only-values.ts'

/** Which columns of its tables a statement may look at, as far as its text tells. */
export interface NamedColumns {
  /** Tables of which all that are visible are named: `SELECT *` in their own block, NATURAL JOIN. */
  readonly whole: ReadonlySet<TableRef>
  /** Lower case: `name` whichever tables have it, `alias.name` of tables that are called so. */
  readonly names: ReadonlySet<string>
}

/** Stars that stand elsewhere than where they are known to name columns of their block, or none, are all tables' columns. */
export function namedColumns(query: Query): NamedColumns {
  const names = new Set<string>()
  const whole = new Set<TableRef>()
  const known = new Set<AnyNode>()
  const takeWhole = (tables: readonly TableExpr[]) => {
    for (const table of tables.flatMap(tablesIn)) whole.add(table)
  }
  visit(query, (node) => {
    switch (node.kind) {
      case 'Column':
        names.add([...node.qualifiers.slice(-1), node.name].join('.').toLowerCase())
        return undefined
      case 'Join':
        if (node.natural) takeWhole([node.left, node.right])
        for (const name of node.using ?? []) names.add(name.toLowerCase())
        return undefined
      case 'Aggregate':
        if (node.args[0]?.kind === 'Star') known.add(node.args[0])
        return undefined
      case 'Exists':
        if (isOnlyStar(node.query.query)) known.add(node.query.query.items[0]!)
        return undefined
      case 'Select': {
        const stars = node.items.filter((item) => item.kind === 'Star' && !known.has(item))
        if (stars.length > 0) takeWhole(node.from)
        for (const star of stars) known.add(star)
        return undefined
      }
      case 'Star':
        if (!known.has(node)) visit(query, (each) => takeTable(each, whole))
        return undefined
      default:
        return undefined
    }
  })
  return { whole, names }
}

function takeTable(node: AnyNode, whole: Set<TableRef>): undefined {
  if (node.kind === 'Table') whole.add(node)
}

/** `EXISTS (SELECT * FROM … WHERE …)`: nobody looks at its columns. */
function isOnlyStar(query: Query): query is Select {
  if (query.kind !== 'Select' || query.items.length !== 1 || query.modifiers.length > 0) return false
  const { items, groupBy, having, qualify, orderBy } = query
  return items[0]!.kind === 'Star' && [groupBy, having, qualify, orderBy].every((part) => part === undefined)
}

/** What a copy of a table has: columns that are looked at, and keys of these. */
export interface CopiedTable {
  readonly columns: readonly Column[]
  readonly keys: readonly StoredKey[]
  /** Rows that are alike in these columns are copied once. */
  readonly distinct: boolean
}

/**
 * The columns of the primary key come with those that are wanted: what MySQL concludes from it, and how it names its columns'
 * flags, hangs on it. Not so where only values matter (`ofValues`). Throws Unplanned while the table's columns have not been read.
 */
export function copiedTable(
  { name, keyspace, live }: Table,
  node: TableRef,
  named: NamedColumns,
  ofValues: boolean,
): CopiedTable {
  if (live === undefined || live.columns.length === 0)
    return unplanned(`table '${name}', whose columns have not been read from its servers yet,`, keyspace)
  const { columns: all, keys } = live
  const isNamed = (column: Column) => isNamedIn(named, node, column)
  const primary = keys.find(({ kind }) => kind === 'PRIMARY')
  const inPrimary = new Set(primary?.parts.map(({ column }) => column))
  const own = all.filter(isNamed)
  const isPart = [...inPrimary].some((column) => !own.some((each) => each.name === column))
  if (ofValues && isPart && own.some(isVisible) && areDistinct(own))
    return { columns: own, keys, distinct: true }
  const wanted = all.filter((column) => own.includes(column) || inPrimary.has(column.name))
  // A table has at least one that is visible.
  const first = wanted.some(isVisible) ? undefined : all.find(isVisible)
  return {
    columns:
      first === undefined ? wanted : all.filter((column) => wanted.includes(column) || column === first),
    keys,
    distinct: false,
  }
}

/** Whether a column of the table may be looked at. */
export function isNamedIn(
  { whole, names }: NamedColumns,
  node: TableRef,
  { name, invisible }: Column,
): boolean {
  const alias = node.alias?.name ?? node.name.name
  return (
    (whole.has(node) && !invisible) ||
    names.has(name.toLowerCase()) ||
    names.has(`${alias}.${name}`.toLowerCase())
  )
}

function isVisible({ invisible }: Column): boolean {
  return !invisible
}
