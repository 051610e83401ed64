import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { ManagedProcess } from '../../src/cli/local/managed-process.ts'
import { eventually } from './eventually.ts'

/**
 * Stops a process as a machine that hangs would. SIGSTOP has come when every thread stands: until then one that runs on
 * another core may still answer.
 */
export async function pause(child: ManagedProcess): Promise<void> {
  child.signal('SIGSTOP')
  await eventually('every thread stands', () => threadStates(child.pid).every((state) => state === 'T'))
}

export function resume(child: ManagedProcess): void {
  child.signal('SIGCONT')
}

/** The third field of each thread's `stat` (proc(5)); the name before it is in parentheses and may hold any byte. */
function threadStates(pid: number): (string | undefined)[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const path = `/proc/${pid}/task/${thread}/stat`
    if (!existsSync(path)) return undefined // ended since
    const stat = readFileSync(path, 'latin1')
    return stat[stat.lastIndexOf(')') + 2]
  })
}
