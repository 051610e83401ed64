import type { ColumnName, Comparison, Expr, Statement, TableRef } from '../../sql/ast.ts'
import { tablesOf } from '../../sql/tables-of.ts'
import { type Part, visit } from '../../sql/visit.ts'

/** What a statement asks columns for: what the choice of a sharding key goes by. Field names as Vitess's `vt keys` reads them. */
export interface StatementKeys {
  readonly statementType: string
  readonly tableName: readonly string[]
  readonly groupingColumns: readonly string[]
  readonly filterColumns: readonly { readonly column: string; readonly uses: string }[]
  readonly selectColumns: readonly string[]
  readonly joinPredicates: readonly string[]
}

/** By the text alone: columns of aliases are told by the names of their tables. */
export function statementKeys(statement: Statement): StatementKeys {
  const tables = tableNames(statement)
  const nameOf = (column: ColumnName) => columnName(column, tables)
  const filters = new Map<string, { column: string; uses: string }>()
  const joins = new Set<string>()
  const grouping = new Set<string>()
  const selected = new Set<string>()
  visit(statement, (node) => {
    switch (node.kind) {
      case 'Comparison':
        noteComparison(node, nameOf, filters, joins)
        return undefined
      case 'In':
        note(filters, node.left, 'IN', nameOf)
        return undefined
      case 'Between':
        note(filters, node.operand, 'BETWEEN', nameOf)
        return undefined
      case 'Like':
        note(filters, node.operand, 'LIKE', nameOf)
        return undefined
      case 'Select':
        for (const column of columnsIn(node.groupBy)) grouping.add(nameOf(column))
        for (const column of columnsIn(node.items)) selected.add(nameOf(column))
        return undefined
      default:
        return undefined
    }
  })
  return {
    statementType: statement.kind.toUpperCase(),
    tableName: [...new Set(tablesOf(statement).map(({ name }) => name))],
    groupingColumns: [...grouping],
    filterColumns: [...filters.values()],
    selectColumns: [...selected],
    joinPredicates: [...joins],
  }
}

type NameOf = (column: ColumnName) => string
type Filters = Map<string, { column: string; uses: string }>

function noteComparison(
  { left, right, op }: Comparison,
  nameOf: NameOf,
  filters: Filters,
  joins: Set<string>,
): void {
  if (left.kind === 'Column' && right.kind === 'Column') {
    joins.add(`${nameOf(left)} ${op} ${nameOf(right)}`)
    return
  }
  note(filters, left, op, nameOf)
  note(filters, right, op, nameOf)
}

function note(filters: Filters, expr: Expr, uses: string, nameOf: NameOf): void {
  if (expr.kind !== 'Column') return
  const column = nameOf(expr)
  filters.set(`${column} ${uses}`, { column, uses })
}

function columnsIn(part: Part): readonly ColumnName[] {
  const found: ColumnName[] = []
  visit(part, (node) => {
    if (node.kind === 'Subquery') return 'skip'
    if (node.kind === 'Column') found.push(node)
    return undefined
  })
  return found
}

/** Names of tables by what columns call them. */
function tableNames(statement: Statement): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  visit(statement, (node) => {
    if (node.kind === 'Table') names.set(calledBy(node), node.name.name)
    return undefined
  })
  return names
}

function calledBy({ alias, name }: TableRef): string {
  return alias?.name ?? name.name
}

function columnName({ qualifiers, name }: ColumnName, tables: ReadonlyMap<string, string>): string {
  const called = qualifiers.at(-1)
  const [only] = tables.size === 1 ? tables.values() : []
  const table = called === undefined ? only : (tables.get(called) ?? called)
  return table === undefined ? name : `${table}.${name}`
}
