import cluster from 'node:cluster'
import { hostname } from 'node:os'
import { systemClock } from '../base/clock.ts'
import type { KillOutcome, KillRequest } from '../session/commands/kill-request.ts'
import type { Logger } from '../telemetry/log.ts'
import { backendAccess } from './backend-options.ts'
import type { ServeConfig } from './config.ts'
import { openStore } from './open-topology.ts'
import { Peers, type SignedKill } from './peers.ts'

/** Tells a worker the number of its proxy. */
export const PROXY_NUMBER_VARIABLE = 'SHARDGATE_PROXY_NUMBER'

export interface OpenPeers {
  readonly peers: Peers
  /** What becomes of a request that has come by HTTP; undefined for one that no proxy has signed. */
  answer(
    signed: SignedKill,
    kill: (request: KillRequest) => Promise<KillOutcome>,
  ): Promise<KillOutcome | undefined>
  close(): Promise<void>
}

/** Joins the other proxies of the topology, over a store of its own; undefined where the configuration does not say so. */
export async function openPeers(
  config: ServeConfig,
  { logger, signal }: { readonly logger: Logger; readonly signal: AbortSignal },
): Promise<OpenPeers | undefined> {
  if (!config.peers.enabled) return undefined
  const store = openStore(config.topology)
  const address = config.peers.address ?? `${hostname()}:${config.http.port}`
  const secret = backendAccess(config).password
  try {
    const peers = await Peers.join({ store, address, secret, clock: systemClock, log: logger, signal })
    logger.info('among the proxies of the topology', { number: peers.number, address })
    return {
      peers,
      async answer(signed, kill) {
        const request = peers.read(signed)
        return request && (await kill(request))
      },
      async close() {
        await peers.close()
        await store.close()
      },
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** In a worker: as its parent has told it. */
export function proxyNumberOfWorker(): number {
  return cluster.isWorker ? Number(process.env[PROXY_NUMBER_VARIABLE] ?? 0) : 0
}
