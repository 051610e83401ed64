import type { Destination } from '../key/destination.ts'
import type { KeyRange } from '../key/key-range.ts'
import type { KeyspaceId } from '../key/keyspace-id.ts'
import type { Value } from '../values/value.ts'
import type { LookupReader } from './lookup-reader.ts'

/** What every vindex says of itself. */
export interface VindexInfo {
  /** The name given to it in its keyspace. */
  readonly name: string
  readonly type: string
  /** The planner prefers the lowest: 0 copies the id, 1 hashes, 10 and more asks a table. */
  readonly cost: number
  /** Each value belongs to one keyspace id at most. */
  readonly unique: boolean
  /** Mapping reads a lookup table. */
  readonly needsLookup: boolean
  /** Parameters given in the VSchema that the type does not know, sorted; they have no effect. */
  readonly unknownParams: readonly string[]
}

/**
 * A vindex over one column, computed from the value alone.
 * `map` answers None for a value that cannot be in any row; it throws `SqlError` for one that the type cannot take.
 */
export interface SingleColumnVindex extends VindexInfo {
  readonly kind: 'single'
  map(value: Value): Destination
  /** Whether the value belongs to the keyspace id. */
  verify(value: Value, id: KeyspaceId): boolean
  /** The id of a value, for use in multi-column vindexes; undefined where `map` says None. Throws as `map`. */
  hash?(value: Value): KeyspaceId | undefined
  /** The value that maps to the id. Throws `SqlError` for an id that no value maps to. */
  reverse?(id: KeyspaceId): Value
  /**
   * A key range that holds the ids of all values from `start` to `end`, both included, and may hold a few more; only
   * where ids are ordered as values are: unsigned integers (`numeric`), binary strings (`binary`). Undefined for values
   * without an id, throws as `map`.
   */
  rangeMap?(start: Value, end: Value): KeyRange | undefined
  /** The vindex of a LIKE pattern's constant prefix. */
  readonly prefix?: PrefixVindex
}

/** Maps a LIKE pattern to the key range of all values that begin like it. */
export interface PrefixVindex {
  readonly cost: number
  map(pattern: Value): Destination
}

/** A vindex over several columns, computed from their values alone. */
export interface MultiColumnVindex extends VindexInfo {
  readonly kind: 'multi'
  readonly columnCount: number
  /** The first columns alone map to a key range. */
  readonly partial: boolean
  /** `values` are those of the first columns: all of them for a keyspace id, fewer for a key range if `partial`. */
  map(values: readonly Value[]): Destination
  verify(values: readonly Value[], id: KeyspaceId): boolean
}

/**
 * A vindex kept in a table of its own. Only its description is here: reads may leave it aside (they find the same rows
 * on more shards), writes of an owner table must keep its rows.
 */
export interface LookupVindex extends VindexInfo {
  readonly kind: 'lookup'
  readonly params: Readonly<Record<string, string>>
  /** `write_only`: its rows are still being filled in, so that it may not be read. */
  readonly backfilling: boolean
  /**
   * What the table has in the place of a value, an unsigned integer; absent: the value itself. Undefined for a value that has
   * none, throws `SqlError` for one that it cannot take.
   */
  fromValue?(value: Value): Value | undefined
  /** The table has numbers in the place of keyspace ids: `hash` makes these of them. */
  readonly isHashed: boolean
}

export type Vindex = SingleColumnVindex | MultiColumnVindex | LookupVindex

/** What vindexes need from outside. */
export interface VindexDeps {
  /** Reads a file named by a parameter (`json_path`, `region_map`). Throws what `readFileSync` throws. */
  readFile(path: string): Uint8Array
  readonly lookup?: LookupReader
}

/** What the maker of a vindex has at hand. */
export interface VindexContext extends VindexDeps {
  /** Makes a vindex of any type, for types that are made of others. */
  create(type: string, name: string, params: Readonly<Record<string, string>>): Vindex
}

/** Makes a vindex of one type. Throws `SqlError` for parameters that are missing or wrong. */
export type VindexFactory = (
  name: string,
  params: Readonly<Record<string, string>>,
  context: VindexContext,
) => Vindex
