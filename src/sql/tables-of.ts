import type { TableName, With } from './ast.ts'
import type { AnyNode } from './visit.ts'

/**
 * Fields that repeat names found elsewhere in the tree (a DELETE's targets, FOR UPDATE OF, verbatim pieces), or name
 * something else: an index, a database, a vindex.
 */
const left: ReadonlySet<string> = new Set(['span', 'with', 'targets', 'of', 'pieces', 'objectName', 'vindex'])

/**
 * The tables that a statement names, in the order of the text: without the names that its WITH clauses define, each
 * seen where it may be used (the tables of a WITH clause that follow it, all of them when RECURSIVE, and its query).
 */
export function tablesOf(statement: AnyNode): readonly TableName[] {
  const found: TableName[] = []
  collect(statement, new DefinedNames(), found)
  return found
}

/** Names that WITH clauses define, at the place that the walk has come to; an inner one may repeat an outer one's. */
class DefinedNames {
  readonly #counts = new Map<string, number>()

  has(name: string): boolean {
    return this.#counts.size > 0 && (this.#counts.get(name.toLowerCase()) ?? 0) > 0
  }

  add(name: string, count: 1 | -1): void {
    const key = name.toLowerCase()
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count)
  }
}

function collect(value: object, defined: DefinedNames, found: TableName[]): void {
  if (isTableName(value)) {
    if (value.qualifier !== undefined || !defined.has(value.name)) found.push(value)
    return
  }
  const clause = 'with' in value && isWith(value.with) ? value.with : undefined
  if (clause !== undefined) collectWith(clause, defined, found)
  for (const key in value) {
    const field: unknown = (value as Record<string, unknown>)[key]
    const isChild = typeof field === 'object' && field !== null && !left.has(key)
    if (isChild && !isProcedure(value, key)) collect(field, defined, found)
  }
  if (clause !== undefined) for (const table of clause.tables) defined.add(table.name, -1)
}

/** Reads the definitions, and adds the names that the query behind them sees. */
function collectWith(clause: With, defined: DefinedNames, found: TableName[]): void {
  for (const table of clause.tables) {
    if (clause.recursive) defined.add(table.name, 1)
    collect(table.query, defined, found)
    if (!clause.recursive) defined.add(table.name, 1)
  }
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
