import type { NewKeyColumn, Upkeep } from '../plan/write-primitives.ts'
import type { Delete, Expr, SelectExpr, Update } from '../sql/ast.ts'
import type { Column } from '../values/column.ts'
import { isSelfReferring } from '../values/foreign-key.ts'
import { sameColumn } from '../vschema/model.ts'
import { routedColumn } from './binding/column-type.ts'
import type { Target } from './chosen-targets.ts'
import { type FedKeys, fedKeys } from './foreign-keys.ts'
import { type Changing, keptRows, rowsAfter } from './kept-rows.ts'
import { reading } from './locked-reading.ts'
import { makeItem } from './make-node.ts'
import { changedVindexes } from './operators/write.ts'
import { type LookupColumns, ownedLookup } from './owned-lookups.ts'
import type { PlanContext } from './plan-context.ts'
import { eachOrRefusal, isRefusal, type Refusal, refused } from './refusal.ts'
import { moveOf } from './row-move.ts'

/** What has to follow when an UPDATE or DELETE has changed rows. */
export interface Followed {
  readonly lookups: readonly LookupColumns[]
  readonly foreignKeys?: FedKeys | undefined
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
  const foreignKeys = fedKeys(ast, table, context)
  if (isRefusal(foreignKeys)) return foreignKeys
  if (owned.length === 0 && !moves && foreignKeys === undefined) return undefined
  // What the view leaves out of a row would not move with it.
  if (table.shows !== undefined && (owned.length > 0 || moves))
    return refused(`changing a vindex column through view '${table.name}'`)
  const lookups = eachOrRefusal(owned, (vindex) => ownedLookup(table, vindex, context))
  if (isRefusal(lookups)) return lookups
  if (ast.kind === 'Delete') {
    // Which of them are in each other's way depends on which have gone before.
    const oneByOne =
      foreignKeys !== undefined &&
      (ast.modifiers.includes('IGNORE') || foreignKeys.toIt.some(({ key: each }) => isSelfReferring(each)))
    return { lookups, foreignKeys, moves: false, oneByOne, newKey: [] }
  }
  const newKey = key.map(({ name }) => assignedTo(ast, name))
  const changesKey = newKey.some((value) => value !== undefined)
  const isReferredTo = foreignKeys !== undefined && (ast.ignore || foreignKeys.toIt.length > 0)
  const meetsOthers = isReferredTo || lookups.some(({ lookup }) => lookup.vindex.unique)
  return {
    lookups,
    foreignKeys,
    moves,
    oneByOne: changesKey || moves || meetsOthers,
    newKey: changesKey ? newKey : [],
  }
}

function assignedTo({ set }: Update, name: string): Expr | undefined {
  return set.findLast(({ column }) => sameColumn(column.name, name))?.value
}

/** Where chosen rows have the keys that they get. */
export interface NewKey {
  /** Behind the columns that are kept. */
  readonly items: readonly SelectExpr[]
  readonly columns: readonly NewKeyColumn[]
}

/** `valueAt`: the number of a new value that chosen rows have anyhow, among those behind the items. */
export function newKeyOf(
  { newKey }: Followed,
  key: readonly Column[],
  before: number,
  valueAt: (column: string) => number | undefined,
): NewKey {
  const items: SelectExpr[] = []
  const isOwn = newKey.map((value, i) => value !== undefined && valueAt(key[i]!.name) === undefined)
  const itemCount = isOwn.filter(Boolean).length
  const columns = newKey.map((value, i): NewKeyColumn => {
    const { name } = key[i]!
    const routed = routedColumn(key[i])
    const at = { name, ...(routed && { routed }) }
    if (value === undefined) return { column: i, ...at }
    const known = valueAt(name)
    if (known !== undefined) return { column: before + itemCount + known, ...at }
    items.push(makeItem(reading(value)))
    return { column: before + items.length - 1, ...at }
  })
  return { items, columns }
}

export function upkeepOf(
  ast: Update | Delete,
  followed: Followed,
  newKey: NewKey,
  changing: Changing,
  context: PlanContext,
): Upkeep {
  const { moves, oneByOne } = followed
  const kept = keptRows(followed, changing)
  const mayStay = ast.kind === 'Update' || ast.modifiers.includes('IGNORE')
  return {
    lookups: kept.lookups,
    ...(kept.foreignKeys && { foreignKeys: kept.foreignKeys }),
    ...(mayStay && { after: rowsAfter(kept, changing, context) }),
    ...(newKey.columns.length > 0 && { newKey: newKey.columns }),
    ...(newKey.columns.length > 0 && ast.kind === 'Update' && ast.ignore && { keepsKey: true }),
    ...(moves && { move: moveOf(changing, context) }),
    oneByOne,
    ...(ast.kind === 'Delete' && { deletes: true }),
  }
}
