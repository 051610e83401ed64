import type { Plan } from '../plan/plan.ts'
import type { QueryText } from '../plan/text.ts'
import type { Delete, Insert, Query, Update } from '../sql/ast.ts'
import { someInBlock, someNode } from '../sql/visit.ts'
import { sameColumn, type Table } from '../vschema/model.ts'
import { isSystemSchema } from '../vschema/system-schemas.ts'
import { bindQuery } from './binding/bind-query.ts'
import { bindWrite } from './binding/bind-write.ts'
import { findTable, keyspaceOf } from './binding/find-table.ts'
import { rootPlace } from './binding/place.ts'
import { isAggregated } from './binding/traits.ts'
import { refusalOfView, shownSequence } from './binding/views.ts'
import { withChosenRows } from './chosen-rows.ts'
import { finishInsertRows } from './finish/finish-insert-rows.ts'
import { finishInsertSelect } from './finish/finish-insert-select.ts'
import { finishWrite } from './finish/finish-write.ts'
import { replicatedWrite } from './finish/replicated-write.ts'
import { asValues, wholeInsert } from './finish/whole-insert.ts'
import { refusalOfForeignKeys, touchedKeys } from './foreign-keys.ts'
import { judgedIn } from './judged.ts'
import { makeItem, makeSelect } from './make-node.ts'
import { anyShard } from './one-shard.ts'
import { operatorOf, operatorOfWrite } from './operators/build-operators.ts'
import { insertRows, type ValuesInsert } from './operators/insert-rows.ts'
import { insertVerb } from './operators/write.ts'
import { withPlainValues } from './plain-values.ts'
import type { PlanContext } from './plan-context.ts'
import { connectionState, unsupportedPlan, writePlan } from './plans.ts'
import { hasSubquery, namesRow, withReadCells } from './read-cells.ts'
import { isRefusal } from './refusal.ts'
import { phases } from './rules/phases.ts'
import { runPhases } from './rules/run-phases.ts'
import type { Trace } from './rules/trace.ts'
import { withSelectedRows } from './selected-rows.ts'
import { ShardText } from './shard-text.ts'
import { planTemporaryInsert, planTemporaryWrite } from './statements/plan-temporary-write.ts'
import { withValuesOfBefore } from './values-of-before.ts'

/** UPDATE and DELETE: each shard changes its own rows, which holds as long as they need no others to decide. */
export function planWrite(ast: Update | Delete, context: PlanContext, trace?: Trace): Plan {
  const temporary = planTemporaryWrite(ast, context)
  if (temporary !== undefined) return temporary
  const ordered = ast.kind === 'Update' ? withValuesOfBefore(ast, context) : ast
  const bound = bindWrite(ordered ?? ast, rootPlace(context))
  const plan = finishWrite(bound, runPhases(phases, operatorOfWrite(bound), context, trace), context)
  const planned = withChosenRows(plan, bound, context)
  if (ordered !== undefined || isOneRoute(planned)) return planned
  return unsupportedPlan(
    'assignments that read each other beside a subquery on their table, over several shards,',
  )
}

/**
 * INSERT and REPLACE. Rows of a sharded table go to the shards of their primary vindex.
 *
 * A duplicate key is found by the shard that holds the row: for REPLACE and ON DUPLICATE KEY UPDATE to see all
 * duplicates, unique keys must contain the vindex columns, as they must anyhow to be unique over all shards.
 */
export function planInsert(ast: Insert, context: PlanContext, trace?: Trace): Plan {
  if (isSystemSchema(keyspaceOf(ast.table, context)))
    return writePlan(ast, { verb: insertVerb(ast), routing: anyShard(context) }, context)
  const table = shownSequence(findTable(ast.table, context))
  const problem = refusalOfView(ast.verb, table, context)
  if (problem !== undefined) return unsupportedPlan(problem.construct)
  const { source } = ast
  if (source.kind !== 'InsertValues' && source.kind !== 'InsertSet')
    return planInsertSelect(ast, source, table, context, trace)
  const { keyspace, pinned, autoIncrement } = table
  if (table.type === 'reference' && (table.sharded || table.source !== undefined))
    return planReferenceInsert(ast, table, context)
  const isPlaced = table.sharded && table.type !== 'reference' && pinned === undefined
  if (!isPlaced && readsElsewhere(ast, keyspace, context))
    return unsupportedPlan('a subquery on another keyspace in INSERT')
  if (isPlaced || autoIncrement !== undefined || touchedKeys(ast, table, context) !== undefined) {
    const values = withPlainValues(asValues(ast, source), table)
    const plan = isPlaced ? planAsSelect(ast, values, table, context, trace) : undefined
    return plan ?? planRows(values, table, context, trace)
  }
  if (pinned === undefined) return wholeInsert(ast, { kind: 'Unsharded', keyspace }, context)
  return wholeInsert(ast, { kind: 'Pinned', keyspace, keyspaceId: pinned }, context)
}

function planInsertSelect(
  ast: Insert,
  source: Query,
  table: Table,
  context: PlanContext,
  trace: Trace | undefined,
): Plan {
  const query = bindQuery(source, rootPlace(context))
  const bound = { kind: 'InsertSelect', ast, table, query } as const
  const tree = { kind: 'Write', input: operatorOf(query), bound } as const
  const plan = finishInsertSelect(bound, runPhases(phases, tree, context, trace), context)
  const planned = withSelectedRows(plan, bound, context)
  if (table.isTemporary !== true || isOneRoute(planned)) return planned
  // Groups are fewer than the rows that would be copied for them.
  const isGrouped = source.kind === 'Select' && isAggregated(source)
  if (isGrouped && planned.root.kind !== 'Unsupported') return planned
  return planTemporaryInsert(ast, source, table, context) ?? planned
}

/** The place of the table has all that is selected. */
function isOneRoute({ root }: Plan): boolean {
  return root.kind === 'Write' && root.singleShardOnly === undefined && root.several === undefined
}

/**
 * One row of VALUES with queries in it that ask other shards: what a SELECT of its values gives. On one shard it stays what it is.
 * Undefined where it has no query, or says what only VALUES can.
 */
function planAsSelect(
  written: Insert,
  values: ValuesInsert,
  table: Table,
  context: PlanContext,
  trace: Trace | undefined,
): Plan | undefined {
  const { columns, source } = values
  const [row, ...others] = source.rows
  if (row === undefined || others.length > 0 || written.rowAlias !== undefined) return undefined
  if (!someNode(row, (node) => node.kind === 'Subquery')) return undefined
  if (someInBlock(row, ({ kind }) => kind === 'Default' || kind === 'Column')) return undefined
  if (row.values.some((value) => namesRow(value, { ast: values, table }, context))) return undefined
  const select = makeSelect(row.values.map(makeItem), { from: [] })
  const asSelect = { ...written, ...(columns && { columns }), source: select }
  const plan = planInsertSelect(asSelect, select, table, context, trace)
  const query = new ShardText(context).ofStatement(written)
  return {
    ...plan,
    root: asWritten(plan.root, query),
    ...(plan.shortcut && { shortcut: { ...plan.shortcut, query } }),
  }
}

function asWritten(root: Plan['root'], query: QueryText): Plan['root'] {
  if (root.kind === 'SelectedInsert') return { ...root, isValues: true }
  if (root.kind !== 'Write') return root
  const several =
    root.several?.kind === 'SelectedInsert' ? { ...root.several, isValues: true as const } : root.several
  return { ...root, query, ...(several && { several }) }
}

function planRows(ast: ValuesInsert, table: Table, context: PlanContext, trace: Trace | undefined): Plan {
  if (hasSubquery([ast.source, ast.onDuplicate].flat())) return planReadRows(ast, table, context, trace)
  const op = insertRows(ast, table, context)
  if (isRefusal(op)) return unsupportedPlan(op.construct)
  trace?.begin('finish', op)
  return finishInsertRows(op, context)
}

/** Rows with queries in them, which are asked first. */
function planReadRows(
  written: ValuesInsert,
  table: Table,
  context: PlanContext,
  trace: Trace | undefined,
): Plan {
  const construct = `a subquery in ${written.verb} into a sharded table`
  const cells = withReadCells(written, table, construct, context)
  if (cells === undefined) return unsupportedPlan(construct)
  const { ast, reads } = cells
  const inner = { ...context, isChanged: true, pulledOut: reads.into.length }
  const plan = planRows(ast, table, inner, trace)
  if (plan.root.kind !== 'Insert') return plan
  const judged = judgedIn(table.keyspace, written, context)
  return { ...plan, ...judged, ...connectionState(written), root: { ...plan.root, reads } }
}

function planReferenceInsert(ast: Insert, table: Table, context: PlanContext): Plan {
  const { verb, source, columns } = ast
  refusalOfForeignKeys(ast, table, context)
  if (someNode(source, (node) => node.kind === 'Subquery'))
    return unsupportedPlan('a subquery in VALUES for a reference table')
  const counter =
    table.autoIncrement?.column ?? table.columns.find(({ autoIncrement }) => autoIncrement)?.name
  const isGiven = columns?.some(({ name }) => sameColumn(name, counter ?? '')) === true
  // Each copy would count for itself, and two inserts at once differently.
  if (table.source === undefined && counter !== undefined && !isGiven)
    return unsupportedPlan(
      `${verb} into the copies of reference table '${table.name}' without a value for '${counter}'`,
    )
  return replicatedWrite(ast.table, ast, { verb: insertVerb(ast) }, context)
}

/** Subqueries of an insert into an unsharded table see that keyspace only. */
function readsElsewhere({ source, onDuplicate }: Insert, keyspace: string, context: PlanContext): boolean {
  return someNode(
    [source, onDuplicate],
    (node) => node.kind === 'Table' && findTable(node.name, context).keyspace !== keyspace,
  )
}
