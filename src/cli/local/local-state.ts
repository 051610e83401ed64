import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { replaceFile } from '../../topology/disk-cache.ts'

const stateSchema = z.object({
  format: z.literal(1),
  flavor: z.enum(['mysql', 'mariadb']),
  /** Version of the program that wrote the data: an older one may not be able to read it. */
  version: z.string(),
  topology: z.enum(['etcd', 'files']),
  replicas: z.number(),
  isOneMysqld: z.boolean(),
  /** Shards of each keyspace. */
  keyspaces: z.record(z.string(), z.array(z.string())),
  backendPassword: z.string(),
  /** Ports by server name. */
  ports: z.record(z.string(), z.number()),
  /** By keyspace: digest of the schema files that were applied. */
  applied: z.record(z.string(), z.string()),
  isSampleLoaded: z.boolean(),
})

/** What a data directory of `shardgate local` remembers from start to start. */
export type LocalState = z.output<typeof stateSchema>

const fileIn = (dataDir: string) => join(dataDir, 'state.json')

/** Undefined for a fresh data directory. Rejects when its state cannot be read. */
export async function loadState(dataDir: string): Promise<LocalState | undefined> {
  const file = fileIn(dataDir)
  if (!existsSync(file)) return undefined
  try {
    return stateSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    throw new Error(`${file} cannot be read; --reset begins anew`, { cause: error })
  }
}

export async function saveState(dataDir: string, state: LocalState): Promise<void> {
  await replaceFile(fileIn(dataDir), `${JSON.stringify(state, null, 2)}\n`)
}

/** The settings that are fixed when a data directory is made. */
export type FixedSettings = Pick<LocalState, 'flavor' | 'topology' | 'replicas' | 'isOneMysqld' | 'keyspaces'>

/** What is asked for now and is not what the data was made with, in words; empty when all agrees. */
export function differences(made: FixedSettings, asked: FixedSettings): string[] {
  const out: string[] = []
  const differs = (what: string, was: unknown, is: unknown) => {
    if (JSON.stringify(was) !== JSON.stringify(is))
      out.push(`${what}: made with ${print(was)}, now ${print(is)}`)
  }
  differs('--mysqld', made.flavor, asked.flavor)
  differs('--topology', made.topology, asked.topology)
  differs('--replicas', made.replicas, asked.replicas)
  differs('--one-mysqld', made.isOneMysqld, asked.isOneMysqld)
  for (const name of new Set([...Object.keys(made.keyspaces), ...Object.keys(asked.keyspaces)]))
    differs(`shards of keyspace ${name}`, made.keyspaces[name], asked.keyspaces[name])
  return out
}

function print(value: unknown): string {
  if (value === undefined) return 'none'
  return Array.isArray(value) ? value.join(' ') : String(value)
}
