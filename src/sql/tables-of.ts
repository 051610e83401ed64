import type { TableName, With } from './ast.ts'
import type { Node } from './visit.ts'

/**
 * Fields that repeat names found elsewhere in the tree (a DELETE's targets, FOR UPDATE OF, verbatim pieces), or name
 * something else: an index, a database.
 */
const left: ReadonlySet<string> = new Set(['span', 'with', 'targets', 'of', 'pieces', 'objectName'])

/**
 * The tables that a statement names, in the order of the text: without the names that its WITH clauses define, each
 * seen where it may be used (the tables of a WITH clause that follow it, all of them when RECURSIVE, and its query).
 */
export function tablesOf(statement: Node): readonly TableName[] {
  const found: TableName[] = []
  collect(statement, none, found)
  return found
}

type Names = ReadonlySet<string>
const none: Names = new Set()

function collect(value: object, defined: Names, found: TableName[]): void {
  if (isTableName(value)) {
    if (value.qualifier !== undefined || !defined.has(value.name.toLowerCase())) found.push(value)
    return
  }
  const scope = 'with' in value && isWith(value.with) ? collectWith(value.with, defined, found) : defined
  for (const [key, field] of Object.entries(value)) {
    const isChild = typeof field === 'object' && field !== null && !left.has(key)
    if (isChild && !isProcedure(value, key)) collect(field, scope, found)
  }
}

/** Reads the definitions, and returns the names that the query behind them sees. */
function collectWith(clause: With, defined: Names, found: TableName[]): Names {
  const names = new Set(defined)
  for (const table of clause.tables) {
    if (clause.recursive) names.add(table.name.toLowerCase())
    collect(table.query, new Set(names), found)
    names.add(table.name.toLowerCase())
  }
  return names
}

/** `CALL name`. */
function isProcedure(value: object, key: string): boolean {
  return key === 'name' && 'kind' in value && value.kind === 'Call'
}

function isTableName(value: object): value is TableName {
  return 'kind' in value && value.kind === 'TableName'
}

function isWith(value: unknown): value is With {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'With'
}
