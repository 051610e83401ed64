import type { BuiltKeyspace } from './build-keyspace.ts'
import { type DraftTable, undeclaredTable } from './build-table.ts'
import type { GlobalTables } from './global-tables.ts'
import type { TableResolution } from './model.ts'

type Missing = Extract<TableResolution, { kind: 'unknownTable' | 'unknownKeyspace' | 'ambiguous' }>
type Found = { readonly kind: 'found'; readonly table: DraftTable }

/** Finds tables without regard to routing rules and to mistakes elsewhere in their keyspaces. */
export class TableFinder {
  readonly #keyspaces: ReadonlyMap<string, BuiltKeyspace>
  readonly #globals: GlobalTables

  constructor(keyspaces: ReadonlyMap<string, BuiltKeyspace>, globals: GlobalTables) {
    this.#keyspaces = keyspaces
    this.#globals = globals
  }

  /** An unsharded keyspace has any table. */
  find(keyspace: string | undefined, name: string): Found | Missing {
    const found = this.findDeclared(keyspace, name)
    if (found.kind !== 'unknownTable' || found.keyspace === undefined) return found
    if (this.#keyspaces.get(found.keyspace)?.schema.sharded !== false) return found
    return {
      kind: 'found',
      table: undeclaredTable(found.keyspace, name, { isSharded: false, live: undefined }),
    }
  }

  /** Only tables that are known to be there. */
  findDeclared(keyspace: string | undefined, name: string): Found | Missing {
    if (keyspace === undefined) return this.#findGlobal(name)
    const built = this.#keyspaces.get(keyspace)
    return built === undefined ? { kind: 'unknownKeyspace', keyspace } : findIn(built, name)
  }

  #findGlobal(name: string): Found | Missing {
    const table = this.#globals.get(name)
    if (table) return { kind: 'found', table }
    if (this.#keyspaces.size === 1) {
      for (const only of this.#keyspaces.values()) return findIn(only, name)
    }
    return table === null ? { kind: 'ambiguous', table: name } : { kind: 'unknownTable', table: name }
  }
}

function findIn({ schema, tables }: BuiltKeyspace, name: string): Found | Missing {
  const table = tables.get(name)
  if (table !== undefined) return { kind: 'found', table }
  return { kind: 'unknownTable', keyspace: schema.name, table: name }
}
