import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import type { ServerAccess } from '../../reparent/managed-server.ts'
import type { BackendAccess } from '../../tablet/connect-control.ts'
import { TopologyAdmin } from '../../topology/admin.ts'
import type { TopologyStore } from '../../topology/store.ts'
import { backendAccess, serverAccess } from '../backend-options.ts'
import {
  type ConfigSources,
  loadBackendConfig,
  loadManageConfig,
  loadTopologyConfig,
} from '../config-sources.ts'
import { BACKEND_USER } from '../local/cluster.ts'
import type { LocalState } from '../local/local-state.ts'
import { openStore, type TopologyConfig } from '../open-topology.ts'
import { flagsGiven, type OptionValues } from '../setting-options.ts'

/** What a `ctl` command works with. */
export interface CtlContext {
  readonly admin: TopologyAdmin
  readonly store: TopologyStore
  /** Writes the result: `json` with `--json`, otherwise `text`. */
  print(json: unknown, text: string): void
}

/** Runs `work` with the topology that the options of `ctl` name, and closes it afterwards. */
export async function withTopology(
  command: Command,
  work: (context: CtlContext) => Promise<void>,
): Promise<void> {
  const options = command.optsWithGlobals() as OptionValues
  const store = openStore(topologyConfig(options))
  try {
    await work({ admin: new TopologyAdmin(store), store, print: printer(options) })
  } finally {
    await store.close()
  }
}

export function printer(options: OptionValues): CtlContext['print'] {
  return (json, text) => {
    process.stdout.write(options['json'] ? `${JSON.stringify(json, null, 2)}\n` : text)
  }
}

/** JSON in a file, `-` for stdin. */
export function readJsonFile(file: string): unknown {
  const text = readFileSync(file === '-' ? 0 : file, 'utf8')
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error })
  }
}

/** The account on the MySQL servers that the options of a command name. */
export function backendOf(command: Command): BackendAccess {
  const options = command.optsWithGlobals() as OptionValues
  return backendAccess(
    loadBackendConfig(
      typeof options['local'] === 'string' ? localSources(options['local']) : sources(options),
    ),
  )
}

/** How the options of a command come to the servers that they may change. */
export function serverAccessOf(command: Command): {
  readonly access: ServerAccess
  readonly leaseMs: number
} {
  const options = command.optsWithGlobals() as OptionValues
  const config = loadManageConfig(
    typeof options['local'] === 'string'
      ? localSources(options['local'], flagsGiven(options))
      : sources(options),
  )
  return { access: serverAccess(config), leaseMs: config.manage.lease }
}

function topologyConfig(options: OptionValues): TopologyConfig {
  return loadTopologyConfig(
    typeof options['local'] === 'string' ? localSources(options['local']) : sources(options),
  )
}

function sources(options: OptionValues): ConfigSources {
  const file = (options['config'] as string | undefined) ?? process.env['SHARDGATE_CONFIG']
  return { env: process.env, flags: flagsGiven(options), ...(file !== undefined && { file }) }
}

/** Where a cluster of `shardgate local` keeps its topology, and its account, by its data directory. */
function localSources(dataDir: string, more: Record<string, string | boolean> = {}): ConfigSources {
  const file = join(resolve(dataDir), 'state.json')
  if (!existsSync(file)) throw new Error(`${resolve(dataDir)} holds no cluster of shardgate local`)
  const { topology, ports, backendPassword } = JSON.parse(readFileSync(file, 'utf8')) as LocalState
  const flags: Record<string, string> =
    topology === 'files'
      ? { 'topology-type': 'files', 'topology-dir': join(resolve(dataDir), 'topology') }
      : { 'topology-type': 'etcd', 'topology-endpoints': `http://127.0.0.1:${ports['etcd']}` }
  return {
    env: {},
    flags: { ...flags, 'backend-user': BACKEND_USER, 'backend-password': backendPassword, ...more },
  }
}
