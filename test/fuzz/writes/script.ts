import type { Fragment } from '../select/fragment.ts'

/** What one session does, now and then with another beside it, from the first connection to the last. */
export interface Script {
  /** transaction_mode of the proxy's sessions. */
  readonly mode: 'multi' | 'twopc'
  readonly steps: readonly Step[]
}

export interface Step {
  /** The other session has no transaction, and waits for none. */
  readonly session: 0 | 1
  readonly how: How
  readonly sql: Fragment
  /** What tables hold is compared behind it. */
  readonly isWrite: boolean
  /** Where no transaction is open: all tables are, and lookup tables. */
  readonly isEnd: boolean
  /** What follows makes no sense where the proxy refuses it. */
  readonly isNeeded: boolean
  /** About the statement before, which has to be answered. */
  readonly isAsking: boolean
}

/** COM_QUERY, COM_STMT_PREPARE, or PREPARE … EXECUTE … USING. */
export type How = 'text' | 'binary' | 'sql'
