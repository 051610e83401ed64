import type { Logger } from '../telemetry/log.ts'
import type { TopologyView } from '../topology/snapshot.ts'
import type { ServeConfig } from './config.ts'

export interface ProxyInput {
  readonly config: ServeConfig
  readonly topology: TopologyView
  readonly logger: Logger
  /** 0 for a single process; workers count from 1. Connection ids carry it. */
  readonly workerNumber: number
}

/** A proxy that takes MySQL clients. */
export interface RunningProxy {
  /** The TCP port it listens on. */
  readonly port: number
  /** Takes no new connections, waits up to `drainMs` for open transactions, then closes the rest. */
  close(options: { readonly drainMs: number }): Promise<void>
}

export type CreateProxy = (input: ProxyInput) => Promise<RunningProxy>

/** The one place where the command line meets the session layer. */
export const startProxy: CreateProxy = async () => {
  throw new Error('the session layer is not part of this build')
}
