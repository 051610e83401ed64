import { SqlError } from '../errors/sql-error.ts'
import type { Plan } from '../plan/plan.ts'
import type { QueryText } from '../plan/text.ts'
import type { ChosenWrite } from '../plan/write-primitives.ts'
import type {
  Delete,
  Expr,
  OrderItem,
  Query,
  Select,
  SelectExpr,
  SelectItem,
  TableRef,
  Update,
} from '../sql/ast.ts'
import { type AnyNode, someNode, visit, withoutQualifiers } from '../sql/visit.ts'
import type { Column } from '../values/column.ts'
import { sameColumn, type Table } from '../vschema/model.ts'
import type { BoundWrite } from './binding/bound.ts'
import { keyspaceOf } from './binding/find-table.ts'
import { storedColumn } from './binding/live-column.ts'
import { setsLastInsertId, setsVariables } from './binding/traits.ts'
import { isReplicated, ofTarget, type Target, targetsOf } from './chosen-targets.ts'
import { type ValueFromElsewhere, valuesFromElsewhere } from './chosen-values.ts'
import { UNCHECKED } from './foreign-keys.ts'
import { keptRows } from './kept-rows.ts'
import { reading } from './locked-reading.ts'
import {
  makeBinary,
  makeCast,
  makeColumn,
  makeFloat,
  makeInteger,
  makeItem,
  makeSelect,
} from './make-node.ts'
import { withOwnAggregates } from './own-aggregates.ts'
import { isOneOf } from './owned-lookups.ts'
import { isOfMariaDb, type PlanContext } from './plan-context.ts'
import { isRefusal } from './refusal.ts'
import { charsetsOf, keyColumn, keyOf, type Placing, placingOf } from './row-keys.ts'
import { orRowsFirst, rowsFirst } from './rows-first.ts'
import { ShardText } from './shard-text.ts'
import { followedBy, newKeyOf, upkeepOf } from './upkeep.ts'
import { isRow, wholeRow } from './whole-rows.ts'

/**
 * What several shards can only do when they have chosen the rows together: LIMIT, rows that a condition compares with rows of
 * other shards. The plan stays as it is for one shard, and where the rows have no key to be called by.
 */
export function withChosenRows(plan: Plan, bound: BoundWrite, context: PlanContext): Plan {
  const planned = orRowsFirst(
    plan,
    bound.ast,
    { keyspace: writtenIn(bound), make: (construct) => chosenWrites(bound, construct, context) },
    context,
  )
  const isUnseen = planned.root.kind === 'ChosenWrite' && planned.judged === undefined
  if (isUnseen && !isOfMariaDb(context))
    for (const target of targetsOf(bound) ?? []) checkNotRead(bound, target, context)
  return keepsForeignKeys(planned) ? { ...planned, settings: UNCHECKED } : planned
}

/** Of the table that is written, or of the first that is named. */
function writtenIn(bound: BoundWrite): string {
  const written =
    targetsOf(bound)?.[0]?.table ?? bound.scope.sources.find(({ instance }) => instance)?.instance?.table
  return written?.keyspace ?? ''
}

function keepsForeignKeys({ root }: Plan): boolean {
  if (root.kind !== 'ChosenWrite') return false
  return [root, ...(root.others ?? [])].some(({ upkeep }) => upkeep?.foreignKeys !== undefined)
}

function chosenWrites(given: BoundWrite, construct: string, context: PlanContext): ChosenWrite | undefined {
  const bound = withOwnAggregates(given, context)
  if (bound === undefined || mustStayWhole(bound)) return undefined
  const writes = targetsOf(bound)?.map((target) => chosenWrite(bound, { target, construct }, context))
  if (writes === undefined || !writes.every((write) => write !== undefined)) return undefined
  const [first, ...others] = writes
  return first && { ...first, ...(others.length > 0 && { others }) }
}

/** Throws ER_UPDATE_TABLE_USED where no server sees all of the statement: a query in it, not in FROM, reads the table that changes. */
function checkNotRead({ ast }: BoundWrite, target: Target, context: PlanContext): void {
  const isRead = (node: AnyNode): boolean =>
    node.kind === 'Table' &&
    node.name.name === target.node.name.name &&
    keyspaceOf(node.name, context) === target.table.keyspace
  let found = false
  visit([ast.where, ast.kind === 'Update' ? ast.set : undefined, ast.orderBy].flat(), (node) => {
    if (node.kind === 'Derived') return 'skip'
    found ||= isRead(node)
    return undefined
  })
  if (!found) return
  throw new SqlError(
    'ER_UPDATE_TABLE_USED',
    `You can't specify target table '${target.source.name}' for update in FROM clause`,
  )
}

interface OfTarget {
  readonly target: Target
  readonly construct: string
}

function chosenWrite(
  bound: BoundWrite,
  { target, construct }: OfTarget,
  context: PlanContext,
): ChosenWrite | undefined {
  const ast = ofTarget(bound, target)
  const told = keyOf(target.table)
  const isWhole = told === undefined && isOfOneTable(ast)
  const key = isWhole ? wholeRow(target.table) : told
  const replicated = isReplicated(target.table)
  const placing = key && (replicated ? onEachShard(target.table) : placingOf(target.table, key.length))
  const values = valuesFromElsewhere(ast, target, bound)
  if (key === undefined || placing === undefined || values === undefined) return undefined
  const followed = followedBy(ast, target, key, context)
  if (isRefusal(followed) || ((isWhole || replicated) && followed !== undefined)) return undefined
  const { returning } = ast
  if (returning !== undefined && (isWhole || replicated || followed !== undefined || hasQuery(returning)))
    return undefined
  const isMetAgain = !isWhole && followed?.oneByOne !== true && changesKey(ast, key)
  if (values.length > 0 && isMetAgain) return undefined
  const { name } = target.source
  const changing = { table: target.table, node: target.node, source: name, key, placing: placing.columns }
  const { columns } = keptRows(followed ?? { lookups: [] }, changing)
  const valueAt = (column: string) => {
    const at = values.findIndex(({ assignment }) => sameColumn(assignment.column.name, column))
    return at < 0 ? undefined : at
  }
  const newKey = followed && newKeyOf(followed, key, columns.length, valueAt)
  const newItems = newKey?.items ?? []
  const before = columns.length + newItems.length
  const query = rowsToChange(followed?.oneByOne === true ? inOrderOf(key, ast, name) : ast, [
    ...columns.map((column) => keyColumn(column, name)),
    ...newItems,
    ...values.map((value) => makeItem(reading(exactly(value, bound)))),
  ])
  const rows = rowsFirst(query, construct, context)
  if (rows === undefined) return undefined
  return {
    kind: 'ChosenWrite',
    verb: ast.kind === 'Update' ? 'update' : 'delete',
    ...rows,
    keyWidth: key.length + placing.columns.length,
    ...(isWhole && { isWhole }),
    ...(replicated && { replicated }),
    ...(returning && { returning: noRows(returning, target.node, context) }),
    assigned: values.map(({ assignment, into }, i) => ({
      column: before + i,
      name: assignment.column.name,
      into,
    })),
    charsets: charsetsOf(columns),
    routing: placing.routing,
    query: changeByKeys(ast, { node: target.node, key, isWhole, values, before }, context),
    ignore: ast.kind === 'Update' ? ast.ignore : ast.modifiers.includes('IGNORE'),
    ...(followed && newKey && { upkeep: upkeepOf(ast, followed, newKey, changing, context) }),
  }
}

function onEachShard({ keyspace }: Table): Placing {
  return { columns: [], routing: { kind: 'Scatter', keyspace } }
}

/** One server comes to them by their primary key, most likely. */
function inOrderOf(key: readonly Column[], ast: Update | Delete, source: string): Update | Delete {
  if (ast.orderBy !== undefined || ast.limit !== undefined) return ast
  const { span } = ast
  const orderBy = key.map(
    ({ name }): OrderItem => ({
      kind: 'OrderItem',
      expr: { ...makeColumn(name), qualifiers: [source] },
      span,
    }),
  )
  return { ...ast, orderBy }
}

/** It says what only one connection can say of all rows, or what a query would mean otherwise. */
function mustStayWhole({ ast }: BoundWrite): boolean {
  return (
    ast.orderBy?.some(({ expr }) => expr.kind === 'Literal') === true ||
    someNode(ast, (node) => setsLastInsertId(node) || setsVariables(node))
  )
}

/** Rows that are written one after the other would be met again under the keys that others have had. */
function changesKey(ast: Update | Delete, key: readonly Column[]): boolean {
  return (
    ast.kind === 'Update' &&
    ast.set.some(({ column }) => key.some(({ name }) => sameColumn(name, column.name)))
  )
}

/** Locked as the statement locks them; what its subqueries look at is not to change either. */
function rowsToChange(ast: Update | Delete, items: readonly SelectExpr[]): Query {
  const { where, orderBy, limit, with: ctes, span } = ast
  return {
    ...makeSelect(items, {
      from: (ast.kind === 'Update' ? ast.tables : ast.from).map(reading),
      ...(where && { where: reading(where) }),
      ...(orderBy && { orderBy: orderBy.map(reading) }),
      ...(limit && { limit }),
      ...(ctes && { with: reading(ctes) }),
    }),
    locks: [{ kind: 'Lock', mode: 'UPDATE', span }],
    span,
  } satisfies Select
}

/** Their rows would come once for each that they are joined with. */
function isOfOneTable(ast: Update | Delete): boolean {
  const { tables, others } =
    ast.kind === 'Update'
      ? { tables: ast.tables, others: 0 }
      : { tables: ast.from, others: ast.targets.length }
  return tables.length === 1 && tables[0]!.kind === 'Table' && others <= 1
}

/** A FLOAT as text has lost digits, and BIT is no text. */
function exactly({ assignment: { value }, into }: ValueFromElsewhere, { scope }: BoundWrite): Expr {
  const type = into === 'number' ? storedColumn(value, scope)?.type : undefined
  if (type === 'FLOAT32') return makeBinary('*', value, makeFloat('1e0'))
  return type === 'BIT' ? makeCast(value, 'UNSIGNED') : value
}

interface ByKeys {
  readonly node: TableRef
  readonly key: readonly Column[]
  /** It is all of a row: as many rows change as the engine says behind the statement. */
  readonly isWhole: boolean
  /** Behind `before` columns of the chosen rows. */
  readonly values: readonly ValueFromElsewhere[]
  readonly before: number
}

/** The statement about rows of one shard that are told by their keys. */
function changeByKeys(
  ast: Update | Delete,
  { node, key, isWhole, values, before }: ByKeys,
  context: PlanContext,
): ChosenWrite['query'] {
  const text = new ShardText(context)
  const where = isWhole ? isRow(key, text) : isOneOf(key, text.hole({ rows: key.map((_, i) => i) }))
  const { with: _with, limit: _limit, orderBy, ...rest } = ast
  // In which order rows change matters to unique keys, as far as a shard can tell.
  const order = isWhole || someNode(orderBy, isSubquery) ? undefined : orderBy
  if (rest.kind === 'Update') {
    const set = rest.set.map((assignment) => {
      const i = values.findIndex((value) => value.assignment === assignment)
      return i < 0 ? assignment : { ...assignment, value: text.hole({ cell: before + i }) }
    })
    return text.ofTree({ ...rest, tables: [node], set, where, ...(order && { orderBy: order }) })
  }
  const { alias: _alias, ...table } = node
  const bare = order?.map(withoutQualifiers)
  return text.ofTree({
    ...rest,
    form: 'single',
    targets: [],
    from: [table],
    where,
    ...(bare && { orderBy: bare }),
  })
}

function noRows(items: readonly SelectItem[], node: TableRef, context: PlanContext): QueryText {
  const where = makeBinary('-', makeInteger(1), makeInteger(1))
  return new ShardText(context).ofTree(makeSelect(items, { from: [node], where }))
}

function hasQuery(items: readonly AnyNode[]): boolean {
  return someNode(items, isSubquery)
}

function isSubquery({ kind }: AnyNode): boolean {
  return kind === 'Subquery'
}
