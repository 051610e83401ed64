import type { ByteBudget } from '../../base/byte-budget.ts'
import type { SqlError } from '../../errors/sql-error.ts'
import type { Scan } from '../../sql/scan.ts'
import type { Lease } from '../../tablet/lease.ts'
import type { ShardTarget } from '../../tablet/shard-target.ts'
import type { Lane } from '../../transaction/lane.ts'
import { memoryExceeded } from '../settings/held-map.ts'
import type { Reading } from '../statements/reading.ts'

export interface PreparedText {
  readonly id: number
  readonly sql: string
  readonly scan: Scan
  readonly reading: Reading
}

/** What a prepared text takes: with its fingerprint, and what is known of it beside that. */
export function preparedBytes(sql: string): number {
  return 2 * sql.length + 1024
}

/** A statement that the client has prepared. Backend connections prepare it when it first runs on them. */
export class ClientStatement {
  readonly id: number
  readonly sql: string
  readonly scan: Scan
  /** How it was read when it was prepared: USE and SET change nothing about it. */
  readonly reading: Reading
  readonly paramCount: number
  /** Types block of the last execute that carried one; they hold until the next. */
  types: Buffer | undefined
  cursor: Cursor | undefined
  readonly #longData = new Map<number, Buffer[]>()
  #longDataBytes = 0
  #keptBytes = 0
  #longDataError: SqlError | undefined
  #isBroken = false
  readonly #memory: ByteBudget

  /** Holds `preparedBytes` of the memory until it is closed. */
  constructor(text: PreparedText, paramCount: number, memory: ByteBudget) {
    this.#memory = memory
    memory.hold(preparedBytes(text.sql))
    this.id = text.id
    this.sql = text.sql
    this.scan = text.scan
    this.reading = text.reading
    this.paramCount = paramCount
  }

  /** Params sent in pieces so far. */
  get longData(): ReadonlyMap<number, readonly Buffer[]> {
    return this.#longData
  }

  /** Counted also where they were too many to keep. */
  get longDataBytes(): number {
    return this.#longDataBytes
  }

  /** It was sent data for a param that it does not have: it must be reset before it runs again. */
  get isBroken(): boolean {
    return this.#isBroken
  }

  /** Memory had no room for them: they are lost, until they are sent anew. */
  get longDataError(): SqlError | undefined {
    return this.#longDataError
  }

  /** Pieces beyond `bytesMax` in all, or beyond the session's memory, are not kept. */
  addLongData(param: number, data: Buffer, bytesMax: number): void {
    if (param >= this.paramCount) this.#isBroken = true
    if (this.#isBroken) return
    this.#longDataBytes += data.length
    if (this.#longDataBytes > bytesMax || this.#longDataError !== undefined) return
    if (!this.#memory.take(data.length)) {
      this.#longDataError = memoryExceeded(this.#memory, data.length)
      this.#dropPieces()
      return
    }
    this.#keptBytes += data.length
    const pieces = this.#longData.get(param)
    if (pieces === undefined) this.#longData.set(param, [data])
    else pieces.push(data)
  }

  clearLongData(): void {
    if (this.#longDataBytes === 0) return
    this.#dropPieces()
    this.#longDataBytes = 0
    this.#longDataError = undefined
  }

  #dropPieces(): void {
    this.#longData.clear()
    this.#memory.give(this.#keptBytes)
    this.#keptBytes = 0
  }

  /** It is forgotten: gives back what it held. */
  close(): void {
    this.#dropPieces()
    this.#memory.give(preparedBytes(this.sql))
  }

  /** COM_STMT_RESET. */
  reset(): void {
    this.clearLongData()
    this.#isBroken = false
  }
}

/** An open server-side cursor: its connection stays with the statement until the rows have been fetched. */
export interface Cursor {
  readonly target: ShardTarget
  readonly lease: Lease
  readonly backendId: number
  /** Whose connection it is; undefined when it is the cursor's own. */
  readonly lane: Lane | undefined
}
