import { buildSnapshot, EMPTY_SNAPSHOT } from './build-snapshot.ts'
import { RecordSet } from './record-set.ts'
import type { TopologySnapshot } from './snapshot.ts'
import type { TopologyStore } from './store.ts'

/** The topology as it is now, read once: for tools that do not stay. */
export async function readSnapshot(store: TopologyStore): Promise<TopologySnapshot> {
  const { records, revision } = await store.list()
  const set = new RecordSet()
  set.replace(records)
  return buildSnapshot(set.parsed(), set.problems(), EMPTY_SNAPSHOT, { revision, stale: false })
}
