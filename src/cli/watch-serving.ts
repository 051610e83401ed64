import type { Clock } from '../base/clock.ts'
import type { Logger } from '../telemetry/log.ts'
import { Repeats } from '../telemetry/repeats.ts'
import { printProblem, type ServingState } from './serving-state.ts'

/** As often as tablets are checked by default. */
const LOOK_MS = 1_000

/**
 * Looks again and again what is in the way of serving: a new trouble is an error in the log, once; while it lasts its looks
 * are counted, and its end is told. `onLook` gets each state. Returns the end of it.
 */
export function watchServing(
  look: () => ServingState,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  onLook: (state: ServingState) => void = () => {},
): () => void {
  const repeats = new Repeats(logger, clock)
  let before = new Map<string, string>()
  let cancel = () => {}
  const run = () => {
    const state = look()
    const now = new Map(state.problems.map((problem) => [printProblem(problem), problem.what]))
    for (const { what, reason } of state.problems)
      repeats.tell('error', `${what}: ${reason}`, 'in the way of serving', { what, reason })
    const troubled = new Set(now.values())
    for (const [key, what] of before) {
      if (now.has(key)) continue
      repeats.end(key)
      if (!troubled.has(what)) logger.info('no longer in the way of serving', { what })
    }
    before = now
    onLook(state)
    cancel = clock.after(LOOK_MS, run)
  }
  run()
  return () => {
    cancel()
    repeats.close()
  }
}
