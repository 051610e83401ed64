import type { QueryText } from '../plan/text.ts'
import type { OwnedLookup } from '../plan/write-primitives.ts'
import type { Expr, Lock, SelectExpr, TableRef } from '../sql/ast.ts'
import type { Column } from '../values/column.ts'
import { isBinary, isIntegral } from '../values/value.ts'
import { type ColumnVindex, sameColumn, type Table } from '../vschema/model.ts'
import { splitTableName } from '../vschema/table-name.ts'
import { liveColumn } from './binding/live-column.ts'
import { makeColumn, makeIn, makeRow, makeSelect, makeTable } from './make-node.ts'
import type { PlanContext } from './plan-context.ts'
import { type Refusal, refused } from './refusal.ts'
import { charsetsOf, isNameable, keyColumn, type Placing, placingOf } from './row-keys.ts'
import { ShardText } from './shard-text.ts'

export interface LookupColumns {
  readonly lookup: OwnedLookup
  /** The owner's columns that feed it. */
  readonly columns: readonly Column[]
}

/** A lookup table that the owner's rows are entered in; refused where it is not known how. */
export function ownedLookup(
  table: Table,
  { vindex, columns: names, name }: ColumnVindex,
  context: PlanContext,
): LookupColumns | Refusal {
  if (vindex.kind !== 'lookup') return refused(`keeping vindex '${name}', which is no lookup vindex`)
  const { table: address = '', from = '', to = '' } = vindex.params
  const split = splitTableName(address)
  const found = split && context.vschema.findTable(split.keyspace ?? table.keyspace, split.table, 'primary')
  if (found?.kind !== 'found')
    return refused(`keeping lookup table '${address}' of vindex '${name}', which is in no VSchema`)
  if (found.table.isTemporary === true)
    return refused(
      `keeping lookup table '${address}' of vindex '${name}', which a temporary table of the session hides`,
    )
  const columns = names.map((column) => liveColumn(table, column))
  const placing = placingOf(table, 0)
  const isKnown = columns.every((column) => column !== undefined && isNameable(column))
  if (!isKnown || placing === undefined)
    return refused(
      `keeping vindex '${name}' of table '${table.name}', whose columns are not known or have no exact literals`,
    )
  const known = columns as readonly Column[]
  return {
    columns: known,
    lookup: {
      vindex,
      told: { table: table.name, key: uniqueKeyOf(table, names) ?? name },
      keyspace: found.table.keyspace,
      table: found.table.name,
      from: from.split(',').map((each) => each.trim()),
      to: to.trim(),
      owner: table.keyspace,
      owners: ownersQuery(table, known, known, placing, context),
      ...(isOneToOne(table) && {
        alike: ownersQuery(table, known, [...known, ...placing.columns], placing, context),
      }),
      isExact: known.every(isExact),
      placingWidth: placing.columns.length,
      routing: placing.routing,
      charsets: charsetsOf([...placing.columns, ...known]),
    },
  }
}

/** The name of a key that has exactly these columns. */
function uniqueKeyOf({ live }: Table, columns: readonly string[]): string | undefined {
  const found = live?.keys.find(
    ({ kind, parts }) =>
      kind === 'UNIQUE' &&
      parts.length === columns.length &&
      parts.every(({ column }) => columns.some((name) => sameColumn(name, column))),
  )
  return found?.name
}

/** Where rows are that have values of a lookup vindex, and the values: to be locked. */
function ownersQuery(
  table: Table,
  columns: readonly Column[],
  told: readonly Column[],
  placing: Placing,
  context: PlanContext,
): QueryText {
  const text = new ShardText(context)
  const items = [...placing.columns, ...columns].map((column) => keyColumn(column, table.name))
  const values = text.hole({ rows: told.map((_, i) => i) })
  return text.ofTree(lockedRows(makeTable(table.name, table.keyspace), items, isOneOf(told, values)))
}

/** No two values have one keyspace id, but such as a column may call equal. */
function isOneToOne({ columnVindexes: [primary] }: Table): boolean {
  return primary !== undefined && ONE_TO_ONE.has(primary.type)
}

const ONE_TO_ONE: ReadonlySet<string> = new Set([
  ...['binary', 'binary_md5', 'hash', 'numeric', 'reverse_bits', 'xxhash'],
])

function isExact({ type, collation }: Column): boolean {
  return type !== undefined && (isIntegral(type) || isBinary(type) || collation?.endsWith('_bin') === true)
}

/** A DELETE of rows by the keys that outer rows have first. */
export function removedRows(node: TableRef, key: readonly Column[], context: PlanContext): QueryText {
  const text = new ShardText(context)
  const where = isOneOf(key, text.hole({ rows: key.map((_, i) => i) }))
  const { span } = node
  return text.ofTree({
    kind: 'Delete',
    form: 'single',
    modifiers: [],
    targets: [],
    from: [node],
    where,
    span,
  })
}

/** `(columns) IN (values)`. */
export function isOneOf(columns: readonly Column[], values: Expr): Expr {
  const names: readonly Expr[] = columns.map(({ name }) => makeColumn(name))
  return makeIn(names.length === 1 ? names[0]! : makeRow(names), values)
}

/** `SELECT items FROM node WHERE where FOR UPDATE`. */
export function lockedRows(node: TableRef, items: readonly SelectExpr[], where: Expr) {
  const lock: Lock = { kind: 'Lock', mode: 'UPDATE', span: node.span }
  return { ...makeSelect(items, { from: [node], where }), locks: [lock] }
}
