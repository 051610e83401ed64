import { smaller } from '../select/fragment.ts'
import type { Script } from './script.ts'

/** How often it is asked whether the difference is still there. */
const TRIES_MAX = 600

/** The smallest script found of which `isSame` still holds: any smaller one that keeps it is taken. */
export async function shrinkScript(
  start: Script,
  isSame: (script: Script) => Promise<boolean>,
): Promise<Script> {
  let best = start
  let tries = 0
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false
    for (const script of smallerScripts(best)) {
      if (++tries > TRIES_MAX) return best
      if (!(await isSame(script))) continue
      best = script
      isSmaller = true
      break
    }
  }
  return best
}

function* smallerScripts(script: Script): Generator<Script> {
  const { steps } = script
  for (let width = steps.length >> 1; width >= 1; width >>= 1) {
    for (let at = 0; at < steps.length; at += width) {
      const rest = steps.toSpliced(at, width)
      // What draws numbers goes with the row ahead of it, or before it.
      const last = steps[Math.min(at + width, steps.length) - 1]!
      if (rest.length > 0 && !(last.isNeeded && at + width < steps.length)) yield { ...script, steps: rest }
    }
  }
  if (script.mode !== 'multi') yield { ...script, mode: 'multi' }
  for (const [i, step] of steps.entries()) {
    if (step.how !== 'text') yield { ...script, steps: steps.with(i, { ...step, how: 'text' }) }
    if (step.session !== 0) yield { ...script, steps: steps.with(i, { ...step, session: 0 }) }
  }
  for (const [i, step] of steps.entries()) {
    for (const sql of smaller(step.sql)) yield { ...script, steps: steps.with(i, { ...step, sql }) }
  }
}
