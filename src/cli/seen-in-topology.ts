import type { Clock } from '../base/clock.ts'
import type { TopologySnapshot, TopologyView } from '../topology/snapshot.ts'

/** How long the topology is waited for to tell of a change that its store has taken. */
export const SEEN_MS = 10_000

/** Whether the view comes to a snapshot that `isSeen`, within `SEEN_MS`: sessions serve by it then. */
export async function seenInTopology(
  topology: TopologyView,
  clock: Clock,
  isSeen: (snapshot: TopologySnapshot) => boolean,
): Promise<boolean> {
  if (isSeen(topology.current())) return true
  return await new Promise<boolean>((resolve) => {
    const end = (answer: boolean) => {
      stopListening()
      cancelTimer()
      resolve(answer)
    }
    const stopListening = topology.onChange((snapshot) => {
      if (isSeen(snapshot)) end(true)
    })
    const cancelTimer = clock.after(SEEN_MS, () => end(false))
  })
}
