import type { ValueType } from '../values/value.ts'
import type { LookupVindex, SingleColumnVindex, Vindex } from '../vindex/vindex.ts'
import type { PlanList, PlanValue } from './values.ts'

/** Where a statement goes, before shards are known. Values are resolved at execution. */
export type Routing =
  /** The only shard of an unsharded keyspace. */
  | { readonly kind: 'Unsharded'; readonly keyspace: string }
  /** Any one shard: reference tables, `dual`. */
  | { readonly kind: 'AnyShard'; readonly keyspace: string }
  /**
   * information_schema and its kin: any shard of the keyspace that one of `schemas`, the values that are compared with a
   * schema's name, names; of `keyspace` when none does. '' is any.
   */
  | {
      readonly kind: 'SystemSchema'
      readonly keyspace: string
      readonly schemas: readonly PlanValue[]
      /** Slots of lists in which a schema's name is to be. */
      readonly lists?: readonly number[]
    }
  /** Provably empty: any one shard gives the empty answer with the right columns. */
  | { readonly kind: 'None'; readonly keyspace: string }
  | { readonly kind: 'Scatter'; readonly keyspace: string }
  /** All columns of the vindex, or a leading part of a multi-column one, are known. */
  | {
      readonly kind: 'Equal'
      readonly keyspace: string
      readonly vindex: Vindex
      readonly values: readonly PlanValue[]
      readonly columns?: RoutedColumns
      /** The shard of a row into which the values are written, not of rows that are equal to them. */
      readonly written?: true
    }
  /** One column of a single-column vindex is in a list. */
  | {
      readonly kind: 'In'
      readonly keyspace: string
      readonly vindex: Vindex
      readonly list: PlanList
      readonly columns?: RoutedColumns
    }
  | LookupRouting
  /** The column is LIKE a pattern: all values that begin as it does. */
  | {
      readonly kind: 'Prefix'
      readonly keyspace: string
      readonly vindex: Vindex
      readonly pattern: PlanValue
      readonly columns?: RoutedColumns
    }
  /** The column is between two values, both included, or on one side of one; the vindex orders ids as values. */
  | RangeRouting
  /** Several full or partial tuples for a vindex: OR of equalities, tuple IN, products of lists. */
  | {
      readonly kind: 'MultiEqual'
      readonly keyspace: string
      readonly vindex: Vindex
      readonly tuples: readonly (readonly PlanValue[])[]
      readonly columns?: RoutedColumns
    }
  /** Product of one list per column of a multi-column vindex (`a IN (…) AND b IN (…)`). */
  | {
      readonly kind: 'Product'
      readonly keyspace: string
      readonly vindex: Vindex
      readonly lists: readonly PlanList[]
      readonly columns?: RoutedColumns
    }
  /**
   * The shards that any of the parts meets. For statements that are right only where all of it is on one shard, though
   * their tables are placed by different values: `a.id = 5 AND b.id = 6`.
   */
  | { readonly kind: 'Union'; readonly keyspace: string; readonly parts: readonly Routing[] }
  /** As `routing`; any one shard where one of the conditions is not true, for then no row counts: `WHERE 1 = 0`. */
  | {
      readonly kind: 'Unless'
      readonly keyspace: string
      readonly conditions: readonly ConstantCondition[]
      readonly routing: Routing
    }
  /** The shard that the session's target names. */
  | { readonly kind: 'Shard'; readonly keyspace: string; readonly shard: string }
  /** The shard that holds this keyspace id: pinned tables. */
  | { readonly kind: 'Pinned'; readonly keyspace: string; readonly keyspaceId: Uint8Array }

/** A comparison of two values that are known without MySQL. */
export interface ConstantCondition {
  readonly op: '=' | '<>' | '<' | '<=' | '>' | '>='
  readonly left: PlanValue
  readonly right: PlanValue
}

export interface RangeRouting {
  readonly kind: 'Range'
  readonly keyspace: string
  readonly vindex: SingleColumnVindex
  /** At least one of the two. */
  readonly low?: PlanValue
  readonly high?: PlanValue
  readonly columns?: RoutedColumns
}

/** The column is equal to one of the values: their rows are where the lookup table says, which is asked first. */
export interface LookupRouting {
  readonly kind: 'Lookup'
  readonly keyspace: string
  readonly vindex: LookupVindex
  readonly list: PlanList
  readonly columns?: RoutedColumns
}

/**
 * What the VSchema says of the columns that feed a vindex, in the vindex's order; undefined where it says nothing.
 * They decide which values route: `id = '12abc'` meets row 12 of a BIGINT column (src/engine/routable.ts).
 */
export type RoutedColumns = readonly (RoutedColumn | undefined)[]

export interface RoutedColumn {
  readonly type: ValueType
  /** Name of the column's collation; absent: unknown, or not a text column. */
  readonly collation?: string
  /** Characters of text, bytes of binary strings, digits of a DECIMAL, fractional digits of times. */
  readonly size?: number
  /** Fractional digits of a DECIMAL. */
  readonly scale?: number
  /** Known to be NOT NULL. */
  readonly notNull?: true
  /** Of an ENUM; absent: unknown. */
  readonly members?: readonly string[]
}
