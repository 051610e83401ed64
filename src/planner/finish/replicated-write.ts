import type { Plan } from '../../plan/plan.ts'
import type { SendWrite } from '../../plan/write-primitives.ts'
import type { Delete, Insert, TableName, Update } from '../../sql/ast.ts'
import { findTable, hasShardsOfItsOwn } from '../binding/find-table.ts'
import { isChanging } from '../binding/traits.ts'
import type { PlanContext } from '../plan-context.ts'
import { unsupportedPlan, writePlan } from '../plans.ts'

/** A reference table is changed at its source, or else in all copies alike, with the same outcome in each. */
export function replicatedWrite(
  name: TableName,
  statement: Insert | Update | Delete,
  write: Pick<SendWrite, 'verb' | 'singleShardOnly'>,
  context: PlanContext,
): Plan {
  const table = findTable(name, context)
  if (hasShardsOfItsOwn(table)) return unsupportedPlan('a write that is not on a reference table')
  if (table.source !== undefined) {
    const { keyspace, table: source } = table.source
    if (source !== table.name)
      return unsupportedPlan(`writing reference table '${table.name}' through a source of another name`)
    return writePlan(statement, { ...write, routing: { kind: 'Unsharded', keyspace } }, context)
  }
  if (isChanging(statement))
    return unsupportedPlan(
      'a function that changes from call to call, written to all copies of a reference table',
    )
  const routing = { kind: 'Scatter', keyspace: table.keyspace } as const
  return writePlan(statement, { ...write, routing, replicated: true }, context)
}
