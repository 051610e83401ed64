import { SqlError } from '../errors/sql-error.ts'
import { createVindex } from '../vindex/registry.ts'
import type { Vindex, VindexDeps } from '../vindex/vindex.ts'
import { buildTable, type DraftTable, undeclaredTable } from './build-table.ts'
import type { ColumnSource, ForeignKeyMode, KeyspaceSchema } from './model.ts'
import { placeViews } from './placed-views.ts'
import { type KeyspaceRecord, parseKeyspaceVSchema } from './records.ts'

/** A keyspace without the parts that depend on other keyspaces. */
export interface BuiltKeyspace {
  readonly schema: Omit<KeyspaceSchema, 'error'>
  readonly record: KeyspaceRecord
  readonly tables: Map<string, DraftTable>
  /** What keeps the whole keyspace from use. */
  readonly problems: readonly string[]
  readonly vindexProblems: ReadonlyMap<string, readonly string[]>
  readonly unknownFields: readonly string[]
}

/** Makes the vindexes and tables of a keyspace; what is wrong is told with the part that it keeps from use. */
export function buildKeyspace(
  name: string,
  json: unknown,
  deps: VindexDeps,
  columns: ColumnSource | undefined,
): BuiltKeyspace {
  const { record, unknownFields } = parseKeyspaceVSchema(json, name)
  const vindexProblems = new Map<string, readonly string[]>()
  const vindexes = buildVindexes(record, deps, vindexProblems)
  const draft = { name, record, vindexes, vindexProblems }
  const tables = new Map<string, DraftTable>()
  for (const [table, tableRecord] of record.tables) {
    tables.set(table, buildTable(draft, table, tableRecord, columns))
  }
  addLiveTables({ name, isSharded: record.sharded }, tables, columns)
  const multiTenant = record.multiTenantSpec
  const programs = columns?.programsOf?.(name)
  return {
    schema: {
      name,
      sharded: record.sharded,
      tables,
      named: new Set(record.tables.keys()),
      ...(record.sharded && { strays: straysOf(name, tables, columns) }),
      vindexes,
      definedVindexes: record.vindexes,
      requireExplicitRouting: record.requireExplicitRouting,
      foreignKeyMode: foreignKeyMode(record),
      ...(multiTenant && { multiTenant }),
      ...(programs && { programs }),
    },
    record,
    tables,
    problems: record.mistakes,
    vindexProblems,
    unknownFields,
  }
}

function buildVindexes(
  record: KeyspaceRecord,
  deps: VindexDeps,
  problems: Map<string, readonly string[]>,
): ReadonlyMap<string, Vindex> {
  const vindexes = new Map<string, Vindex>()
  for (const [name, { type, params, mistakes }] of record.vindexes) {
    if (mistakes.length > 0) {
      problems.set(name, mistakes)
      continue
    }
    try {
      vindexes.set(name, createVindex(type, name, params, deps))
    } catch (error) {
      // Also the file of a `json_path` or `region_map` that cannot be read.
      if (!(error instanceof SqlError) && !isSystemError(error)) throw error
      problems.set(name, [`vindex ${name}: ${error.message}`])
    }
  }
  return vindexes
}

/** Of a sharded keyspace the VSchema says where tables are; views are where their tables are. */
function addLiveTables(
  { name: keyspace, isSharded }: { readonly name: string; readonly isSharded: boolean },
  tables: Map<string, DraftTable>,
  columns: ColumnSource | undefined,
): void {
  for (const name of columns?.tablesOf(keyspace) ?? []) {
    const live = columns?.tableOf(keyspace, name)
    if (tables.has(name) || (isSharded && live?.view === undefined)) continue
    tables.set(name, undeclaredTable(keyspace, name, { isSharded, live }))
  }
  if (isSharded) placeViews(tables)
}

function straysOf(
  keyspace: string,
  tables: ReadonlyMap<string, DraftTable>,
  columns: ColumnSource | undefined,
): ReadonlySet<string> {
  return new Set([...(columns?.tablesOf(keyspace) ?? [])].filter((name) => !tables.has(name)))
}

function foreignKeyMode(record: KeyspaceRecord): ForeignKeyMode {
  return record.foreignKeyMode === 'unspecified' ? 'unmanaged' : record.foreignKeyMode
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error
}
