import { startEtcdServer } from '../../src/cli/local/etcd-server.ts'
import { findProgram } from '../../src/cli/local/find-program.ts'
import { freePort } from '../../src/cli/local/free-port.ts'
import type { ManagedProcess } from '../../src/cli/local/managed-process.ts'
import { tempDir } from './temp-dir.ts'

export interface TestEtcd {
  readonly url: string
  readonly port: number
  /** Ends it without a word, as a crash would. */
  kill(): Promise<void>
  /** Starts it again on the same port with the same data. */
  restart(): Promise<void>
  /** Stops or continues the process without closing its connections. */
  freeze(isFrozen: boolean): void
  /** Stops it and removes its data. */
  close(): Promise<void>
}

/** Whether an etcd is on this machine; tests that need one are skipped without, and say so. */
export const etcdCommand = findProgram('etcd')

/** A real etcd on free ports, with data in a folder of its own. */
export async function startEtcd(): Promise<TestEtcd> {
  if (!etcdCommand) throw new Error('no etcd on PATH: apt-get install etcd-server')
  const dir = tempDir('etcd')
  const [port, peerPort] = [await freePort(), await freePort()]
  const start = () => startEtcdServer({ command: etcdCommand!, dir: dir.path, port, peerPort })
  let child: ManagedProcess = await start()
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    kill: () => child.stop('SIGKILL'),
    restart: async () => {
      await child.stop('SIGKILL')
      child = await start()
    },
    freeze: (isFrozen) => child.signal(isFrozen ? 'SIGSTOP' : 'SIGCONT'),
    close: async () => {
      await child.stop('SIGKILL')
      dir.remove()
    },
  }
}
