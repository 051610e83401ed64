import type { ByteBudget } from '../base/byte-budget.ts'
import type { Bindings } from './bindings.ts'
import type { RowFormat, StreamColumn } from './row-stream.ts'
import type { ShardPort } from './shard-port.ts'
import type { ShardsView } from './shards-view.ts'

/** What a statement may copy to answer it over copies of its tables. */
export interface CopyLimits {
  readonly copiedRowsMax: number
  readonly copiedBytesMax: number
}

/** What a plan needs to run once. */
export interface RunContext {
  readonly bindings: Bindings
  readonly shards: ShardsView
  readonly port: ShardPort
  /** The client's protocol, for rows that no shard sends; shards' rows come in the same by the port's doing. */
  readonly format: RowFormat
  /** Rows of shards are not for the client, and come as text. */
  readonly asText?: true
  /** With `asText`: as `ShardQuery.kept`. */
  readonly kept?: boolean
  /** Rows are locked: on one shard after the other. */
  readonly locksInOrder?: true
  /** What the session may hold: sorted rows. */
  readonly memory: ByteBudget
  readonly limits: CopyLimits
  /** Columns of the answer where MySQL has told them (`Plan.judged`). */
  readonly columns?: readonly StreamColumn[] | undefined
}
