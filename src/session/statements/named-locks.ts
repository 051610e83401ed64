import { bindLiterally } from '../../engine/bind.ts'
import type { Bindings } from '../../engine/bindings.ts'
import { ServerError } from '../../errors/server-error.ts'
import { textCells } from '../../mysql/client/simple-command.ts'
import type { NamedLocks } from '../../plan/plan.ts'
import { NAMED_LOCKS } from '../../plan/reserves.ts'
import type { Lane } from '../../transaction/lane.ts'

/** What a statement does with locks by name: SQL texts of the names that it asks for. */
export interface LocksAsked {
  readonly names: readonly string[] | undefined
  readonly releasesAll: boolean
}

export function locksAsked({ names, releasesAll }: NamedLocks, bindings: Bindings): LocksAsked {
  const textOf = (template: NonNullable<NamedLocks['names']>[number]) =>
    bindLiterally({ kind: 'Template', template }, bindings).sql
  return { names: names?.map(textOf), releasesAll }
}

/** More than these are not asked about: their connection stays with the session. */
const NAMES_MAX = 100

/**
 * Behind a statement on the lane that takes or releases locks by name, before another one can run there: the server says which of
 * them it has. With the last one the lane is reserved for them no more.
 */
export async function noteLocks(lane: Lane, { names, releasesAll }: LocksAsked): Promise<void> {
  const before = releasesAll ? [] : lane.lockNames
  const all = before === undefined || names === undefined ? undefined : [...before, ...names]
  lane.lockNames =
    all === undefined || all.length > NAMES_MAX ? undefined : await heldOf(lane, [...new Set(all)])
  if (lane.lockNames?.length === 0) lane.unreserve(NAMED_LOCKS)
  else lane.reserve(NAMED_LOCKS)
}

/** Those of the names whose locks the lane has. Undefined where its server does not say. */
async function heldOf(lane: Lane, names: readonly string[]): Promise<Lane['lockNames']> {
  if (names.length === 0) return []
  const asked = names.map(
    (name) => `HEX(CONVERT(${name} USING utf8mb4)), IS_USED_LOCK(${name}) <=> CONNECTION_ID()`,
  )
  try {
    const { rows } = await lane.query(`SELECT ${asked.join(', ')} LIMIT 1`)
    const cells = textCells(rows[0]!, 2 * names.length)
    return names.flatMap((_, i) => (cells[2 * i + 1] === '1' ? [`_utf8mb4 X'${cells[2 * i]}'`] : []))
  } catch (error) {
    if (error instanceof ServerError) return undefined
    throw error
  }
}
