import cluster, { type Worker } from 'node:cluster'
import { AggregatorRegistry } from 'prom-client'
import { startHttp } from '../admin/http.ts'
import type { Logger } from '../telemetry/log.ts'
import type { ServeConfig } from './config.ts'
import { onStopSignal } from './signals.ts'

const RESTART_PAUSE_MS = 1_000
/** A worker that dies younger than this did not start; when all do, the parent gives up. */
const STARTED_MS = 5_000

/**
 * The parent of several workers that share the listening port: it starts them, starts a lost one again, serves HTTP
 * with their metrics added up, and passes signals on. Resolves with the exit code when all have ended.
 */
export async function runWorkers(config: ServeConfig, logger: Logger): Promise<number> {
  const stop = onStopSignal()
  const ready = new Set<number>()
  const aggregator = new AggregatorRegistry()
  const metrics = async () => ({
    contentType: aggregator.contentType,
    text: await aggregator.clusterMetrics(),
  })
  const notReady = () => {
    if (stop.signal.aborted) return 'stopping'
    return ready.size === 0 ? 'no worker is ready yet' : undefined
  }
  const http = config.http.enabled ? await startHttp(config.http, { notReady, metrics }) : undefined
  const exitCode = await new Promise<number>((resolve) => {
    let isEverReady = false
    const fork = () => {
      const worker = cluster.fork()
      const startedMs = performance.now()
      worker.on('message', (message: { kind?: string }) => {
        if (message?.kind !== 'ready') return
        isEverReady = true
        ready.add(worker.id)
      })
      worker.once('exit', (code, signal) => {
        ready.delete(worker.id)
        if (stop.signal.aborted) {
          if (workers().length === 0) resolve(0)
          return
        }
        logger.error('worker ended', { worker: worker.id, code, signal })
        if (!isEverReady && performance.now() - startedMs < STARTED_MS) {
          for (const other of workers()) other.kill('SIGTERM')
          resolve(1)
        } else setTimeout(() => !stop.signal.aborted && fork(), RESTART_PAUSE_MS)
      })
    }
    for (let i = 0; i < config.workers; i++) fork()
    void stop.received.then((signal) => {
      logger.info('stopping', { signal, workers: workers().length })
      for (const worker of workers()) worker.process.kill(signal)
      if (workers().length === 0) resolve(0)
    })
  })
  await http?.close()
  stop.dispose()
  return exitCode
}

function workers(): Worker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
}
