import type { CopySource, TableCopy } from '../../plan/primitives.ts'
import type { Expr, Lock, Select, TableRef } from '../../sql/ast.ts'
import type { Column, StoredKey } from '../../values/column.ts'
import { quoteName } from '../../values/sql-literal.ts'
import type { Table } from '../../vschema/model.ts'
import { makeAnd, makeItem } from '../make-node.ts'
import type { PlanContext } from '../plan-context.ts'
import { planQuery } from '../plan-query.ts'
import { ShardText } from '../shard-text.ts'
import { transferOf } from './transfer.ts'

/** A table of the statement, where it stands there, and what is wanted of it. */
export interface Wanted {
  readonly node: TableRef
  readonly table: Table
  readonly columns: readonly Column[]
  /** Of the whole table. */
  readonly keys: readonly StoredKey[]
  readonly conditions: readonly Expr[]
  readonly lock: Lock | undefined
}

/** Name of the copy with this number. It hides no table of a keyspace that has a name like this. */
export function copyName(number: number): string {
  return `_shardgate_copy_${number}`
}

/** `earlier`: copies of the same statement, one of which may have the same rows. */
export function tableCopy(wanted: Wanted, earlier: readonly TableCopy[], context: PlanContext): TableCopy {
  const { table, columns, keys } = wanted
  const name = copyName(earlier.length + 1)
  const source = sourceOf(wanted, context)
  const same = earlier.find(({ rows }) => rows.kind === 'Pulled' && isSame(rows, source))
  return {
    name,
    create: createText(name, columns, keyTexts(columns, keys)),
    createLoose: createText(name, columns, keyTexts(columns, keys.map(withoutUniqueness))),
    columns: columns.map((column) => quoteName(column.name)),
    rows: same === undefined ? source : { kind: 'Copied', from: same.name },
    shown: {
      keyspace: table.keyspace,
      table: table.name,
      alias: wanted.node.alias?.name ?? wanted.node.name.name,
      keyFlags: new Map(columns.map((column) => [column.name, column.stored?.keyFlags ?? 0])),
    },
  }
}

function sourceOf(
  { node, columns, conditions, lock, table }: Wanted,
  context: PlanContext,
): CopySource & { kind: 'Pulled' } {
  const { span, alias } = node
  const transfers = columns.map((column) => transferOf(column, alias?.name ?? node.name.name))
  const query: Select = {
    kind: 'Select',
    modifiers: [],
    items: transfers.map(({ expr }) => makeItem(expr)),
    from: [node],
    ...(conditions.length > 0 && { where: makeAnd(conditions) }),
    ...(lock && { locks: [withoutNames(lock)] }),
    span,
  }
  const { shortcut } = planQuery(query, { ...context, planner: 'rules', ordersByValue: false })
  return {
    kind: 'Pulled',
    rows: {
      kind: 'Route',
      routing: shortcut?.routing ?? { kind: 'Scatter', keyspace: table.keyspace },
      query: new ShardText(context).ofTree(query),
      orderBy: [],
    },
    as: transfers.map(({ as }) => as),
  }
}

function withoutNames({ of: _, ...lock }: Lock): Lock {
  return lock
}

function isSame(a: CopySource & { kind: 'Pulled' }, b: CopySource & { kind: 'Pulled' }): boolean {
  return JSON.stringify([a.rows.query, a.as]) === JSON.stringify([b.rows.query, b.as])
}

/** Keys all of whose columns are copied; of the others, one for each column that they have in the copy. */
function keyTexts(columns: readonly Column[], keys: readonly StoredKey[]): readonly string[] {
  const copied = new Set(columns.map(({ name }) => name))
  const whole = keys.filter(({ parts }) => parts.every(({ column }) => copied.has(column)))
  const covered = new Set(whole.flatMap(({ parts }) => parts.map(({ column }) => column)))
  const parts = new Map(
    keys.flatMap((key) =>
      key.parts.flatMap((part) =>
        copied.has(part.column) && !covered.has(part.column) ? [[part.column, part.text] as const] : [],
      ),
    ),
  )
  return [
    ...whole.map(({ kind, parts: own }) => `${keyWords[kind]} (${own.map(({ text }) => text).join(', ')})`),
    ...[...parts.values()].map((text) => `KEY (${text})`),
  ]
}

const keyWords: Readonly<Record<StoredKey['kind'], string>> = {
  PRIMARY: 'PRIMARY KEY',
  UNIQUE: 'UNIQUE KEY',
  SPATIAL: 'SPATIAL KEY',
  plain: 'KEY',
}

function withoutUniqueness(key: StoredKey): StoredKey {
  return key.kind === 'PRIMARY' || key.kind === 'UNIQUE' ? { ...key, kind: 'plain' } : key
}

function createText(name: string, columns: readonly Column[], keys: readonly string[]): string {
  const definitions = columns.flatMap(({ stored }) => stored?.definition ?? [])
  return `CREATE TEMPORARY TABLE ${quoteName(name)} (${[...definitions, ...keys].join(', ')}) ENGINE=InnoDB`
}
