import { readFileSync } from 'node:fs'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { yamlMistake } from '../base/yaml-mistake.ts'
import { configSchema, type ServeConfig } from './config.ts'

/** One leaf of the configuration, with its names in the three places it can come from. */
export interface Setting {
  /** `['listen', 'port']`; `listen.port` in messages. */
  readonly path: readonly string[]
  /** `--listen-port` */
  readonly flag: string
  /** `SHARDGATE_LISTEN_PORT` */
  readonly variable: string
  readonly help: string
  /** As the file would write it; undefined when there is none. */
  readonly fallback: string | undefined
  readonly isBoolean: boolean
}

export const settings: readonly Setting[] = leaves(configSchema as unknown as z.ZodType, [])

/** What is wrong with a configuration: each mistake with its place. */
export class ConfigError extends Error {
  readonly mistakes: readonly string[]

  constructor(mistakes: readonly string[]) {
    super(`the configuration is not usable:\n${mistakes.map((mistake) => `  ${mistake}`).join('\n')}`)
    this.name = 'ConfigError'
    this.mistakes = mistakes
  }
}

export interface ConfigSources {
  /** Path of a YAML file; the weakest source. */
  readonly file?: string
  /** `SHARDGATE_…` variables override the file. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** By flag, without dashes in front (`listen-port`); override everything. */
  readonly flags: Readonly<Record<string, string | boolean | undefined>>
}

/** Variables that are not settings of `serve`. */
const OTHER_VARIABLES = new Set([
  'SHARDGATE_CONFIG',
  'SHARDGATE_TEST_MYSQLD',
  'SHARDGATE_WORKER_SLOT',
  'SHARDGATE_PROXY_NUMBER',
])

/** Puts the sources together and checks the whole. Throws `ConfigError` that names every mistake. */
export function loadConfig(sources: ConfigSources): ServeConfig {
  const { tree, origins } = collect(sources)
  const unknown = unknownVariables(sources.env)
  const result = configSchema.safeParse(tree)
  if (result.success && unknown.length === 0) return result.data
  const issues = result.success ? [] : result.error.issues.flatMap((issue) => describeIssue(issue, origins))
  throw new ConfigError([...issues, ...unknown])
}

/** Only the part about the topology, for `ctl`, which needs no more. */
export function loadTopologyConfig(sources: ConfigSources): ServeConfig['topology'] {
  const { tree, origins } = collect(sources)
  const schema = z.looseObject({ topology: configSchema.shape.topology })
  const result = schema.safeParse({ topology: {}, ...tree })
  if (!result.success) throw new ConfigError(result.error.issues.flatMap((i) => describeIssue(i, origins)))
  const { topology } = result.data
  if (topology.type === 'files' && !topology.dir)
    throw new ConfigError(['topology.dir: needed when topology.type is files'])
  return topology
}

/** Only the account on the MySQL servers, for `ctl check`. */
export function loadBackendConfig(sources: ConfigSources): Pick<ServeConfig, 'backend' | 'timeouts'> {
  const { tree, origins } = collect(sources)
  const { backend, timeouts } = configSchema.shape
  const result = z.looseObject({ backend, timeouts }).safeParse({ backend: {}, timeouts: {}, ...tree })
  if (!result.success) throw new ConfigError(result.error.issues.flatMap((i) => describeIssue(i, origins)))
  if (result.data.backend.user === undefined)
    throw new ConfigError(['backend.user: needed: the account on the MySQL servers'])
  return result.data
}

/** The part for `ctl reparent` and `manage`: what they need of `backend` is how servers are reached, not its account. */
export function loadManageConfig(
  sources: ConfigSources,
): Pick<ServeConfig, 'backend' | 'timeouts' | 'manage' | 'log_level'> {
  const { tree, origins } = collect(sources)
  const { backend, timeouts, manage, log_level } = configSchema.shape
  const schema = z.looseObject({ backend, timeouts, manage, log_level })
  const result = schema.safeParse({ backend: {}, timeouts: {}, manage: {}, ...tree })
  if (!result.success) throw new ConfigError(result.error.issues.flatMap((i) => describeIssue(i, origins)))
  const { user, replication_user, lease } = result.data.manage
  const missing = [
    ...(user === undefined ? ['manage.user: needed: the account that may change the MySQL servers'] : []),
    ...(replication_user === undefined
      ? ['manage.replication_user: needed: the account that replicas log in to their primary with']
      : []),
    ...(lease < LEASE_MS_MIN ? [`manage.lease: ${LEASE_MS_MIN} ms at least`] : []),
  ]
  if (missing.length > 0) throw new ConfigError(missing)
  return result.data
}

/** Below, a busy machine loses its leadership without a reason. */
const LEASE_MS_MIN = 2_000

function collect(sources: ConfigSources) {
  const tree = sources.file === undefined ? {} : readYaml(sources.file)
  const origins = new Map<string, string>()
  for (const setting of settings) {
    const fromFlag = sources.flags[setting.flag.slice(2)]
    const value = fromFlag ?? ownVariable(sources.env, setting.variable)
    if (value === undefined) continue
    assign(tree, setting.path, value)
    origins.set(setting.path.join('.'), fromFlag !== undefined ? setting.flag : setting.variable)
  }
  return { tree, origins }
}

function readYaml(file: string): Record<string, unknown> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError([`${file}: ${(error as Error).message}`])
  }
  const document = parseDocument(text)
  // The first alone: those behind it are mostly its consequences. Its line alone: the text below it may hold a secret.
  const [mistake] = document.errors
  if (mistake !== undefined) throw new ConfigError([`${file}: ${yamlMistake(mistake)}`])
  const value: unknown = document.toJS() ?? {}
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ConfigError([`${file}: expected settings, such as 'listen:'`])
  return value as Record<string, unknown>
}

/** Sets a leaf; what is in the way and is no object is left for the schema to complain about. */
function assign(tree: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let node = tree
  for (const name of path.slice(0, -1)) {
    node[name] ??= {}
    if (typeof node[name] !== 'object') return
    node = node[name] as Record<string, unknown>
  }
  node[path.at(-1)!] = value
}

function describeIssue(issue: z.core.$ZodIssue, origins: ReadonlyMap<string, string>): string[] {
  const path = issue.path.join('.')
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${path ? `${path}.` : ''}${key}: there is no such setting`)
  const origin = origins.get(path)
  return [`${path || 'configuration'}: ${issue.message}${origin ? ` (from ${origin})` : ''}`]
}

/** A mistyped variable would otherwise be a setting that silently does nothing. */
function unknownVariables(env: ConfigSources['env']): string[] {
  const known = new Set(settings.map((setting) => setting.variable))
  return Object.keys(env)
    .filter((name) => name.startsWith('SHARDGATE_') && !known.has(name) && !OTHER_VARIABLES.has(name))
    .filter((name) => ownVariable(env, name) !== undefined && !/_SERVICE_(?:HOST|PORT)|_PORT_\d+_/.test(name))
    .map((name) => `${name}: there is no such setting`)
}

/**
 * Kubernetes gives each pod variables about Services, named after them: a Service `shardgate-http` makes
 * `SHARDGATE_HTTP_PORT=tcp://10.0.0.7:15307`. Those are not meant for us.
 */
function ownVariable(env: ConfigSources['env'], name: string): string | undefined {
  const value = env[name]
  return value !== undefined && /^(?:tcp|udp|sctp):\/\//.test(value) ? undefined : value
}

function leaves(schema: z.ZodType, path: readonly string[]): Setting[] {
  const inner = unwrap(schema)
  if (inner instanceof z.ZodObject) {
    const shape = inner.shape as Record<string, z.ZodType>
    return Object.entries(shape).flatMap(([name, child]) => leaves(child, [...path, name]))
  }
  return [
    {
      path,
      flag: `--${path.join('-').replaceAll('_', '-')}`,
      variable: `SHARDGATE_${path.join('_').toUpperCase()}`,
      help: schema.description ?? '',
      fallback: fallbackOf(schema),
      isBoolean: typeof (schema as { def?: { defaultValue?: unknown } }).def?.defaultValue === 'boolean',
    },
  ]
}

function unwrap(schema: z.ZodType): z.ZodType {
  const { innerType } = schema.def as { innerType?: z.ZodType }
  return innerType ? unwrap(innerType) : schema
}

function fallbackOf(schema: z.ZodType): string | undefined {
  const { defaultValue } = schema.def as { defaultValue?: unknown }
  if (defaultValue === undefined) return undefined
  return Array.isArray(defaultValue) ? defaultValue.join(',') : String(defaultValue)
}
