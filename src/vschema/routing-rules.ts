import type { TableAddress, TableResolution, TabletTypeName } from './model.ts'
import type { RoutingRuleRecord } from './records.ts'
import type { TableFinder } from './table-finder.ts'
import { splitTableName } from './table-name.ts'

const suffixes = ['@primary', '@replica', '@rdonly'] as const

/** Where rules send tables: `[keyspace.]table[@type]` to a table, or to what the client is told instead. */
export class RoutingRules {
  readonly #rules = new Map<string, TableResolution>()
  readonly problems: string[] = []

  /** Rules that are wrong stay in force: the tables they are for cannot be used until they are put right. */
  constructor(records: readonly RoutingRuleRecord[], finder: TableFinder) {
    for (const { fromTable, toTables } of records) {
      checkSuffix(fromTable, this.problems)
      const isDuplicate = this.#rules.has(fromTable)
      const target = isDuplicate
        ? broken(`duplicate rule for entry ${fromTable}`)
        : targetOf(fromTable, toTables, finder)
      if (target.kind === 'broken') this.problems.push(`routing rule ${fromTable}: ${target.message}`)
      this.#rules.set(fromTable, target)
    }
  }

  /** Undefined where no rule speaks of the table. */
  find(keyspace: string | undefined, table: string, tabletType: TabletTypeName): TableResolution | undefined {
    if (this.#rules.size === 0) return undefined
    const qualified = keyspace === undefined ? table : `${keyspace}.${table}`
    return this.#rules.get(`${qualified}@${tabletType}`) ?? this.#rules.get(qualified)
  }
}

function targetOf(fromTable: string, toTables: readonly string[], finder: TableFinder): TableResolution {
  if (toTables.length === 0) return { kind: 'disabled', table: nameOf(fromTable) }
  if (toTables.length > 1) {
    return broken(`table ${fromTable} has more than one target: [${toTables.join(' ')}]`)
  }
  const target = qualifiedName(toTables[0])
  if (target === undefined) {
    return broken(
      `invalid table name: '${toTables[0]}', it must be of the qualified form <keyspace_name>.<table_name> ` +
        '(dots are not allowed in either name)',
    )
  }
  const found = finder.find(target.keyspace, target.table)
  if (found.kind === 'found') return found
  if (found.kind === 'unknownKeyspace')
    return broken(`VT05003: unknown database '${target.keyspace}' in vschema`)
  return broken(`table ${target.table} not found`)
}

function qualifiedName(text: string): TableAddress | undefined {
  const { keyspace, table } = splitTableName(text) ?? {}
  return keyspace === undefined || table === undefined ? undefined : { keyspace, table }
}

function nameOf(fromTable: string): string {
  const name = fromTable.slice(fromTable.indexOf('.') + 1)
  const at = name.lastIndexOf('@')
  return at < 0 ? name : name.slice(0, at)
}

function checkSuffix(fromTable: string, problems: string[]): void {
  const at = fromTable.lastIndexOf('@')
  if (at >= 0 && !suffixes.some((suffix) => suffix === fromTable.slice(at))) {
    problems.push(`routing rule ${fromTable}: the tablet type must be one of ${suffixes.join(', ')}`)
  }
}

function broken(message: string): TableResolution {
  return { kind: 'broken', message }
}
