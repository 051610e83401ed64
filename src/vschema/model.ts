import type { KeyspaceId } from '../key/keyspace-id.ts'
import type { Column, StoredKey, StoredView } from '../values/column.ts'
import type { ForeignKey, StoredForeignKey } from '../values/foreign-key.ts'
import type { StoredPrograms } from '../values/stored-programs.ts'
import type { ValueType } from '../values/value.ts'
import type { Vindex } from '../vindex/vindex.ts'

export type { Column } from '../values/column.ts'

/** Which of a shard's tablets a statement is for; routing rules may differ by it. */
export type TabletTypeName = 'primary' | 'replica' | 'rdonly'

/** All keyspaces and the rules between them: what the planner asks about tables. Immutable. */
export interface VSchema {
  readonly keyspaces: ReadonlyMap<string, KeyspaceSchema>
  /**
   * Finds a table of a keyspace, or by its name alone when no keyspace is given and none is in use. Routing rules come
   * first: `keyspace.table@type`, then `keyspace.table`. An unsharded keyspace has any table one asks for; what a sharded one
   * does not have is looked for in `defaultUnsharded` (unnamed-tables.ts).
   */
  findTable(keyspace: string | undefined, table: string, tabletType: TabletTypeName): TableResolution
  /**
   * Where tables are that no VSchema names, as sharded keyspaces and sessions without a database see them: an unsharded
   * keyspace. Undefined where none is configured, or what is configured cannot be it (`problems` says why).
   */
  readonly defaultUnsharded?: string
  /** The keyspace that serves a shard: another one while the shard's rows move between keyspaces. */
  keyspaceOfShard(keyspace: string, shard: string): string
  /** Everything that is wrong, in words, each with the name of its keyspace or rule. */
  readonly problems: readonly string[]
  /** Fields of the VSchemas that are not in their format, with their paths. They are passed over, as Vitess does. */
  readonly unknownFields: readonly string[]
}

export interface KeyspaceSchema {
  readonly name: string
  readonly sharded: boolean
  /** Tables of the VSchema, and with columns read from a database those found there. */
  readonly tables: ReadonlyMap<string, Table>
  /** Of these, the tables that the VSchema names. */
  readonly named: ReadonlySet<string>
  /** Tables that a sharded keyspace's servers have, and its VSchema does not name. */
  readonly strays?: ReadonlySet<string>
  readonly vindexes: ReadonlyMap<string, Vindex>
  /** All vindexes as the VSchema has them, also those that cannot be used. */
  readonly definedVindexes: ReadonlyMap<string, DefinedVindex>
  readonly requireExplicitRouting: boolean
  readonly foreignKeyMode: ForeignKeyMode
  readonly multiTenant?: { readonly column: string; readonly type: ValueType }
  /** Stored routines and triggers on its shards; absent where there are none, or they have not been read. */
  readonly programs?: StoredPrograms
  /** Set when the VSchema as a whole is wrong: no statement on this keyspace is planned. */
  readonly error?: string
}

export interface DefinedVindex {
  readonly type: string
  readonly params: Readonly<Record<string, string>>
  /** The table whose writes keep its lookup table; '' for none. */
  readonly owner: string
}

export type ForeignKeyMode = 'disallow' | 'unmanaged' | 'managed'

export interface Table {
  readonly keyspace: string
  readonly sharded: boolean
  readonly name: string
  readonly type: 'normal' | 'sequence' | 'reference'
  /** In the VSchema's order: the primary vindex first, then its column prefixes, then the others. */
  readonly columnVindexes: readonly ColumnVindex[]
  /** The same by cost, the cheapest first; equal costs keep their order. */
  readonly vindexesByCost: readonly ColumnVindex[]
  readonly autoIncrement?: AutoIncrement
  /** What is known of the columns, in the table's order; empty when nothing is. */
  readonly columns: readonly Column[]
  /** `columns` are all columns there are. */
  readonly columnListAuthoritative: boolean
  /** All columns and keys as the servers have them, whatever the VSchema says; undefined while they have not been read. */
  readonly live: LiveTable | undefined
  /** The one place of all rows, instead of a vindex. */
  readonly pinned?: KeyspaceId
  /** Of a view that can be written (placed-views.ts): the table whose rows it shows, and what it calls the table's columns. */
  readonly shows?: { readonly table: Table; nameOf(column: string): string | undefined }
  /** Of the session alone (temporary-tables.ts). */
  readonly isTemporary?: true
  /** Where a reference table is written; its copies are only read. */
  readonly source?: TableAddress
  /** Reference tables whose source this is, by keyspace. */
  readonly referencedBy: ReadonlyMap<string, Table>
  /** Set where the keyspace's foreign keys are managed, and the table has some, or is referred to by some. */
  readonly foreignKeys?: ManagedForeignKeys
}

/** In the order of their names. */
export interface ManagedForeignKeys {
  /** Of the table. */
  readonly own: readonly ForeignKey[]
  /** That refer to the table, its own among them. */
  readonly toIt: readonly ForeignKey[]
  /** Rows of all tables that these tie together are on the same shard, whose server looks after them as long as none moves. */
  readonly byServers: boolean
  /** Why rows of the table cannot be written, in words. */
  readonly problem?: string
}

export interface LiveTable {
  readonly columns: readonly Column[]
  readonly keys: readonly StoredKey[]
  /** About how many rows it has on one shard, within some times as many; 0 for few, or a view. */
  readonly shardRows: number
  /** Set for a view: each shard's is over the rows of that shard. */
  readonly view?: StoredView
  readonly foreignKeys?: readonly StoredForeignKey[]
  readonly hasTriggers?: true
}

export interface TableAddress {
  readonly keyspace: string
  readonly table: string
}

/** A vindex on columns of a table. Column names compare without regard to case (`sameColumn`). */
export interface ColumnVindex {
  readonly columns: readonly string[]
  readonly name: string
  readonly type: string
  readonly vindex: Vindex
  /** One keyspace id at most for given values of `columns`. */
  readonly unique: boolean
  readonly cost: number
  /** `columns` are only the first ones of a multi-column vindex: values map to a key range. */
  readonly partial: boolean
  /** Writes of this table keep the lookup table. */
  readonly owned: boolean
  /** The lookup table is still being filled in: it may not be read. */
  readonly backfilling: boolean
}

export interface AutoIncrement {
  readonly column: string
  /** The table that gives the numbers. */
  readonly sequence: TableAddress
}

/** Tables as a live database has them, read by another part. */
export interface ColumnSource {
  /** Undefined for a table that is not known (yet). */
  tableOf(keyspace: string, table: string): LiveTable | undefined
  /** Names of the keyspace's tables. */
  tablesOf(keyspace: string): Iterable<string>
  programsOf?(keyspace: string): StoredPrograms | undefined
}

export type TableResolution =
  | { readonly kind: 'found'; readonly table: Table }
  /** No such table; `keyspace` is absent when it was looked for by name alone. `absent`: nor has its database one. */
  | {
      readonly kind: 'unknownTable'
      readonly keyspace?: string
      readonly table: string
      readonly absent?: boolean
    }
  | { readonly kind: 'unknownKeyspace'; readonly keyspace: string }
  /** Several keyspaces have a table of this name. */
  | { readonly kind: 'ambiguous'; readonly table: string }
  /** A routing rule without a target turns the table off. */
  | { readonly kind: 'disabled'; readonly table: string }
  /** What the VSchema says of the table or of its keyspace, or the rule for it, is wrong. */
  | { readonly kind: 'broken'; readonly message: string }

export function sameColumn(a: string, b: string): boolean {
  return a === b || a.toLowerCase() === b.toLowerCase()
}
