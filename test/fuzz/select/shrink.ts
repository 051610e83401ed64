import type { Case } from './cases.ts'
import type { Difference } from './compare-answers.ts'
import { print, smaller } from './fragment.ts'
import type { Reproducer, Situation } from './reproducer.ts'
import type { TableRows } from './rows.ts'

export interface Shrunk {
  readonly situation: Situation
  readonly difference: Difference
}

/** How often it is asked whether the difference is still there. */
const TRIES_MAX = 1500

/** The smallest situation found in which a difference of the same kind remains: any smaller step that keeps it is taken. */
export async function shrink(start: Shrunk, reproducer: Reproducer): Promise<Shrunk> {
  let best = start
  let tries = 0
  const { kind } = start.difference
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false
    for (const situation of steps(best.situation)) {
      // Without ORDER BY there is no order to be wrong.
      if (kind === 'order' && ordersOf(situation) < ordersOf(start.situation)) continue
      if (++tries > TRIES_MAX) return best
      const { difference, isDetermined } = await reproducer.differs(situation)
      if (!isDetermined || difference?.kind !== kind) continue
      best = { situation, difference }
      isSmaller = true
      break
    }
  }
  return best
}

function ordersOf({ asked }: Situation): number {
  return asked.steps.flatMap(({ sql }) => print(sql, false).sql.match(/ ORDER BY /g) ?? []).length
}

function* steps(situation: Situation): Generator<Situation> {
  const { asked, changes, rows } = situation
  if (changes !== undefined) {
    yield { ...situation, changes: undefined }
    for (const [i] of changes.entries()) yield { ...situation, changes: changes.toSpliced(i, 1) }
  }
  for (const smallerCase of smallerCases(asked)) yield { ...situation, asked: smallerCase }
  for (const fewer of fewerRows(rows)) yield { ...situation, rows: fewer }
}

function* smallerCases(asked: Case): Generator<Case> {
  const { steps: all, isPrepared } = asked
  if (isPrepared) yield { ...asked, isPrepared: false }
  if (all.length > 1)
    for (const [i, step] of all.entries()) if (!isBound(step)) yield { ...asked, steps: all.toSpliced(i, 1) }
  for (const [i, step] of all.entries()) {
    for (const sql of smaller(step.sql)) yield { ...asked, steps: all.with(i, { ...step, sql }) }
  }
}

/** Where a transaction begins and ends: without it changes would stay for whoever comes next. */
function isBound({ sql }: Case['steps'][number]): boolean {
  return sql === 'BEGIN' || sql === 'ROLLBACK'
}

/** All rows of a table gone, then half of them, then a quarter, then each. */
function* fewerRows(rows: readonly TableRows[]): Generator<readonly TableRows[]> {
  for (const [i, table] of rows.entries()) {
    for (let width = table.rows.length; width >= 1; width >>= 1) {
      for (let at = 0; at < table.rows.length; at += width) {
        yield rows.with(i, { ...table, rows: table.rows.toSpliced(at, width) })
      }
    }
  }
}
