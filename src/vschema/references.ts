import type { BuiltKeyspace } from './build-keyspace.ts'
import type { DraftTable } from './build-table.ts'
import type { Table, TableAddress } from './model.ts'
import type { TableFinder } from './table-finder.ts'

/**
 * Ties reference tables to their sources. A source is a plain or reference table of another keyspace, has no source
 * itself, and has one copy a keyspace at most.
 */
export function resolveReferences(keyspaces: Iterable<BuiltKeyspace>, finder: TableFinder): void {
  for (const keyspace of keyspaces) {
    for (const table of keyspace.tables.values()) {
      if (table.source === undefined) continue
      const found = findSource(keyspace, table.source, table, finder)
      if (typeof found === 'string') table.problems.push(found)
      else addCopy(keyspace, found, table, table.source)
    }
  }
}

function findSource(
  { schema }: BuiltKeyspace,
  source: TableAddress,
  table: Table,
  finder: TableFinder,
): DraftTable | string {
  if (source.keyspace === schema.name) {
    return `source ${quoted(source)} may not reference a table in the same keyspace as table: ${table.name}`
  }
  const found = finder.findDeclared(source.keyspace === '' ? undefined : source.keyspace, source.table)
  if (found.kind === 'unknownKeyspace') {
    return `source ${quoted(source)} references a non-existent keyspace "${source.keyspace}"`
  }
  if (found.kind === 'ambiguous') return `ambiguous table reference: ${source.table}`
  if (found.kind !== 'found') {
    const where = `keyspace "${source.keyspace}"`
    return `source ${quoted(source)} references a table "${source.table}" that is not present in the VSchema of ${where}`
  }
  if (found.table.type === 'sequence') {
    return `source ${quoted(source)} may not reference a table of type "sequence": ${table.name}`
  }
  if (found.table.source !== undefined) {
    const chain = `${table.name} => ${found.table.keyspace}.${found.table.name} => ${print(found.table.source)}`
    return `reference chaining is not allowed ${chain}: ${table.name}`
  }
  return found.table
}

function addCopy(keyspace: BuiltKeyspace, source: DraftTable, copy: DraftTable, named: TableAddress): void {
  const other = source.referencedBy.get(keyspace.schema.name)
  if (other !== undefined) {
    const names = [other.name, copy.name].sort().join(', ')
    copy.problems.push(`source ${quoted(named)} may not be referenced more than once per keyspace: ${names}`)
  }
  source.referencedBy.set(keyspace.schema.name, copy)
  // It may have been found by its name alone.
  copy.source = { keyspace: source.keyspace, table: source.name }
}

function print(name: TableAddress): string {
  return name.keyspace === '' ? name.table : `${name.keyspace}.${name.table}`
}

function quoted(name: TableAddress): string {
  return `"${print(name)}"`
}
