import { computeValues } from './compute-values.ts'
import type { EvaluateContext } from './evaluate.ts'
import type { Execution } from './execution.ts'
import { lookUp } from './look-up.ts'

/** Whether `placeValues` has something to ask. */
export function asksFirst({ plan }: Execution): boolean {
  return plan.computed !== undefined || plan.lookups !== undefined
}

/** Asks servers for what must be known before it can be told where the statement goes. */
export async function placeValues(context: EvaluateContext, execution: Execution): Promise<void> {
  if (execution.plan.computed !== undefined) await computeValues(context, execution)
  if (execution.plan.lookups !== undefined) await lookUp(context, execution)
}
