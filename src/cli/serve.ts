import cluster from 'node:cluster'
import { AggregatorRegistry, collectDefaultMetrics, Registry } from 'prom-client'
import { type HttpServer, startHttp } from '../admin/http.ts'
import { registerTopologyMetrics } from '../admin/topology-metrics.ts'
import { systemClock } from '../base/clock.ts'
import { createLogger, type Logger, silentLogger } from '../telemetry/log.ts'
import type { TopologyView } from '../topology/snapshot.ts'
import type { ServeConfig } from './config.ts'
import { fileMistakes } from './config-files.ts'
import { catchTheRest } from './last-resort.ts'
import { type OpenPeers, openPeers, proxyNumberOfWorker } from './open-peers.ts'
import { followTopology, openStore } from './open-topology.ts'
import type { SignedKill } from './peers.ts'
import { type CreateProxy, type RunningProxy, startProxy } from './proxy.ts'
import { registerProxyMetrics } from './proxy-metrics.ts'
import { notServing, printProblem, type ServingState } from './serving-state.ts'
import { onStopSignal } from './signals.ts'
import { watchServing } from './watch-serving.ts'
import { runWorkers, type WorkerMessage, workerSlot } from './workers.ts'

/** Runs the proxy until a signal ends it. Resolves with the exit code. */
export async function serve(config: ServeConfig): Promise<number> {
  const logger = createLogger({ level: config.log_level })
  // Here, before anything listens and before there are workers that would all say the same.
  const mistakes = cluster.isPrimary ? await fileMistakes(config) : []
  if (mistakes.length > 0) {
    logger.error('cannot serve', { reason: mistakes.join('; ') })
    return 1
  }
  if (cluster.isPrimary && config.workers > 1) return await runWorkers(config, logger)
  return await serveHere(config, cluster.isWorker ? logger.child({ worker: cluster.worker!.id }) : logger)
}

/** One process: topology, HTTP (unless the parent serves it) and the proxy. */
async function serveHere(
  config: ServeConfig,
  logger: Logger,
  createProxy: CreateProxy = startProxy,
): Promise<number> {
  const stop = onStopSignal()
  // Waiting for a topology holds no socket open, and timers here do not keep a process: this does.
  const keepAlive = setInterval(() => {}, 2 ** 30)
  const state = new ReadyState()
  const store = openStore(config.topology)
  const topology = followTopology(store, config.topology.cache_file, logger)
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'shardgate_' })
  registerTopologyMetrics(registry, topology)
  const stopCatching = catchTheRest(logger, registry)
  if (cluster.isWorker) answerParentsMetrics(registry)
  const metrics = async () => ({ contentType: registry.contentType, text: await registry.metrics() })
  let http: HttpServer | undefined
  let peers: OpenPeers | undefined
  let proxy: RunningProxy | undefined
  let stopWatching = () => {}
  try {
    if (!cluster.isWorker) peers = await openPeers(config, { logger, signal: stop.signal })
    const killOfPeer = async (signed: SignedKill) =>
      await peers?.answer(signed, async (request) => proxy?.kill(request) ?? 'unknown')
    if (config.http.enabled && !cluster.isWorker) {
      http = await startHttp(config.http, {
        notReady: () => state.reason(topology),
        warnings: () => state.problems(),
        metrics,
        ...(peers && { killOfPeer }),
      })
      logger.info('http listens', { host: config.http.host, port: http.port })
    }
    logger.info('reading the topology', { store: store.description })
    await topology.start(stop.signal)
    proxy = await createProxy({
      config,
      topology,
      store,
      logger,
      workerNumber: workerSlot(),
      proxyNumber: peers?.peers.number ?? proxyNumberOfWorker(),
      ...(peers && { peers: peers.peers }),
      signal: stop.signal,
    })
    const running = proxy
    registerProxyMetrics(registry, () => running.load())
    // Of workers the parent tells the log, once for all.
    const troubleLog = cluster.isWorker ? silentLogger : logger
    stopWatching = watchServing(
      () => running.state(),
      { clock: systemClock, logger: troubleLog },
      (serving) => {
        state.serving = serving
        if (cluster.isWorker) process.send?.({ kind: 'serving', state: serving } satisfies WorkerMessage)
      },
    )
    state.phase = 'serving'
    logger.info('ready', { host: config.listen.host, port: proxy.port })
    if (cluster.isWorker) process.send?.({ kind: 'ready' } satisfies WorkerMessage)
    const signal = await stop.received
    state.phase = 'draining'
    // Ctrl-C is a person at a terminal, whom no load balancer sends clients.
    const lameDuckMs = signal === 'SIGTERM' ? config.timeouts.lame_duck : 0
    logger.info('stopping', { signal, lameDuckMs, drainMs: config.timeouts.drain })
    await new Promise<void>((resolve) => systemClock.after(lameDuckMs, resolve))
    await proxy.close({ drainMs: config.timeouts.drain })
    return 0
  } catch (error) {
    if (stop.signal.aborted && state.phase === 'starting') return 0
    const reason = (error as Error).message
    // All workers fail alike: their parent says it, once.
    if (cluster.isWorker) process.send?.({ kind: 'failed', reason } satisfies WorkerMessage)
    else logger.error('cannot serve', { reason })
    logger.debug('cannot serve: where', { error })
    return 1
  } finally {
    stopWatching()
    await topology.close()
    await store.close()
    await http?.close()
    await peers?.close()
    stop.dispose()
    stopCatching()
    clearInterval(keepAlive)
    if (cluster.isWorker) cluster.worker!.disconnect() // the parent's channel would keep the process
  }
}

/** The parent adds up its workers' metrics: it asks over the cluster's channel, this answers. */
function answerParentsMetrics(registry: Registry): void {
  AggregatorRegistry.setRegistries([registry])
  new AggregatorRegistry()
}

class ReadyState {
  phase: 'starting' | 'serving' | 'draining' = 'starting'
  serving: ServingState | undefined

  /** A stale topology is served from; it is no reason to take a proxy out of service. */
  reason(topology: TopologyView): string | undefined {
    if (this.phase === 'draining') return 'stopping'
    if (this.phase === 'serving') return notServing(this.serving)
    const { lastError } = topology.status()
    return topology.current().version === 0
      ? `no topology yet${lastError ? `: ${lastError}` : ''}`
      : 'starting'
  }

  problems(): readonly string[] {
    return this.serving?.problems.map(printProblem) ?? []
  }
}
