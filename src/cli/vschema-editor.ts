import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../base/clock.ts'
import { SqlError } from '../errors/sql-error.ts'
import { TopologyAdmin } from '../topology/admin.ts'
import type { TopologySnapshot, TopologyView } from '../topology/snapshot.ts'
import { TopologyError, type TopologyStore } from '../topology/store.ts'
import { judge } from './ctl/check-vschema.ts'
import { SEEN_MS, seenInTopology } from './seen-in-topology.ts'

/**
 * Changes a keyspace's VSchema in the topology. Resolves when this process serves by it. Throws 1105 for a VSchema that has
 * mistakes, and where the topology cannot be changed; then nothing is.
 */
export type ChangeVSchema = (keyspace: string, change: (vschema: unknown) => unknown) => Promise<void>

export function vschemaEditor(store: TopologyStore, topology: TopologyView, clock: Clock): ChangeVSchema {
  const admin = new TopologyAdmin(store)
  return async (keyspace, change) => {
    let base: unknown
    const judged = async (before: unknown) => {
      base = before
      const json = change(before)
      const { problems } = judge(
        await admin.snapshot(),
        { vschema: { keyspace, json } },
        { allowUnknown: true },
      )
      if (problems.length > 0) throw mistaken(keyspace, problems)
      return json
    }
    try {
      const json = await admin.changeVSchema(keyspace, judged)
      if (await seen(topology, clock, { keyspace, json, base })) return
    } catch (error) {
      if (!(error instanceof TopologyError)) throw error
      throw new SqlError(
        'ER_UNKNOWN_ERROR',
        `The VSchema of '${keyspace}' was not changed: ${error.message}`,
        {
          cause: error,
        },
      )
    }
    throw new SqlError(
      'ER_UNKNOWN_ERROR',
      `The VSchema of '${keyspace}' is changed in the topology, of which this proxy has not heard within ${SEEN_MS / 1000} s: it goes on with the old one until it does`,
    )
  }
}

interface Written {
  readonly keyspace: string
  readonly json: unknown
  /** What was there before. */
  readonly base: unknown
}

/** Whether the view has come to what was written, or to what others have made of it since. */
async function seen(
  topology: TopologyView,
  clock: Clock,
  { keyspace, json, base }: Written,
): Promise<boolean> {
  const old = topology.current().vschemas.get(keyspace)
  const isSeen = ({ vschemas }: TopologySnapshot) => {
    const now = vschemas.get(keyspace)
    if (isDeepStrictEqual(now, json)) return true
    return !isDeepStrictEqual(now, base) && !isDeepStrictEqual(now, old)
  }
  return await seenInTopology(topology, clock, isSeen)
}

function mistaken(keyspace: string, problems: readonly string[]): SqlError {
  return new SqlError(
    'ER_UNKNOWN_ERROR',
    `The VSchema of '${keyspace}' would have mistakes; nothing was changed: ${problems.join('; ')}`,
  )
}
