import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'
import { configSchema } from '../../src/cli/config.ts'
import { type ProxyInput, startProxy } from '../../src/cli/proxy.ts'
import { type LogFields, type Logger, silentLogger } from '../../src/telemetry/log.ts'
import type { TopologyView } from '../../src/topology/snapshot.ts'
import type { TopologyStore } from '../../src/topology/store.ts'
import type { TestCluster } from './cluster.ts'
import { tempDir } from './temp-dir.ts'

/** Who may connect to a test proxy. */
export const PROXY_ACCOUNT = { user: 'app', password: 'open sesame' } as const
/** With role `admin`. */
export const PROXY_ADMIN = { user: 'boss', password: 'open more' } as const

type ConfigInput = Partial<z.input<typeof configSchema>>

export interface TestProxyOptions {
  /** Over the defaults: a free port on 127.0.0.1, the cluster's account, no HTTP. */
  readonly config?: ConfigInput
  readonly logger?: Logger
  readonly onCommitStep?: ProxyInput['onCommitStep']
}

/** A proxy in this process. */
export interface TestProxy {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  /** What it has logged at level `warn` and above. */
  readonly complaints: readonly Complaint[]
  close(): Promise<void>
}

export interface Complaint {
  readonly message: string
  readonly fields: LogFields | undefined
}

/** The proxy that `shardgate serve` starts, over a cluster's topology, without HTTP. */
export async function startTestProxy(
  cluster: Pick<TestCluster, 'topologyConfig' | 'account'> & {
    readonly topology: TopologyView
    readonly store?: TopologyStore
  },
  options: TestProxyOptions = {},
): Promise<TestProxy> {
  const dir = tempDir('proxy')
  const usersFile = join(dir.path, 'users.json')
  writeFileSync(usersFile, usersText())
  const complaints: Complaint[] = []
  const proxy = await startProxy({
    config: configSchema.parse({
      topology: cluster.topologyConfig,
      listen: { host: '127.0.0.1', port: 0 },
      users_file: usersFile,
      backend: cluster.account,
      http: { enabled: false },
      ...options.config,
    }),
    topology: cluster.topology,
    ...(cluster.store && { store: cluster.store }),
    logger: options.logger ?? complaintsLogger(complaints),
    workerNumber: 0,
    ...(options.onCommitStep && { onCommitStep: options.onCommitStep }),
  })
  return {
    host: '127.0.0.1',
    port: proxy.port,
    ...PROXY_ACCOUNT,
    complaints,
    close: async () => {
      await proxy.close({ drainMs: 0 })
      dir.remove()
    },
  }
}

/** A users file with the test accounts. */
export function usersText(): string {
  const { user: app, password } = PROXY_ACCOUNT
  const boss = { role: 'admin', credentials: [{ password: PROXY_ADMIN.password }] }
  return JSON.stringify({ users: { [app]: [{ password }], [PROXY_ADMIN.user]: boss } })
}

/** Keeps what people would look at; the rest is not of interest. */
function complaintsLogger(into: Complaint[]): Logger {
  const note = (message: string, fields?: LogFields) => void into.push({ message, fields })
  const logger: Logger = { ...silentLogger, warn: note, error: note, child: () => logger }
  return logger
}
