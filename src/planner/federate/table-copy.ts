import type { CopySource, TableCopy } from '../../plan/primitives.ts'
import type { Expr, Lock, Select, TableRef } from '../../sql/ast.ts'
import type { Column } from '../../values/column.ts'
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
  readonly conditions: readonly Expr[]
  readonly lock: Lock | undefined
}

/** Name of the copy with this number. It hides no table of a keyspace that has a name like this. */
export function copyName(number: number): string {
  return `_shardgate_copy_${number}`
}

/** `earlier`: copies of the same statement, one of which may have the same rows. */
export function tableCopy(wanted: Wanted, earlier: readonly TableCopy[], context: PlanContext): TableCopy {
  const { table, columns } = wanted
  const name = copyName(earlier.length + 1)
  const source = sourceOf(wanted, context)
  const same = earlier.find(({ rows }) => rows.kind === 'Pulled' && isSame(rows, source))
  return {
    name,
    create: createText(name, columns),
    columns: columns.map((column) => quoteName(column.name)),
    rows: same === undefined ? source : { kind: 'Copied', from: same.name },
    shown: {
      keyspace: table.keyspace,
      table: table.name,
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

function createText(name: string, columns: readonly Column[]): string {
  const definitions = columns.flatMap(({ stored }) => stored?.definition ?? [])
  const keys = columns.flatMap(({ stored }) => stored?.key ?? [])
  return `CREATE TEMPORARY TABLE ${quoteName(name)} (${[...definitions, ...keys].join(', ')}) ENGINE=InnoDB`
}
