import type { ByteBudget } from '../../base/byte-budget.ts'
import { SqlError } from '../../errors/sql-error.ts'

/** What a key and its place in the map take beside the value: about as much on a 64-bit machine. */
const ENTRY_BYTES = 200

/** Things that a client makes its session keep, by name, within the session's memory. */
export class HeldMap<V> {
  readonly #memory: ByteBudget
  readonly #bytesOf: (value: V) => number
  readonly #values = new Map<string, V>()

  constructor(memory: ByteBudget, bytesOf: (value: V) => number) {
    this.#memory = memory
    this.#bytesOf = bytesOf
  }

  get(name: string): V | undefined {
    return this.#values.get(name)
  }

  /** Throws ER_DA_CONN_LIMIT or ER_DA_GLOBAL_CONN_LIMIT where it would be too much; then the old value stays. */
  set(name: string, value: V): void {
    const known = this.#values.get(name)
    const before = known === undefined ? 0 : this.#sizeOf(name, known)
    const bytes = this.#sizeOf(name, value)
    requireMemory(this.#memory, bytes - before)
    this.#memory.hold(bytes - before)
    this.#values.set(name, value)
  }

  delete(name: string): boolean {
    const known = this.#values.get(name)
    if (known !== undefined) this.#memory.give(this.#sizeOf(name, known))
    return this.#values.delete(name)
  }

  clear(): void {
    for (const name of [...this.#values.keys()]) this.delete(name)
  }

  #sizeOf(name: string, value: V): number {
    return ENTRY_BYTES + name.length + this.#bytesOf(value)
  }
}

/** Throws when a session may not hold so much more. MySQL closes the connection then; here the statement fails. */
export function requireMemory(memory: ByteBudget, bytes: number): void {
  if (bytes > 0 && !memory.hasRoom(bytes)) throw memoryExceeded(memory, bytes)
}

/** Whose limit it is that leaves no room for `bytes` more. */
export function memoryExceeded(memory: ByteBudget, bytes: number): SqlError {
  const wouldHold = memory.held + bytes
  if (wouldHold > memory.bytesMax) {
    return new SqlError(
      'ER_DA_CONN_LIMIT',
      `Connection memory limit ${memory.bytesMax} bytes exceeded. Consumed ${wouldHold} bytes by user variables, prepared statements and rows: free some, or raise connection_memory_limit.`,
    )
  }
  return new SqlError(
    'ER_DA_GLOBAL_CONN_LIMIT',
    `Global connection memory limit exceeded: the sessions of this proxy hold too many user variables, prepared statements and rows for ${bytes} bytes more. Free some, or raise global_connection_memory_limit.`,
  )
}

export function isOutOfMemory(error: unknown): error is SqlError {
  return (
    error instanceof SqlError &&
    (error.code === 'ER_DA_CONN_LIMIT' || error.code === 'ER_DA_GLOBAL_CONN_LIMIT')
  )
}
