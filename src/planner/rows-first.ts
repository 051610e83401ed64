import type { Plan } from '../plan/plan.ts'
import { answersRows, type RowsPrimitive } from '../plan/primitives.ts'
import type { ChosenWrite, RowsFirst, SelectedInsert, WrittenInto } from '../plan/write-primitives.ts'
import type { Delete, Insert, Query, Update } from '../sql/ast.ts'
import type { Column } from '../values/column.ts'
import { isIntegral } from '../values/value.ts'
import { judgedIn, judgedOverCopies } from './judged.ts'
import type { PlanContext } from './plan-context.ts'
import { planQuery } from './plan-query.ts'
import { connectionState } from './plans.ts'

/** The rows of a query, to be read before anything is written; undefined where no shards can answer it. */
export function rowsFirst(query: Query, construct: string, context: PlanContext): RowsFirst | undefined {
  const { root, mayGiveUp } = planQuery(query, { ...context, isChanged: true })
  if (!isRows(root)) return undefined
  const copies = mayGiveUp && planQuery(query, { ...context, isChanged: true, planner: 'federation' }).root
  return { construct, rows: root, ...(copies && isRows(copies) && { overCopies: copies }) }
}

interface RowsOrRefusal {
  /** Of a table that is written. */
  readonly keyspace: string
  make(construct: string): ChosenWrite | SelectedInsert | undefined
}

/**
 * A plan with what several shards do instead where it holds for one alone: `make` is given what error 1235 would name. One that
 * no shard can carry out as it is becomes that.
 */
export function orRowsFirst(
  plan: Plan,
  statement: Insert | Update | Delete,
  { keyspace, make }: RowsOrRefusal,
  context: PlanContext,
): Plan {
  const { root } = plan
  if (root.kind !== 'Write' && root.kind !== 'Unsupported') return plan
  const construct = root.kind === 'Write' ? root.singleShardOnly : root.construct
  if (construct === undefined) return plan
  const several = make(construct)
  // A server may have something else against it. It has no shortcut, for what has to follow is not known.
  if (several === undefined) return { ...judgedOverCopies(keyspace, statement, context), ...plan }
  if (root.kind === 'Write') return { ...plan, root: { ...root, several }, judged: 'names' }
  const judged = judgedIn(keyspace, statement, context)
  return { root: several, ...judged, ...connectionState(statement), locks: true }
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
