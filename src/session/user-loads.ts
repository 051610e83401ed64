import type { Clock } from '../base/clock.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import { WaitQueue } from '../base/wait-queue.ts'
import { SqlError } from '../errors/sql-error.ts'
import type { UserLimits } from '../mysql/server/auth/access.ts'

/** Statements of one user that may wait for others of his to end. */
const WAITERS_MAX = 1_000

interface Load {
  connections: number
  running: number
  /** Made when a statement has to wait. */
  queue: WaitQueue<() => void, void> | undefined
  /** Made when the first statement of a user with a rate begins. */
  statements: TokenBucket | undefined
}

/**
 * What the users with limits are at, in this process. Errors are MySQL's 1226, which names what the account has exceeded: connections
 * (`limits.connections` of the users file), statements a second (`limits.rate`), statements at once (`limits.concurrency`), for which
 * the others wait first.
 */
export class UserLoads {
  readonly #clock: Clock
  readonly #waitTimeoutMs: number
  /** Of those who have been here: who comes again goes on with the rate that he has left. */
  readonly #loads = new Map<string, Load>()

  constructor(waitTimeoutMs: number, clock: Clock) {
    this.#waitTimeoutMs = waitTimeoutMs
    this.#clock = clock
  }

  /** One more connection of the user, until `left`. */
  connected(user: string, { connections }: UserLimits): void {
    const load = this.#load(user)
    if (connections !== undefined && load.connections >= connections)
      throw exceeded(user, 'max_user_connections', connections, 'connections')
    load.connections++
  }

  left(user: string): void {
    this.#load(user).connections--
  }

  /** A statement is about to begin. */
  begins(user: string, { rate }: UserLimits): void {
    if (rate === undefined) return
    const load = this.#load(user)
    const nowMs = this.#clock.now()
    load.statements ??= new TokenBucket(rate, nowMs)
    if (!load.statements.take(nowMs)) throw exceeded(user, 'statements_per_second', rate, 'rate')
  }

  /** Takes one of the places for statements at once; false where there is none. `ends` gives it back. */
  enter(user: string, { concurrency = Number.POSITIVE_INFINITY }: UserLimits): boolean {
    const load = this.#load(user)
    if (load.running >= concurrency) return false
    load.running++
    return true
  }

  /** Runs beside the others, for they may be waiting for it. */
  enterAnyway(user: string): void {
    this.#load(user).running++
  }

  /** Resolves with a place; `entered` is called at that moment. Throws the reason of `signal`. */
  async wait(
    user: string,
    { concurrency }: UserLimits,
    { entered, signal }: { readonly entered: () => void; readonly signal: AbortSignal },
  ): Promise<void> {
    const load = this.#load(user)
    load.queue ??= new WaitQueue(this.#clock)
    const timedOut = () => exceeded(user, 'statements_at_once', concurrency!, 'concurrency')
    if (load.queue.size >= WAITERS_MAX) throw timedOut()
    await load.queue.wait(entered, { timeoutMs: this.#waitTimeoutMs, timedOut, signal })
  }

  ends(user: string): void {
    const load = this.#load(user)
    const next = load.queue?.next()
    if (next === undefined) load.running--
    else {
      next.asked()
      next.resolve()
    }
  }

  #load(user: string): Load {
    let load = this.#loads.get(user)
    if (load === undefined) {
      load = { connections: 0, running: 0, queue: undefined, statements: undefined }
      this.#loads.set(user, load)
    }
    return load
  }
}

function exceeded(user: string, resource: string, limit: number, setting: keyof UserLimits): SqlError {
  return new SqlError(
    'ER_USER_LIMIT_REACHED',
    `User '${user}' has exceeded the '${resource}' resource (current value: ${limit}; limits.${setting} of the users file)`,
  )
}
