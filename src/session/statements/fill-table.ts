import { assert } from '../../base/assert.ts'
import { beginPlan } from '../../engine/begin-plan.ts'
import { runCreateSelected } from '../../engine/create-selected.ts'
import type { OkOutcome } from '../../engine/outcome.ts'
import type { RunContext as EngineContext } from '../../engine/run-context.ts'
import type { CreateSelected } from '../../plan/primitives.ts'
import type { Settings } from '../../tablet/settings.ts'
import { quoteName } from '../../values/sql-literal.ts'
import { substituteParams } from '../prepared/substitute-params.ts'
import type { EvaluateContext } from './evaluate.ts'
import type { Execution } from './execution.ts'
import { judge } from './judge.ts'
import { placeValues } from './place-values.ts'
import { withoutSelectLimit } from './select-limit.ts'
import { SessionPort } from './session-port.ts'
import { textExecution } from './text-execution.ts'

/** CREATE TABLE … SELECT over several shards. `own`: the session's settings. Throws the servers' errors. */
export function createSelected(
  context: EvaluateContext,
  execution: Execution,
  node: CreateSelected,
  own: Settings,
): Promise<OkOutcome> {
  const settings = withoutSelectLimit(own)
  const run = engineContext(context, execution, new SessionPort(context, execution, settings))
  return runCreateSelected(node, run, (columns) =>
    fill(context, fillingExecution(execution, node, columns), settings),
  )
}

/** The client's own query as the source of an INSERT: its names mean what they mean to the client. */
function fillingExecution(
  { reading, sql, bindings }: Execution,
  { ddl, table, verb }: CreateSelected,
  columns: readonly string[],
): Execution {
  const { params } = reading.scan(sql)
  const values = Array.from({ length: params }, (_, param) => bindings.paramText(param))
  const bound = params === 0 ? sql : substituteParams(reading.parse(sql), sql, values, bindings)
  const statement = reading.parse(bound)
  assert(statement.kind === 'Ddl' && statement.query !== undefined, 'the table is made of a query')
  const { start, end } = statement.query.span
  const into = `${quoteName(ddl.keyspace)}.${quoteName(table)} (${columns.map(quoteName).join(', ')})`
  const text = `${verb} INTO ${into} ${bound.slice(start, end)}`
  const scan = reading.scan(text)
  return textExecution(reading, text, { scan, plan: reading.planOfOwn(text, scan) })
}

/** All rows, in a transaction of its own, or none. */
async function fill(context: EvaluateContext, execution: Execution, settings: Settings): Promise<OkOutcome> {
  const { transaction, interruption, shards } = context
  await placeValues(context, execution)
  interruption.throwIfKilled()
  if (execution.plan.judged !== undefined) await judge(context, execution, settings)
  const begun = beginPlan(execution.plan, execution.bindings, shards)
  return transaction.aside(async (aside) => {
    const port = new SessionPort({ ...context, transaction: aside }, execution, settings)
    if (begun.kind === 'OneShard') {
      const [answer] = await port.write([begun])
      return { ...answer!, bringsIds: false }
    }
    const outcome = await begun.run(engineContext(context, execution, port))
    assert(outcome.kind === 'Ok', 'a table is filled without an answer of rows')
    return outcome
  })
}

function engineContext(
  { shards, memory, proxy }: EvaluateContext,
  { bindings, format }: Execution,
  port: SessionPort,
): EngineContext {
  return { bindings, shards, port, format, memory, limits: proxy.limits }
}
