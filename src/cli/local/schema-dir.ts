import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { generateShardRanges } from '../../key/key-range.ts'
import { shardRangeOf, tilingProblem } from '../../key/shard-ranges.ts'
import { isRecordName } from '../../topology/paths.ts'
import { compareShardNames, parseShardName } from '../../topology/shard-name.ts'

/** One folder of a schema directory: a keyspace with its VSchema, its shards and the SQL that makes its tables. */
export interface KeyspaceSpec {
  readonly name: string
  readonly vschema: Readonly<Record<string, unknown>>
  readonly shards: readonly string[]
  /** In order of file name; each is run on every shard. */
  readonly sqlFiles: readonly { readonly path: string; readonly text: string }[]
}

const keyspaceFile = z.strictObject({ shards: z.array(z.string()).min(1).optional() })

/**
 * Reads a folder with one folder a keyspace: `vschema.json`, any `*.sql`, and `keyspace.json` with
 * `{"shards": ["-80", "80-"]}` where the shards are not to be `shardCount` equal ones. Rejects naming the file.
 */
export async function readSchemaDir(dir: string, shardCount: number): Promise<readonly KeyspaceSpec[]> {
  if (!existsSync(dir)) throw new Error(`schema directory ${dir} does not exist`)
  const entries = await readdir(dir, { withFileTypes: true })
  const names = entries
    .filter((entry) => !entry.name.startsWith('.') && (entry.isDirectory() || entry.isSymbolicLink()))
    .map((entry) => entry.name)
    .filter((name) => existsSync(join(dir, name, 'vschema.json')))
    .sort()
  if (names.length === 0)
    throw new Error(`${dir} holds no keyspace: a keyspace is a folder with a vschema.json in it`)
  return await Promise.all(names.map((name) => readKeyspace(join(dir, name), name, shardCount)))
}

/** Changes when any file of the keyspace does. */
export function digestOf(spec: KeyspaceSpec): string {
  const parts = [spec.vschema, spec.shards, spec.sqlFiles.map((file) => file.text)]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}

async function readKeyspace(dir: string, name: string, shardCount: number): Promise<KeyspaceSpec> {
  if (!isRecordName(name)) throw new Error(`${dir}: '${name}' cannot be the name of a keyspace`)
  const vschema = z.record(z.string(), z.unknown()).safeParse(await readJson(join(dir, 'vschema.json')))
  if (!vschema.success) throw new Error(`${join(dir, 'vschema.json')}: a VSchema is a JSON object`)
  const sqlNames = (await readdir(dir)).filter((file) => file.endsWith('.sql')).sort()
  const sqlFiles = await Promise.all(
    sqlNames.map(async (file) => ({ path: join(dir, file), text: await readFile(join(dir, file), 'utf8') })),
  )
  const isSharded = vschema.data['sharded'] === true
  const shards = (await readShards(join(dir, 'keyspace.json'))) ?? defaultShards(isSharded, shardCount)
  if (!isSharded && shards.length > 1)
    throw new Error(
      `${dir}: keyspace.json names ${shards.length} shards, but vschema.json does not say "sharded": true`,
    )
  return { name, vschema: vschema.data, shards, sqlFiles }
}

function defaultShards(isSharded: boolean, count: number): readonly string[] {
  return isSharded ? generateShardRanges(count) : ['0']
}

async function readShards(file: string): Promise<readonly string[] | undefined> {
  if (!existsSync(file)) return undefined
  const parsed = keyspaceFile.safeParse(await readJson(file))
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    throw new Error(`${file}: ${issues.join('; ')}`)
  }
  const shards = parsed.data.shards && [...parsed.data.shards].sort(compareShardNames)
  const wrong = shards?.find((shard) => !parseShardName(shard))
  if (wrong !== undefined) throw new Error(`${file}: '${wrong}' is no shard name`)
  const problem = shards && tilingProblem(shards.map(shardRangeOf))
  if (problem !== undefined) throw new Error(`${file}: ${problem}`)
  return shards
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error })
  }
}
