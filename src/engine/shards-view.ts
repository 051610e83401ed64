import type { ShardsOf } from './shard-set.ts'

/** The shards as one session sees them, when a plan asks where it goes. */
export interface ShardsView {
  /** '' stands for any keyspace that serves: statements that touch no table. Throws what keeps the keyspace from serving. */
  readonly shardsOf: ShardsOf
  /** Position of the shard to ask where any of the `count` shards gives the answer. */
  pick(keyspace: string, count: number): number
  isKeyspace(name: string): boolean
  /** Name of the keyspace's database on a shard. */
  databaseOf(keyspace: string, shard: number): string
  readonly insertMode: InsertMode
  /** CLIENT_FOUND_ROWS: an UPDATE counts rows that it has left as they were. */
  readonly countsFound: boolean
  /** A statement for the shard must be shorter: its primary's max_allowed_packet. Infinity where that is not known. */
  packetBytesMax(keyspace: string, shard: number): number
  /** Whether a sequence is known to give no number up to this one any more. */
  isIdPassed(keyspace: string, sequence: string, id: bigint): boolean
  /** sql_mode has NO_BACKSLASH_ESCAPES: `\\` is a character like any other. */
  readonly noBackslashEscapes: boolean
}

/** What the session's sql_mode says of rows to be inserted. */
export interface InsertMode {
  /** NO_AUTO_VALUE_ON_ZERO: a 0 in an auto-increment column is stored as it is. */
  readonly noAutoValueOnZero: boolean
  /** STRICT_…: text that is no number is refused by the shard, not stored as 0. */
  readonly isStrict: boolean
}
