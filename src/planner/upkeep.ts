import type { RowMove, Upkeep } from '../plan/primitives.ts'
import type { Delete, Expr, SelectExpr, Update } from '../sql/ast.ts'
import type { Column } from '../values/column.ts'
import { quoteName } from '../values/sql-literal.ts'
import { sameColumn } from '../vschema/model.ts'
import type { Target } from './chosen-targets.ts'
import { transferOf } from './federate/transfer.ts'
import { type Changing, keptRows, rowsAfter, rowsByKey } from './kept-rows.ts'
import { makeItem } from './make-node.ts'
import { changedVindexes } from './operators/write.ts'
import { type LookupColumns, ownedLookup, removedRows } from './owned-lookups.ts'
import type { PlanContext } from './plan-context.ts'
import { eachOrRefusal, isRefusal, type Refusal } from './refusal.ts'
import { keyColumn } from './row-keys.ts'
import { reading } from './rows-first.ts'

/** What has to follow when an UPDATE or DELETE has changed rows. */
export interface Followed {
  readonly lookups: readonly LookupColumns[]
  readonly moves: boolean
  readonly oneByOne: boolean
  /** What the columns of the key are assigned; undefined for one that keeps its own. Empty where all do. */
  readonly newKey: readonly (Expr | undefined)[]
}

/** Undefined: nothing. Refused where it is not known how. */
export function followedBy(
  ast: Update | Delete,
  { table }: Target,
  key: readonly Column[],
  context: PlanContext,
): Followed | undefined | Refusal {
  const { owned, moves } = changedVindexes(ast, table)
  if (owned.length === 0 && !moves) return undefined
  const lookups = eachOrRefusal(owned, (vindex) => ownedLookup(table, vindex, context))
  if (isRefusal(lookups)) return lookups
  if (ast.kind === 'Delete') return { lookups, moves: false, oneByOne: false, newKey: [] }
  const newKey = key.map(({ name }) => assignedTo(ast, name))
  const changesKey = newKey.some((value) => value !== undefined)
  const meetsOthers = lookups.some(({ lookup }) => lookup.vindex.unique)
  return { lookups, moves, oneByOne: changesKey || moves || meetsOthers, newKey: changesKey ? newKey : [] }
}

function assignedTo({ set }: Update, name: string): Expr | undefined {
  return set.findLast(({ column }) => sameColumn(column.name, name))?.value
}

/** The keys that chosen rows get, where these are others. */
export function newKeyOf(
  { newKey }: Followed,
  key: readonly Column[],
  source: string,
): readonly SelectExpr[] {
  return newKey.map((value, i) =>
    value === undefined ? keyColumn(key[i]!, source) : makeItem(reading(value)),
  )
}

export function upkeepOf(
  ast: Update | Delete,
  followed: Followed,
  changing: Changing,
  context: PlanContext,
): Upkeep {
  const { lookups, moves, oneByOne, newKey } = followed
  const kept = keptRows(lookups, changing)
  const mayStay = ast.kind === 'Update' || ast.modifiers.includes('IGNORE')
  const at = newKey.length === 0 ? 0 : kept.columns.length
  return {
    lookups: kept.lookups,
    ...(mayStay && { after: rowsAfter(kept, changing, at, context) }),
    ...(moves && { move: moveOf(changing, context) }),
    oneByOne,
    ...(ast.kind === 'Delete' && { deletes: true }),
  }
}

/** What is generated is made of the rest. */
function moveOf(changing: Changing, context: PlanContext): RowMove {
  const { table, key } = changing
  const columns = (table.live?.columns ?? []).filter(({ stored }) => stored?.generated === undefined)
  const transfers = columns.map(transferOf)
  const { alias: _alias, ...node } = changing.node
  return {
    table: table.name,
    rows: rowsByKey(
      { ...changing, node },
      0,
      transfers.map(({ expr }) => makeItem(expr)),
      context,
    ),
    as: transfers.map(({ as }) => as),
    remove: removedRows(node, key, context),
    insert: `INSERT INTO ${quoteName(table.name)} (${columns.map(({ name }) => quoteName(name)).join(', ')}) VALUES `,
  }
}
