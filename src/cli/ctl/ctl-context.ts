import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { TopologyAdmin } from '../../topology/admin.ts'
import type { TopologyStore } from '../../topology/store.ts'
import { loadTopologyConfig } from '../config-sources.ts'
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

function topologyConfig(options: OptionValues): TopologyConfig {
  if (typeof options['local'] === 'string') return localTopology(options['local'])
  const file = (options['config'] as string | undefined) ?? process.env['SHARDGATE_CONFIG']
  return loadTopologyConfig({
    env: process.env,
    flags: flagsGiven(options),
    ...(file !== undefined && { file }),
  })
}

/** The topology of a cluster of `shardgate local`, by its data directory. */
function localTopology(dataDir: string): TopologyConfig {
  const file = join(resolve(dataDir), 'state.json')
  if (!existsSync(file)) throw new Error(`${resolve(dataDir)} holds no cluster of shardgate local`)
  const state = JSON.parse(readFileSync(file, 'utf8')) as { topology: string; ports: Record<string, number> }
  const flags: Record<string, string> =
    state.topology === 'files'
      ? { 'topology-type': 'files', 'topology-dir': join(resolve(dataDir), 'topology') }
      : { 'topology-type': 'etcd', 'topology-endpoints': `http://127.0.0.1:${state.ports['etcd']}` }
  return loadTopologyConfig({ env: {}, flags })
}
