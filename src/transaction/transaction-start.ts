import type { Characteristics } from '../tablet/settings.ts'

/** BEGIN or START TRANSACTION as it was said. */
export interface BeginWords {
  readonly begin: string
  /** As the text of `begin` has it. */
  readonly access?: Characteristics['access']
  /** WITH CONSISTENT SNAPSHOT. */
  readonly takesSnapshot?: boolean
}

/** How a transaction was asked for; a shard is told when the first statement reaches it. */
export interface TransactionStart {
  /** Statements before START TRANSACTION: `SET TRANSACTION …` of the next transaction. */
  readonly before: readonly string[]
  /** `BEGIN`, or `START TRANSACTION READ ONLY, WITH CONSISTENT SNAPSHOT`. */
  readonly begin: string
  /** It begins as a branch of an atomic transaction instead of by `begin`. */
  readonly branch?: BranchStart
}

export const PLAIN_START: TransactionStart = { before: [], begin: 'BEGIN' }

export interface BranchStart {
  /** Of the transaction. */
  readonly id: string
  /** Behind XA START, which can say less than START TRANSACTION. */
  readonly behind: readonly string[]
}

/** What a transaction asks of its session as it begins. */
export interface SessionView {
  /** Transactions that say nothing of it are READ ONLY. */
  isReadOnly(): boolean
  /** It addresses one shard: what it says goes there, whatever it is. */
  isTargeted(): boolean
}

export const ORDINARY_SESSION: SessionView = { isReadOnly: () => false, isTargeted: () => false }
