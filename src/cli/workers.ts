import cluster, { type Worker } from 'node:cluster'
import { AggregatorRegistry } from 'prom-client'
import { startHttp } from '../admin/http.ts'
import { systemClock } from '../base/clock.ts'
import { removeStaleSocket } from '../mysql/server/stale-socket.ts'
import type { Logger } from '../telemetry/log.ts'
import type { ServeConfig } from './config.ts'
import { workerHeapArgs } from './memory-limits.ts'
import { openPeers, PROXY_NUMBER_VARIABLE } from './open-peers.ts'
import type { SignedKill } from './peers.ts'
import { notServing, printProblem, type ServingState } from './serving-state.ts'
import { onStopSignal } from './signals.ts'
import { watchServing } from './watch-serving.ts'
import { passHealth } from './worker-health.ts'
import { KillPost } from './worker-kill.ts'

const RESTART_PAUSE_MS = 1_000
/** A worker that dies younger than this did not start; when all do, the parent gives up. */
const STARTED_MS = 5_000

/**
 * Tells a worker which of the `workers` places it holds, from 1; one that is started again takes the place of the lost
 * one. Connection ids carry it in eight bits, where node's own ids of workers would run out.
 */
const SLOT_VARIABLE = 'SHARDGATE_WORKER_SLOT'

/** What a worker tells its parent about itself. */
export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'serving'; readonly state: ServingState }
  | { readonly kind: 'failed'; readonly reason: string }

const UNKNOWN: ServingState = { isServing: true, problems: [] }

/** 0 in a process that has no siblings. */
export function workerSlot(): number {
  return cluster.isWorker ? Number(process.env[SLOT_VARIABLE]) : 0
}

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
    if (ready.size === 0) return 'no worker is ready yet'
    return notServing(serving())
  }
  const states = new Map<number, ServingState>()
  /** Of any worker: they all look at the same databases. */
  const serving = (): ServingState | undefined => [...states.values()].at(-1)
  const unwatch = watchServing(() => serving() ?? UNKNOWN, { clock: systemClock, logger })
  const warnings = () => serving()?.problems.map(printProblem) ?? []
  // Those that live: node has one among its own until its channel is closed, which may be after its exit is told.
  const places = new Map<number, Worker>()
  const peers = await openPeers(config, { logger, signal: stop.signal })
  const post = new KillPost((slot) => places.get(slot), peers?.peers)
  const killOfPeer = peers && ((signed: SignedKill) => peers.answer(signed, (request) => post.kill(request)))
  const http = config.http.enabled
    ? await startHttp(config.http, { notReady, warnings, metrics, ...(killOfPeer && { killOfPeer }) })
    : undefined
  // The parent alone may: to a worker the sockets of its siblings look like strangers'.
  if (config.listen.socket !== undefined) await removeStaleSocket(config.listen.socket)
  cluster.setupPrimary({ execArgv: [...process.execArgv, ...workerHeapArgs(config.workers)] })
  const exitCode = await new Promise<number>((resolve) => {
    let isEverReady = false
    let hasGivenUp = false
    const told = new Set<string>()
    const fork = (slot: number) => {
      const number = String(peers?.peers.number ?? 0)
      const worker = cluster.fork({ [SLOT_VARIABLE]: String(slot), [PROXY_NUMBER_VARIABLE]: number })
      const startedMs = performance.now()
      let hasSaidWhy = false
      places.set(slot, worker)
      post.serve(worker)
      passHealth(worker, () => places.values())
      worker.on('message', (message: WorkerMessage) => {
        if (message?.kind === 'failed') {
          if (!told.has(message.reason)) logger.error('cannot serve', { reason: message.reason })
          told.add(message.reason)
          hasSaidWhy = true
        }
        if (message?.kind === 'serving') states.set(worker.id, message.state)
        if (message?.kind !== 'ready') return
        isEverReady = true
        told.clear() // it was over
        ready.add(worker.id)
      })
      worker.once('exit', (code, signal) => {
        ready.delete(worker.id)
        states.delete(worker.id)
        places.delete(slot)
        if (stop.signal.aborted) {
          if (places.size === 0) resolve(0)
          return
        }
        if (hasGivenUp) return // it was told to end, for another's sake
        if (!hasSaidWhy) logger.error('worker ended', { worker: worker.id, code, signal })
        if (!isEverReady && performance.now() - startedMs < STARTED_MS) {
          hasGivenUp = true
          for (const other of places.values()) other.kill('SIGTERM')
          resolve(1)
        } else setTimeout(() => !stop.signal.aborted && fork(slot), RESTART_PAUSE_MS)
      })
    }
    for (let slot = 1; slot <= config.workers; slot++) fork(slot)
    void stop.received.then((signal) => {
      logger.info('stopping', { signal, workers: places.size })
      for (const worker of places.values()) worker.process.kill(signal)
      if (places.size === 0) resolve(0)
    })
  })
  unwatch()
  await http?.close()
  await peers?.close()
  stop.dispose()
  return exitCode
}
