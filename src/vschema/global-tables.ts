import type { BuiltKeyspace } from './build-keyspace.ts'
import type { DraftTable } from './build-table.ts'

/** Tables that can be named without their keyspace; null for a name that several keyspaces have. */
export type GlobalTables = Map<string, DraftTable | null>

/**
 * Collects the tables of all keyspaces that do not require explicit routing. A reference table does not make the name
 * of its source ambiguous. Tables only found in a live database come after those of the VSchemas.
 */
export function collectGlobalTables(keyspaces: Iterable<BuiltKeyspace>): GlobalTables {
  const open = [...keyspaces].filter(({ record }) => !record.requireExplicitRouting)
  const declared: GlobalTables = new Map()
  for (const { tables, record } of open) {
    for (const table of tables.values()) if (record.tables.has(table.name)) addDeclared(declared, table)
  }
  const live: GlobalTables = new Map()
  for (const { tables, record } of open) {
    for (const table of tables.values()) {
      if (record.tables.has(table.name) || declared.has(table.name)) continue
      live.set(table.name, live.has(table.name) ? null : table)
    }
  }
  return new Map([...declared, ...live])
}

function addDeclared(globals: GlobalTables, table: DraftTable): void {
  const other = globals.get(table.name)
  const source = table.type === 'reference' ? table.source : undefined
  if (other === undefined) {
    // Found by way of its source, unless that one requires explicit routing.
    if (source?.table !== table.name) globals.set(table.name, table)
  } else if (other !== null) {
    const isCopy = source !== undefined && (source.keyspace === '' || source.keyspace === other.keyspace)
    if (!isCopy) globals.set(table.name, null)
  }
}
