import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ManagedProcess, waitUntilReady } from './managed-process.ts'

export interface EtcdServerOptions {
  readonly command: string
  /** Holds `data/` and `etcd.log`. */
  readonly dir: string
  readonly port: number
  readonly peerPort: number
  readonly args?: readonly string[]
  /** Gives up the start. */
  readonly signal?: AbortSignal
}

const START_MS = 20_000

/** A single etcd on 127.0.0.1. Resolves when it answers as healthy. */
export async function startEtcdServer(options: EtcdServerOptions): Promise<ManagedProcess> {
  const { dir, port, peerPort } = options
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const [client, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`]
  const child = await ManagedProcess.start({
    name: 'etcd',
    command: options.command,
    logFile: join(dir, 'etcd.log'),
    pidFile: join(dir, 'running.pid'),
    args: [
      ...['--name', 'local', '--data-dir', join(dir, 'data'), '--logger', 'zap'],
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
      ...['--initial-cluster', `local=${peer}`, '--auto-compaction-retention', '1'],
      // Alone, it elects itself when the timeout is over: a tenth of a second rather than one.
      ...['--heartbeat-interval', '20', '--election-timeout', '100'],
      ...(options.args ?? []),
    ],
  })
  await waitUntilReady(child, () => isHealthy(client), START_MS, options.signal)
  return child
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1_000) })
    return response.ok && ((await response.json()) as { health?: string }).health === 'true'
  } catch {
    return false // not listening yet
  }
}
