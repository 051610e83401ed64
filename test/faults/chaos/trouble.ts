import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Connection } from 'mysql2/promise'
import type { Random } from '../../fuzz/random.ts'
import { eventually } from '../../support/eventually.ts'
import type { Figures } from './figures.ts'
import type { Backend } from './world.ts'

/** Something that happens to a server or its network, and is over when this resolves. */
type Trouble = (backend: Backend, random: Random) => Promise<void>

const LONG_MS = 5_000

const troubles: Readonly<Record<string, Trouble>> = {
  'connections killed': async (backend, random) => {
    await asRoot(backend, async (root) => {
      const [rows] = await root.query(
        "SELECT id FROM information_schema.processlist WHERE user = 'shardgate'",
      )
      const all = random.oneIn(3)
      for (const { id } of rows as { id: number }[])
        if (all || random.oneIn(3)) await root.query(`KILL ${id}`).catch(() => {}) // it has ended by itself
    })
  },
  'statements killed': async (backend, random) => {
    await asRoot(backend, async (root) => {
      const [rows] = await root.query(
        "SELECT id FROM information_schema.processlist WHERE user = 'shardgate' AND command <> 'Sleep'",
      )
      for (const { id } of rows as { id: number }[])
        if (random.oneIn(2)) await root.query(`KILL QUERY ${id}`).catch(() => {}) // as above
    })
  },
  'server stopped': async (backend, random) => {
    const { process } = backend.process()
    process.signal('SIGSTOP')
    await eventually('all its threads are stopped', () => isStopped(process.pid))
    await pause(random.int(LONG_MS))
    process.signal('SIGCONT')
  },
  'server killed': async (backend, random) => {
    await backend.process().process.stop('SIGKILL')
    await pause(random.int(2_000))
    await backend.restart()
  },
  'network stalled': async ({ network }, random) => {
    network.stall()
    await pause(random.int(LONG_MS))
    network.resume()
  },
  'network slow': async ({ network }, random) => {
    network.delay(10 + random.int(150))
    await pause(random.int(LONG_MS))
    network.resume()
  },
  'connections reset': async ({ network }) => network.reset(),
  'connections refused': async ({ network }, random) => {
    network.refuse()
    network.reset()
    await pause(random.int(2_000))
    network.resume()
  },
}

/** Brings trouble to one server after the other until `signal` is aborted; all is well again when this resolves. */
export async function bringTrouble(
  backend: Backend,
  tools: { readonly random: Random; readonly figures: Figures; readonly signal: AbortSignal },
): Promise<void> {
  const { random, figures, signal } = tools
  const names = Object.keys(troubles)
  while (!signal.aborted) {
    await pause(200 + random.int(3_000), undefined, { signal }).catch(() => {}) // aborted: the loop ends
    if (signal.aborted) return
    const name = random.pick(names)
    await troubles[name]!(backend, random)
    figures.count(`trouble ${name}`)
  }
}

async function asRoot(backend: Backend, work: (root: Connection) => Promise<void>): Promise<void> {
  const root = await backend.root()
  try {
    await work(root)
  } finally {
    root.destroy()
  }
}

/** SIGSTOP reaches the threads of a process one after the other. Source: proc(5), the state in /proc/pid/task/tid/stat. */
function isStopped(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((tid) => {
    const stat = readFileSync(`/proc/${pid}/task/${tid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')
  })
}
