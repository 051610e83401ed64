import type { Outcome } from '../../engine/outcome.ts'
import { runPrimitive } from '../../engine/run.ts'
import type { RunContext } from '../../engine/run-context.ts'
import { SqlError } from '../../errors/sql-error.ts'
import type { Interruption } from '../commands/interruption.ts'
import type { Execution } from './execution.ts'

/** It cannot be done so, or there is no memory to do it. */
const UNABLE: ReadonlySet<string> = new Set(['ER_NOT_SUPPORTED_YET', 'ER_OUT_OF_SORTMEMORY'])

interface Ways {
  byRules(): Promise<Outcome>
  /** Asks what must be known before it can be told where the statement goes. */
  place(execution: Execution): Promise<void>
}

/** What the plan answers, or what copies answer where it cannot: nothing has gone to the client yet. */
export async function firstAble(
  { interruption }: { readonly interruption: Interruption },
  execution: Execution,
  run: RunContext,
  { byRules, place }: Ways,
): Promise<Outcome> {
  try {
    return await byRules()
  } catch (error) {
    const isUnable = error instanceof SqlError && UNABLE.has(error.code)
    if (!isUnable || execution.plan.mayGiveUp !== true) throw error
    const { reading, sql } = execution
    const plan = reading.planOverCopies(sql, reading.scan(sql))
    if (plan === undefined) throw error
    interruption.throwIfKilled()
    await place({ ...execution, plan })
    interruption.throwIfKilled()
    return { kind: 'Rows', stream: await runPrimitive(plan.root, run) }
  }
}
