import type { UserLimits } from '../../mysql/server/auth/access.ts'
import type { ClientConnection } from '../../mysql/server/session-handler.ts'
import type { Transaction } from '../../transaction/transaction.ts'
import type { Interruption } from '../commands/interruption.ts'
import type { UserLoads } from '../user-loads.ts'

export interface UserPlaceContext {
  readonly proxy: { readonly userLoads: UserLoads }
  readonly client: Pick<ClientConnection, 'identity'>
  readonly transaction: Transaction
  readonly interruption: Interruption
}

/** The session's part of what its user may have at once (user-loads.ts). A user without limits is not counted. */
export class UserPlace {
  readonly #context: UserPlaceContext
  /** Who is counted: COM_CHANGE_USER makes the session another's. */
  #counted: { readonly user: string; readonly limits: UserLimits } | undefined
  #isRunning = false

  constructor(context: UserPlaceContext) {
    this.#context = context
  }

  /** Throws 1226 for one connection too many. */
  connect(): void {
    this.leave()
    const { user, access } = this.#context.client.identity
    const { limits } = access
    if (limits === undefined) return
    this.#context.proxy.userLoads.connected(user, limits)
    this.#counted = { user, limits }
  }

  /** Before a statement for shards begins: resolves when it may; undefined where it may at once. Throws 1226. */
  enter(): Promise<void> | undefined {
    if (this.#counted === undefined || this.#isRunning) return undefined
    const { proxy, transaction, interruption } = this.#context
    const { user, limits } = this.#counted
    proxy.userLoads.begins(user, limits)
    const entered = () => {
      this.#isRunning = true
    }
    if (!proxy.userLoads.enter(user, limits)) {
      // Others of the user's may be waiting for what the session has open.
      if (transaction.lanes.size === 0)
        return proxy.userLoads.wait(user, limits, { entered, signal: interruption.signal })
      proxy.userLoads.enterAnyway(user)
    }
    entered()
    return undefined
  }

  statementEnds(): void {
    if (!this.#isRunning) return
    this.#isRunning = false
    this.#context.proxy.userLoads.ends(this.#counted!.user)
  }

  leave(): void {
    this.statementEnds()
    if (this.#counted !== undefined) this.#context.proxy.userLoads.left(this.#counted.user)
    this.#counted = undefined
  }
}
