import type { Planner } from '../../planner/build-plan.ts'

const PLANNERS: ReadonlyMap<string, Planner> = new Map([
  ['RULES', 'rules'],
  ['FEDERATION', 'federation'],
  ['GROUPS', 'groups'],
])

/** Words for the planner that chooses by itself: vtgate's, which has no other, and our own. */
export const PLANNER_WORDS = ['AUTO', 'GEN4', 'GEN4GREEDY', 'GEN4LEFT2RIGHT', ...PLANNERS.keys()]

/** Undefined for one that chooses by itself. */
export function plannerNamed(word: string): Planner | undefined {
  return PLANNERS.get(word.toUpperCase())
}

/** As directive `PLANNER=word` says; undefined where there is none. */
export function plannerOf(directives: readonly string[]): Planner | undefined {
  if (directives.length === 0) return undefined
  const found = /(?:^|\s)planner=(\w+)/i.exec(directives.join(' '))
  return found === null ? undefined : plannerNamed(found[1]!)
}
