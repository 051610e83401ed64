import { noDatabaseSelected } from '../../errors/sql-error.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Routing } from '../../plan/routing.ts'
import type { LockedTable, LockTables as LockRoot } from '../../plan/write-primitives.ts'
import type { LockTables, TableLock } from '../../sql/ast.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import { keyspaceOf } from '../binding/find-table.ts'
import { existingTable } from '../binding/named-tables.ts'
import type { PlanContext } from '../plan-context.ts'
import { connectionState, unsupportedPlan } from '../plans.ts'
import { ShardText } from '../shard-text.ts'
import { temporaryTable } from './plan-temporary.ts'

interface Placed {
  readonly lock: TableLock
  readonly keyspace: string
}

/**
 * LOCK TABLES, on every shard that has rows of the tables. What is asked of several shards names a table as the statement does, or
 * by its own name, so that it is locked by both. Temporary tables are nobody else's: they need no lock.
 */
export function planLockTables(statement: LockTables, context: PlanContext): Plan {
  const placed: Placed[] = []
  for (const lock of statement.tables) {
    if (temporaryTable(lock.table, context) !== undefined) continue
    const keyspace = keyspaceHere(lock, context)
    if (isSystemSchema(keyspace)) return unsupportedPlan('LOCK TABLES of a system schema')
    placed.push({ lock, keyspace })
  }
  const keyspaces = [...new Set(placed.map(({ keyspace }) => keyspace))]
  const root: LockRoot = {
    kind: 'LockTables',
    tables: placed.map((each) => lockedTable(each, context)),
    parts: keyspaces.map((keyspace) => {
      const own = placed.filter((each) => each.keyspace === keyspace).map(({ lock }) => lock)
      const tables = [...own, ...ownNames(own)]
      const isWhole = own.length === statement.tables.length && tables.length === own.length
      const query = new ShardText(isWhole ? context : { ...context, isChanged: true }).ofStatement(
        isWhole ? statement : { ...statement, tables },
      )
      return { routing: everyShard(keyspace, context), query }
    }),
  }
  return { root, locks: true, commitsFirst: true, ...connectionState(statement) }
}

function keyspaceHere({ table }: TableLock, context: PlanContext): string {
  // A session at a shard asks nobody else.
  const keyspace =
    context.shard === undefined ? existingTable(table, context).keyspace : keyspaceOf(table, context)
  if (keyspace === undefined) throw noDatabaseSelected()
  return keyspace
}

function lockedTable({ lock: { table, alias }, keyspace }: Placed, context: PlanContext): LockedTable {
  return { database: keyspaceOf(table, context) ?? keyspace, name: alias?.name ?? table.name }
}

/** Tables that are locked by an alias alone, by their own names. */
function ownNames(locks: readonly TableLock[]): readonly TableLock[] {
  const named = new Set(locks.map(({ table, alias }) => alias?.name ?? table.name))
  return locks.flatMap(({ alias, ...lock }) => {
    if (alias === undefined || named.has(lock.table.name)) return []
    named.add(lock.table.name)
    return [lock]
  })
}

function everyShard(keyspace: string, { vschema, shard }: PlanContext): Routing {
  if (shard !== undefined) return { kind: 'Shard', keyspace, shard }
  const isSharded = vschema.keyspaces.get(keyspace)?.sharded === true
  return { kind: isSharded ? 'Scatter' : 'Unsharded', keyspace }
}
