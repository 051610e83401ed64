import { SqlError } from '../../errors/sql-error.ts'
import type { KeyspaceId } from '../../key/keyspace-id.ts'
import { TEMPORARY_TABLES } from '../../plan/reserves.ts'
import { readTemporaryTable } from '../../tablet/temporary-table.ts'
import type { Lane } from '../../transaction/lane.ts'
import type { Transaction } from '../../transaction/transaction.ts'
import { quoteName } from '../../values/sql-literal.ts'
import type { TabletTypeName, VSchema } from '../../vschema/model.ts'
import { type TemporaryTable, withTemporaryTables } from '../../vschema/temporary-tables.ts'
import { type PlanCache, PlanCaches } from './plan-cache.ts'

/** Plans of one session: it names few statements about its temporary tables, and makes new ones often. */
const PLAN_LIMITS = { plansMax: 64, bytesMax: 256 * 1024, cachesMax: 4 }

interface Held extends TemporaryTable {
  readonly lane: Lane
}

/** Where a statement about temporary tables has run. */
export interface MadeOn {
  readonly keyspace: string
  readonly pinned: KeyspaceId | undefined
  readonly lane: Lane
}

/**
 * The temporary tables of one session, each with the lane that has it. A lane is reserved for them, and no longer than there
 * are any. While there are some, statements are read by a VSchema in which they stand, and their plans are the session's own.
 */
export class TemporaryTables {
  readonly #transaction: Transaction
  readonly #isMariadb: () => boolean
  readonly #tables = new Map<string, Held>()
  readonly #plans = new PlanCaches(PLAN_LIMITS)
  #seen: { readonly of: VSchema; readonly vschema: VSchema } | undefined

  constructor(transaction: Transaction, isMariadb: () => boolean) {
    this.#transaction = transaction
    this.#isMariadb = isMariadb
  }

  get isEmpty(): boolean {
    return this.#tables.size === 0
  }

  get names(): readonly string[] {
    return [...this.#tables.values()].map(({ keyspace, name }) => `${keyspace}.${name}`)
  }

  /** Names of those that a lane has. */
  on(lane: Lane): readonly string[] {
    return [...this.#tables.values()].flatMap((table) =>
      table.lane === lane ? [`${table.keyspace}.${table.name}`] : [],
    )
  }

  /**
   * The VSchema with these tables. Throws CR_SERVER_LOST, once, when some are lost with their connection: what has their names
   * now is something else.
   */
  over(vschema: VSchema): VSchema {
    if (this.isEmpty) return vschema
    this.#throwIfLost()
    if (this.#seen?.of !== vschema) {
      this.#plans.clear()
      this.#seen = { of: vschema, vschema: withTemporaryTables(vschema, this.#tables.values()) }
    }
    return this.#seen.vschema
  }

  /** The plans that `over` is good for; `reading`: as in `PlanCaches.of`. */
  plansOf(reading: string): PlanCache {
    return this.#plans.of(reading)
  }

  /** Asks the connection which of these tables it has now, whatever has become of the statement that named them. */
  async look({ keyspace, pinned, lane }: MadeOn, names: readonly string[]): Promise<void> {
    const { tablet } = lane.lease
    const tabletType = lane.target.tabletType.toLowerCase() as TabletTypeName
    for (const name of new Set(names)) {
      const quoted = `${quoteName(tablet.database)}.${quoteName(name)}`
      const live = await readTemporaryTable((sql) => lane.query(sql), quoted, this.#isMariadb())
      const key = `${lane.target.key}\0${name}`
      if (live === undefined) this.#tables.delete(key)
      else this.#tables.set(key, { keyspace, name, tabletType, pinned, live, lane })
    }
    this.#changed()
    const isHome = [...this.#tables.values()].some((table) => table.lane === lane)
    if (isHome) lane.reserve(TEMPORARY_TABLES)
    else lane.unreserve(TEMPORARY_TABLES)
  }

  /** The session begins anew: its lanes are gone. */
  clear(): void {
    this.#tables.clear()
    this.#changed()
  }

  #changed(): void {
    this.#seen = undefined
    this.#plans.clear()
  }

  #throwIfLost(): void {
    const { lanes } = this.#transaction
    const isHeld = ({ lane }: Held) => lanes.get(lane.target) === lane && lanes.isCurrent(lane)
    const lost = [...this.#tables].filter(([, table]) => !isHeld(table))
    if (lost.length === 0) return
    for (const [key] of lost) this.#tables.delete(key)
    this.#changed()
    const names = lost.map(([, { keyspace, name }]) => `${keyspace}.${name}`).join(', ')
    const [, { lane }] = lost[0]!
    if (lanes.get(lane.target) === lane) this.#transaction.lost(lane)
    throw new SqlError(
      'CR_SERVER_LOST',
      `The session's own connection to ${lane.lease.tablet.name} was lost, and with it temporary tables: ${names}`,
    )
  }
}
