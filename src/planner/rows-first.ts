import type { Plan } from '../plan/plan.ts'
import { answersRows, type RowsPrimitive } from '../plan/primitives.ts'
import type { ChosenWrite, RowsFirst, SelectedInsert, WrittenInto } from '../plan/write-primitives.ts'
import type { Delete, Insert, Query, TableName, Update } from '../sql/ast.ts'
import { type AnyNode, someNode } from '../sql/visit.ts'
import type { Column } from '../values/column.ts'
import { isIntegral } from '../values/value.ts'
import { isSystemSchema } from '../vschema/system-schemas.ts'
import { findTable, keyspaceOf } from './binding/find-table.ts'
import { cteReferences } from './cte-references.ts'
import type { PlanContext } from './plan-context.ts'
import { planQuery } from './plan-query.ts'
import { connectionState } from './plans.ts'
import { ShardText } from './shard-text.ts'

/** The rows of a query, to be read before anything is written; undefined where no shards can answer it. */
export function rowsFirst(query: Query, construct: string, context: PlanContext): RowsFirst | undefined {
  const { root, mayGiveUp } = planQuery(query, { ...context, isChanged: true })
  if (!isRows(root)) return undefined
  const copies = mayGiveUp && planQuery(query, { ...context, isChanged: true, planner: 'federation' }).root
  return { construct, rows: root, ...(copies && isRows(copies) && { overCopies: copies }) }
}

/**
 * A plan with what several shards do instead where it holds for one alone: `make` is given what error 1235 would name. One that
 * no shard can carry out as it is becomes that.
 */
export function orRowsFirst(
  plan: Plan,
  statement: Insert | Update | Delete,
  make: (construct: string) => ChosenWrite | SelectedInsert | undefined,
  context: PlanContext,
): Plan {
  const { root } = plan
  if (root.kind !== 'Write' && root.kind !== 'Unsupported') return plan
  const construct = root.kind === 'Write' ? root.singleShardOnly : root.construct
  const several = construct === undefined ? undefined : make(construct)
  if (several === undefined) return plan
  if (root.kind === 'Write') return { ...plan, root: { ...root, several }, judged: 'names' }
  const { keyspace } = several.kind === 'SelectedInsert' ? several.insert : several.routing
  const judged = judgedIn(keyspace, statement, context)
  return { root: several, ...judged, ...connectionState(statement), locks: true }
}

/** One server of the keyspace says what is wrong with the names of the client's own statement, where all its tables are there. */
export function judgedIn(
  keyspace: string,
  statement: Insert | Update | Delete,
  context: PlanContext,
): Pick<Plan, 'shortcut' | 'judged'> {
  const ctes = cteReferences(statement)
  const isElsewhere = (node: AnyNode) =>
    node.kind === 'Table' && !ctes.has(node.name) && keyspaceHolding(node.name, context) !== keyspace
  if (someNode(statement, isElsewhere)) return {}
  const query = new ShardText(context).ofStatement(statement)
  return { shortcut: { routing: { kind: 'Scatter', keyspace }, query }, judged: 'names' }
}

function keyspaceHolding(name: TableName, context: PlanContext): string | undefined {
  const keyspace = keyspaceOf(name, context)
  return isSystemSchema(keyspace) ? keyspace : findTable(name, context).keyspace
}

function isRows(root: Plan['root']): root is RowsPrimitive {
  return answersRows(root) && root.kind !== 'Unsupported'
}

/** Undefined where a literal may be another value than the one that it was made of. */
export function writtenInto(column: Column | undefined): WrittenInto | undefined {
  const type = column?.type
  if (type === undefined) return undefined
  if (isIntegral(type)) return 'number'
  switch (type) {
    case 'DECIMAL':
    case 'FLOAT32':
    case 'FLOAT64':
    case 'BIT':
    case 'YEAR':
      return 'number'
    case 'DATE':
    case 'DATETIME':
    case 'TIME':
    case 'TIMESTAMP':
      return 'time'
    case 'JSON':
      return 'json'
    case 'GEOMETRY':
    case 'VECTOR':
      return undefined
    default:
      return 'text'
  }
}
