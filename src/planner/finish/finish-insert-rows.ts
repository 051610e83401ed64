import type { Plan } from '../../plan/plan.ts'
import { someNode } from '../../sql/visit.ts'
import { setsLastInsertId } from '../binding/traits.ts'
import { looksFirst } from '../entered-rows.ts'
import { UNCHECKED } from '../foreign-keys.ts'
import { type InsertRowsOp, printInsertRows } from '../operators/insert-rows.ts'
import { insertVerb } from '../operators/write.ts'
import type { PlanContext } from '../plan-context.ts'
import { connectionState } from '../plans.ts'

/** The plan of rows that are mapped, grouped by shard, one statement a shard. */
export function finishInsertRows(op: InsertRowsOp, context: PlanContext): Plan {
  const { statement, table, columns, placing, autoIncrement, counter, entered, verified } = op
  const { userVariables, assigns } = connectionState(statement)
  const isMet = statement.ignore || statement.onDuplicate !== undefined
  return {
    root: {
      kind: 'Insert',
      verb: insertVerb(statement),
      keyspace: table.keyspace,
      table: table.name,
      ...printInsertRows(op, context),
      columnCount: columns.length,
      ...placing,
      ...(verified.length > 0 && { verified }),
      ignore: statement.ignore,
      ...(statement.returning && { returning: isMet ? 'some' : 'each' }),
      ...(autoIncrement && { autoIncrement }),
      ...(counter && { counter }),
      ...(entered && { entered }),
      ...(looksFirst(table, context) && { looksFirst: true }),
      ...(someNode(statement, setsLastInsertId) && { setsInsertId: true }),
    },
    userVariables,
    ...(assigns && { assigns }),
    ...(entered?.references && { settings: UNCHECKED }),
    locks: true,
  }
}
