import { beginPlan } from '../../engine/begin-plan.ts'
import type { Condition } from '../../errors/condition.ts'
import { readConditions } from '../../mysql/client/conditions.ts'
import { runQuery } from '../../mysql/client/simple-command.ts'
import type { Expr } from '../../sql/ast.ts'
import { print } from '../../sql/print.ts'
import type { VariableValue } from '../settings/variable-value.ts'
import type { EvaluateContext } from './evaluate.ts'
import { withoutSelectLimit } from './select-limit.ts'
import { textExecution } from './text-execution.ts'
import { readVariables, withVariables } from './user-variables.ts'

/**
 * What expressions that ask no table come to when variables are given them: with digits that a SELECT of them would not show
 * (`SET @a = 1 / 3`). A connection computes them into variables of its own, from which they are read. Undefined where the
 * expressions leave something else on their connection.
 */
export async function valuesAsAssigned(
  context: EvaluateContext,
  exprs: readonly Expr[],
): Promise<
  { readonly values: readonly VariableValue[]; readonly conditions: readonly Condition[] } | undefined
> {
  const { state, shards, reader, proxy } = context
  const sql = `SELECT ${exprs.map(print).join(', ')}`
  const { plan, bindings } = textExecution(reader.current, sql)
  const { userVariables, assigns, setsInsertId, namedLocks, isTableless } = plan
  if (isTableless !== true || assigns || setsInsertId || namedLocks !== undefined) return undefined
  const begun = beginPlan(plan, bindings, shards)
  if (begun.kind !== 'OneShard') return undefined
  const text = begun.query.kind === 'Text' ? begun.query.sql : sql
  const names = exprs.map((_, i) => `shardgate ${i}`)
  // Known to the connection, which forgets them when it goes back.
  const own = withoutSelectLimit(state.settings)
  const settings = withVariables(own, state, [...userVariables, ...names], true)
  const target = shards.target(begun.keyspace, begun.shard)
  return shards.on(target, settings, async (lease) => {
    const into = names.map((name) => `@\`${name}\``).join(', ')
    const { summary } = await runQuery(lease.connection, `${text} INTO ${into}`)
    const conditions = summary.warnings > 0 ? await readConditions(lease.connection) : []
    return { values: await readVariables(lease, { state, isMariadb: proxy.isMariadb }, names), conditions }
  })
}
