import type { ScannedText } from '../sql/column-name.ts'
import { isMariaDb } from '../sql/keywords.ts'
import type { SqlMode } from '../sql/sql-mode.ts'
import type { TabletTypeName, VSchema } from '../vschema/model.ts'

/** What a plan depends on beside the statement: plans are cached for one such context. */
export interface PlanContext {
  readonly vschema: VSchema
  /** The keyspace of the session's target. */
  readonly defaultKeyspace?: string
  readonly tabletType: TabletTypeName
  /** The session's target names a shard: every statement goes there as it is. */
  readonly shard?: string
  /** One way that the client wants: by rules alone, or over copies of the tables, or of groups of rows, wherever that can be done. */
  readonly planner?: Planner
  /** What it orders or groups by is known when it runs: rules cannot be. MariaDB reads a `?` in ORDER BY as a position. */
  readonly ordersByValue?: boolean
  /** Lexical bits of sql_mode: rewritten statements are read under it again. */
  readonly sqlMode?: SqlMode
  /** `false`: foreign_key_checks is off. */
  readonly foreignKeyChecks?: boolean
  /** As in ParseOptions: queries of views are read by it. */
  readonly serverVersion?: number
  /** The tree is not that of the text any more: no shard may get the client's bytes. */
  readonly isChanged?: boolean
  /** Of so many subqueries it is known what they give when it runs: they stand in the tree as params with numbers from -1 down. */
  readonly pulledOut?: number
  /** The statement's text, to which its spans point: columns are named after it. */
  readonly source?: ScannedText
  /**
   * Name of the keyspace's database on its shards; undefined where shards differ. A qualifier of this very name
   * may stay in the text; any other is taken out, for a shard's connection has its own database as default.
   */
  databaseName(keyspace: string): string | undefined
  /** The same for stored functions, where they are others: tables stand in one database, copied. */
  routineDatabase?(keyspace: string): string | undefined
}

export function isOfMariaDb({ serverVersion = 0 }: PlanContext): boolean {
  return isMariaDb(serverVersion)
}

export type Planner = 'rules' | 'federation' | 'groups'
