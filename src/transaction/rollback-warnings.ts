import type { Condition } from '../errors/condition.ts'

/** ER_WARNING_NOT_COMPLETE_ROLLBACK_WITH_CREATED_TEMP_TABLE and its kin for dropped ones: MySQL's. */
const CREATED = 1751
const DROPPED = 1752

/**
 * What ROLLBACK cannot undo: of the shards' warnings those that are of the client's doing, for copies of tables are made and
 * dropped on their connections, too.
 */
export class RollbackWarnings {
  #codes: ReadonlySet<number> = new Set()

  /** A temporary table of the client's was made or dropped in the transaction. */
  noteTemporary(verb: 'create' | 'drop'): void {
    this.#codes = new Set([...this.#codes, verb === 'create' ? CREATED : DROPPED])
  }

  clear(): void {
    this.#codes = new Set()
  }

  /** Each once, as one server says it of a whole transaction. To be asked before `clear`. */
  telling(): (conditions: readonly Condition[]) => readonly Condition[] {
    const codes = this.#codes
    const isOther = (code: number) => code !== CREATED && code !== DROPPED
    return (conditions) => {
      const told = conditions.filter(({ code }) => isOther(code) || codes.has(code))
      return [...new Map(told.map((condition) => [condition.code, condition])).values()]
    }
  }
}
