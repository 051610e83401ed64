import type { BoundQuery, BoundText } from '../../engine/bindings.ts'
import type { ResponseSummary } from '../../mysql/client/response-reader.ts'
import type { ShardStatement } from '../../mysql/client/shard-statement.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Lease } from '../../tablet/lease.ts'
import type { ShardTarget } from '../../tablet/shard-target.ts'
import type { Reading } from './reading.ts'
import type { StatementBindings } from './statement-bindings.ts'

/** Makes the statements that shards get, in the protocol (text or prepared) of the client's own. */
export interface StatementMaker {
  readonly format: 'text' | 'binary'
  /** The client's statement as it came. `cursor`: it may open the cursor that the client asked for. */
  verbatim(options?: CursorOptions): ShardStatement
  ofText(text: BoundText, options?: CursorOptions): ShardStatement
}

/** A cursor is one server's: an answer made of several shards' rows comes whole instead. */
export interface CursorOptions {
  readonly cursor: boolean
}

/** One execution of a plan: the statement's text and values, and how it is put to shards. */
export interface Execution extends StatementMaker {
  readonly plan: Plan
  /** Text of the statement (binary string). */
  readonly sql: string
  readonly bindings: StatementBindings
  /** How the text was read: the session's way now, or that of a prepared statement when it was prepared. */
  readonly reading: Reading
  /** Names, in lower case, of the user variables that stand for its `?`. */
  readonly using?: readonly string[]
  /** Tables have turned out to be others than it was planned for: that happens once. */
  readonly isPlannedAnew?: true
  /** How often it has been run, this time included; absent: once. */
  readonly attempts?: number
  /** At the end of an answer that is relayed, before its connection goes back. */
  readonly onRelayed?: RelayedHook | undefined
}

export type RelayedHook = (summary: ResponseSummary, relayed: Relayed) => void

/** An answer that has been relayed, and the connection that it came from. */
export interface Relayed {
  readonly target: ShardTarget
  readonly lease: Lease
  /** COM_STMT_PREPARE: the backend's statement id and its number of params. */
  readonly preparedId: number
  readonly preparedParams: number
  /** The connection stays with whoever calls this: a cursor. */
  keep(): void
}

/** The statement that a shard gets for a bound query. */
export function statementFor(
  maker: StatementMaker,
  query: BoundQuery,
  options?: CursorOptions,
): ShardStatement {
  return query.kind === 'Verbatim' ? maker.verbatim(options) : maker.ofText(query, options)
}
