import { SqlError } from '../../errors/sql-error.ts'
import { TABLE_LOCKS } from '../../plan/reserves.ts'
import type { LockedTable } from '../../plan/write-primitives.ts'
import { cteReferences } from '../../planner/cte-references.ts'
import type { Statement, TableName } from '../../sql/ast.ts'
import { visit } from '../../sql/visit.ts'
import type { Lane } from '../../transaction/lane.ts'
import type { Transaction } from '../../transaction/transaction.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import type { Target } from '../settings/target.ts'
import type { TemporaryTables } from './temporary-tables.ts'

interface Held {
  readonly tables: readonly LockedTable[]
  readonly lanes: readonly Lane[]
}

/** What a session has locked by LOCK TABLES, on as many shards as there are. */
export class TableLocks {
  readonly #transaction: Transaction
  #held: Held | undefined

  constructor(transaction: Transaction) {
    this.#transaction = transaction
  }

  get isHeld(): boolean {
    return this.#held !== undefined
  }

  hold(tables: readonly LockedTable[], lanes: readonly Lane[]): void {
    this.#held = { tables, lanes }
  }

  /** The locks are gone, by whoever's doing. */
  forget(): void {
    this.#held = undefined
  }

  /** UNLOCK TABLES on all shards. One that cannot be told loses its connection, and the locks with it. */
  async release(): Promise<void> {
    const { lanes } = this.#transaction
    this.#held = undefined
    const locked = lanes.all().filter(({ reservedFor }) => reservedFor.has(TABLE_LOCKS))
    await Promise.all(
      locked.map(async (lane) => {
        lane.unreserve(TABLE_LOCKS)
        await lane.query('UNLOCK TABLES').catch(() => this.#transaction.lost(lane))
      }),
    )
  }

  /**
   * Throws ER_TABLE_NOT_LOCKED for a table of the statement that LOCK TABLES has not named, by that name: a shard knows of its own
   * keyspace's only, and not which name the client has used. Whether a table may be written, its shards say. Throws CR_SERVER_LOST,
   * once, when the locks of a shard are lost with their connection; then all are released.
   */
  async check(statement: Statement, { keyspace }: Target, temporary: TemporaryTables): Promise<void> {
    if (this.#held === undefined) return
    await this.#throwIfLost(this.#held)
    const { tables } = this.#held
    const isElsewhere = (database: string) => tables.every((locked) => locked.database !== database)
    for (const name of changedByDdl(statement))
      if (isElsewhere(name.qualifier ?? keyspace)) throw notLocked(name.name)
    for (const { name, shown } of tablesNamed(statement)) {
      const database = name.qualifier ?? keyspace
      if (isSystemSchema(database) || temporary.names.includes(`${database}.${name.name}`)) continue
      const isLocked = tables.some((locked) => locked.database === database && locked.name === shown)
      if (!isLocked) throw notLocked(shown)
    }
  }

  async #throwIfLost({ lanes }: Held): Promise<void> {
    const own = this.#transaction.lanes
    const lost = lanes.find((lane) => own.get(lane.target) !== lane || !own.isCurrent(lane))
    if (lost === undefined) return
    await this.release()
    throw new SqlError(
      'CR_SERVER_LOST',
      `The session's own connection to ${lost.lease.tablet.name} was lost, and with it LOCK TABLES: all tables are unlocked`,
    )
  }
}

function notLocked(name: string): SqlError {
  return new SqlError('ER_TABLE_NOT_LOCKED', `Table '${name}' was not locked with LOCK TABLES`)
}

/** Ordinary tables: in a keyspace of which some are locked, its shards say which may be changed. */
function changedByDdl(statement: Statement): readonly TableName[] {
  if (statement.kind !== 'Ddl' || statement.temporary || statement.object !== 'table') return []
  return statement.names
}

/** Tables that a query or DML names, with the names by which it does. */
function tablesNamed(statement: Statement): readonly { readonly name: TableName; readonly shown: string }[] {
  const found: { readonly name: TableName; readonly shown: string }[] = []
  switch (statement.kind) {
    case 'Insert':
      found.push({ name: statement.table, shown: statement.table.name })
      break
    case 'Select':
    case 'SetOperation':
    case 'NestedQuery':
    case 'TableQuery':
    case 'ValuesQuery':
    case 'Update':
    case 'Delete':
      break
    default:
      return []
  }
  const ctes = cteReferences(statement)
  visit(statement, (node) => {
    if (node.kind === 'Table' && !ctes.has(node.name))
      found.push({ name: node.name, shown: node.alias?.name ?? node.name.name })
    return undefined
  })
  return found
}
