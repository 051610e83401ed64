import { writtenRowKey } from '../../engine/written-row.ts'
import type { HotRows } from '../../tablet/hot-rows.ts'
import { ISOLATION } from '../../tablet/settings.ts'
import type { Transaction } from '../../transaction/transaction.ts'
import type { Interruption } from '../commands/interruption.ts'
import type { SessionState } from '../settings/session-state.ts'
import type { Execution } from './execution.ts'

export interface RowPlacesContext {
  readonly proxy: { readonly hotRows: HotRows | undefined }
  readonly state: SessionState
  readonly transaction: Transaction
  readonly interruption: Interruption
}

/**
 * The session's places at rows that it writes (tablet/hot-rows.ts): until the end of the statement, or of the transaction.
 *
 * Who waits here holds nothing that others may wait for, so that no circle of waiting goes through the proxy: a transaction that has
 * written or locked something goes on to its server, whose deadlock detection sees all there is to see.
 */
export class RowPlaces {
  readonly #context: RowPlacesContext
  readonly #held = new Set<string>()

  constructor(context: RowPlacesContext) {
    this.#context = context
  }

  /** Before a statement that names the row it writes begins: resolves when it may; undefined where it may at once. */
  enter({ plan, bindings }: Execution): Promise<void> | undefined {
    const { proxy, interruption, state } = this.#context
    const { hotRows } = proxy
    const key = hotRows && plan.row && writtenRowKey(plan.row, bindings)
    if (hotRows === undefined || key === undefined || this.#held.has(key)) return undefined
    const entered = () => void this.#held.add(key)
    if (hotRows.enter(key)) return void entered()
    if (this.#mayBeWaitedFor()) return undefined
    const seconds = Number(state.settings.items.get('innodb_lock_wait_timeout') ?? Number.NaN)
    const timeoutMs = Number.isNaN(seconds) ? undefined : seconds * 1000
    return hotRows.wait(key, { entered, timeoutMs, signal: interruption.signal })
  }

  statementEnds(): void {
    if (this.#held.size > 0 && !this.#context.transaction.isOpen) this.leave()
  }

  /** The COMMIT or ROLLBACK is on its way, or the client has gone: the next may follow. */
  leave(): void {
    for (const key of this.#held) this.#context.proxy.hotRows?.leave(key)
    this.#held.clear()
  }

  /** The session may have locks of rows, tables or names, or a connection that others lack. */
  #mayBeWaitedFor(): boolean {
    const { state, transaction } = this.#context
    const { lanes } = transaction
    if (lanes.size === 0) return this.#held.size > 0
    const reads = [transaction.isolation, state.settings.items.get(ISOLATION)]
    return (
      reads.includes('SERIALIZABLE') ||
      lanes.all().some(({ hasWritten, reservedFor, lease }) => {
        const { hasRoom } = lease.tablet.load
        return hasWritten || reservedFor.size > 0 || !hasRoom
      })
    )
  }
}
