import { z } from 'zod'
import { printAlias } from './alias.ts'
import type { RecordKey } from './paths.ts'
import type { Cell, CellsAlias, Keyspace, RoutingRules, Shard, ShardRoutingRules, Tablet } from './records.ts'
import { PRIMARY_SOURCES, TABLET_TYPES } from './records.ts'
import { keyRangeRecordOf, parseShardName } from './shard-name.ts'
import { TopologyError } from './store.ts'

export type TopologyRecord =
  | { readonly kind: 'Cell'; readonly value: Cell }
  | { readonly kind: 'CellsAlias'; readonly value: CellsAlias }
  | { readonly kind: 'Keyspace'; readonly value: Keyspace }
  | { readonly kind: 'VSchema'; readonly value: unknown }
  | { readonly kind: 'Shard'; readonly value: Shard }
  | { readonly kind: 'Tablet'; readonly value: Tablet }
  | { readonly kind: 'RoutingRules'; readonly value: RoutingRules }
  | { readonly kind: 'ShardRoutingRules'; readonly value: ShardRoutingRules }
  | { readonly kind: 'QueryRules'; readonly value: unknown }

/** Reads a record's text. Throws `TopologyError` of kind `invalid` that names each mistake with its field. */
export function parseRecord(key: RecordKey, text: string): TopologyRecord {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new TopologyError('invalid', `not JSON: ${(error as Error).message}`, { cause: error })
  }
  return checkRecord(key, json)
}

/** The same for JSON that was parsed already. */
export function checkRecord(key: RecordKey, json: unknown): TopologyRecord {
  if (key.kind === 'VSchema' || key.kind === 'QueryRules')
    return { kind: key.kind, value: requireObject(json) }
  const result = schemas[key.kind].safeParse(snakeCase(json))
  if (!result.success) {
    const issues = result.error.issues.map((i) => `${i.path.join('.') || 'record'}: ${i.message}`)
    throw new TopologyError('invalid', issues.join('; '))
  }
  const record = { kind: key.kind, value: result.data } as TopologyRecord
  const mistake = disagreement(key, record)
  if (mistake) throw new TopologyError('invalid', mistake)
  return record
}

const alias = z.strictObject({ cell: z.string().min(1), uid: z.number().int().min(0).max(0xffff_ffff) })
const keyRange = z.strictObject({ start: z.base64().optional(), end: z.base64().optional() })
/** Beyond that a replica of weight 1 would get nothing. */
export const WEIGHT_MAX = 1_000
/** Fields of Vitess that Shardgate carries and does not act on. */
const carried = z.unknown().optional()
const tabletType = z.preprocess(
  (value) => (value === 'MASTER' ? 'PRIMARY' : value === 'BATCH' ? 'RDONLY' : value),
  z.enum(TABLET_TYPES),
)

const schemas = {
  Cell: z.strictObject({ server_address: z.string().optional(), root: z.string().optional() }),
  CellsAlias: z.strictObject({ cells: z.array(z.string().min(1)).default([]) }),
  Keyspace: z.strictObject({
    keyspace_type: z.enum(['NORMAL', 'SNAPSHOT']).optional(),
    base_keyspace: z.string().optional(),
    durability_policy: z.string().optional(),
    primary: z.enum(PRIMARY_SOURCES).optional(),
    sidecar_db_name: z.string().optional(),
    snapshot_time: carried,
    throttler_config: carried,
    vtorc_state: carried,
    query_throttler_config: carried,
  }),
  Shard: z.strictObject({
    primary_alias: alias.optional(),
    primary_term_start_time: carried,
    key_range: keyRange.nullish().transform((range) => range ?? undefined),
    is_primary_serving: z.boolean().optional(),
    source_shards: carried,
    tablet_controls: carried,
    vtorc_state: carried,
  }),
  Tablet: z
    .strictObject({
      alias,
      hostname: z.string().optional(),
      mysql_hostname: z.string().optional(),
      mysql_port: z.number().int().min(1).max(65_535).optional(),
      unix_socket: z.string().optional(),
      type: tabletType,
      keyspace: z.string().min(1),
      shard: z.string().min(1),
      key_range: keyRange.nullish().transform((range) => range ?? undefined),
      db_name_override: z.string().optional(),
      tags: z.record(z.string(), z.string()).optional(),
      weight: z.number().positive().max(WEIGHT_MAX).optional(),
      draining: z.boolean().optional(),
      managed: z.boolean().optional(),
      port_map: carried,
      primary_term_start_time: carried,
      default_conn_collation: carried,
      tablet_start_time: carried,
      tablet_shutdown_time: carried,
    })
    .refine((t) => t.hostname || t.mysql_hostname || t.unix_socket, {
      message: 'one of mysql_hostname, hostname and unix_socket is needed',
    }),
  RoutingRules: z.strictObject({
    rules: z
      .array(z.strictObject({ from_table: z.string().min(1), to_tables: z.array(z.string()).default([]) }))
      .default([]),
  }),
  ShardRoutingRules: z.strictObject({
    rules: z
      .array(z.strictObject({ from_keyspace: z.string(), to_keyspace: z.string(), shard: z.string() }))
      .default([]),
  }),
} as const

/** Protobuf's JSON may write `fromTable` for `from_table`; names inside `tags` are the user's own. */
function snakeCase(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(snakeCase)
  if (typeof json !== 'object' || json === null) return json
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      name === 'tags' ? value : snakeCase(value),
    ]),
  )
}

function requireObject(json: unknown): unknown {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json
  throw new TopologyError('invalid', 'a VSchema is a JSON object')
}

/** What the record says about itself must be what its path says. */
function disagreement(key: RecordKey, record: TopologyRecord): string | undefined {
  if (key.kind === 'Tablet' && record.kind === 'Tablet') {
    const own = printAlias(record.value.alias)
    if (own !== printAlias(key.alias))
      return `alias: says ${own}, but the record is stored for ${printAlias(key.alias)}`
    return rangeMistake(record.value.shard, record.value.key_range)
  }
  if (key.kind === 'Shard' && record.kind === 'Shard') return rangeMistake(key.shard, record.value.key_range)
  return undefined
}

function rangeMistake(shard: string, range: Shard['key_range']): string | undefined {
  if (!parseShardName(shard))
    return `shard: '${shard}' is no shard name; use a key range such as -80, 80-c0 or c0-, or 0 when unsharded`
  if (!range) return undefined
  const named = keyRangeRecordOf(shard)
  const same = hexOf(range.start) === hexOf(named?.start) && hexOf(range.end) === hexOf(named?.end)
  return same
    ? undefined
    : `key_range: ${hexOf(range.start)}-${hexOf(range.end)} is not that of shard ${shard}`
}

function hexOf(base64: string | undefined): string {
  return Buffer.from(base64 ?? '', 'base64').toString('hex')
}
