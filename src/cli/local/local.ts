import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createConnection } from 'mysql2/promise'
import { createLogger, type LogLevel } from '../../telemetry/log.ts'
import { replaceFile } from '../../topology/disk-cache.ts'
import type { TransactionMode } from '../../transaction/transaction.ts'
import { configSchema } from '../config.ts'
import { followTopology } from '../open-topology.ts'
import { type RunningProxy, startProxy } from '../proxy.ts'
import { onStopSignal } from '../signals.ts'
import { type ClusterOptions, type LocalCluster, startCluster } from './cluster.ts'
import { clearDataDir } from './data-dir.ts'
import { findProgram } from './find-program.ts'
import { type HeldPort, holdPort } from './hold-port.ts'
import { findMysqld, inspectMysqld, type MysqlProgram } from './mysql-program.ts'
import { loadSampleRows, SAMPLE_QUERIES } from './sample.ts'
import { type KeyspaceSpec, readSchemaDir } from './schema-dir.ts'

export interface LocalOptions {
  readonly shards: number
  readonly replicas: number
  readonly mysqld?: string
  readonly oneMysqld?: boolean
  readonly topology?: 'etcd' | 'files'
  readonly schemaDir?: string
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly adminUser?: string
  readonly adminPassword: string
  readonly transactionMode?: TransactionMode
  readonly defaultUnshardedKeyspace?: string
  readonly dataDir: string
  readonly readyFile?: string
  readonly reset?: boolean
  readonly logLevel: LogLevel
}

/** Runs the cluster until a signal ends it (0) or a child ends by itself (1). Resolves with the exit code. */
export async function runLocal(options: LocalOptions): Promise<number> {
  const stop = onStopSignal()
  const startedMs = performance.now()
  const closers: (() => Promise<unknown>)[] = []
  let port: HeldPort | undefined
  let crash: string | undefined
  try {
    if (options.readyFile) await rm(options.readyFile, { force: true })
    if (options.port !== 0) port = await holdPort(options.port, options.host)
    const cluster = await startServers(options, stop.signal)
    closers.push(() => cluster.close())
    const local = await startLocalProxy(options, cluster, async () => port?.release())
    closers.push(() => local.close())
    if (!options.schemaDir && !cluster.isSampleLoaded) {
      progress('loading the sample rows through the proxy')
      await loadSample(options, local.proxy)
      await cluster.markSampleLoaded()
    }
    if (options.readyFile) {
      const { host, user } = options
      await replaceFile(
        options.readyFile,
        `${JSON.stringify({ host, port: local.proxy.port, user, pid: process.pid })}\n`,
      )
      closers.push(() => rm(options.readyFile!, { force: true }))
    }
    printHowTo(options, cluster, local.proxy.port, (performance.now() - startedMs) / 1000)
    // A child that ends by itself ends the whole: half a cluster would only puzzle whoever uses it.
    crash = await Promise.race([stop.received.then(() => undefined), cluster.crashed])
  } catch (error) {
    if (stop.signal.aborted) return 0 // Ctrl-C during the start is no failure either
    throw error
  } finally {
    if (closers.length > 0) progress('stopping')
    for (const close of closers.reverse()) await close()
    await port?.release()
    stop.dispose()
  }
  if (crash === undefined) return 0
  process.stderr.write(`shardgate: ${crash}\n`) // last, so that it is not lost above what the end itself says
  return 1
}

async function startServers(options: LocalOptions, signal: AbortSignal): Promise<LocalCluster> {
  const dataDir = resolve(options.dataDir)
  if (options.reset) await clearDataDir(dataDir)
  const program = await chooseMysqld(options.mysqld)
  const keyspaces = await readSchemaDir(resolve(options.schemaDir ?? sampleDir()), options.shards)
  requireUsable(options, keyspaces)
  return await startCluster({
    dataDir,
    program,
    keyspaces,
    replicas: options.replicas,
    isOneMysqld: options.oneMysqld ?? false,
    topology: chooseTopology(options.topology),
    signal,
    progress,
  })
}

function requireUsable(options: LocalOptions, keyspaces: readonly KeyspaceSpec[]): void {
  const { user, adminUser, defaultUnshardedKeyspace: unnamed } = options
  if (adminUser === user)
    throw new Error(`--admin-user is a second user: '${user}' is --user already, choose another name`)
  const unsharded = keyspaces.filter(({ vschema }) => vschema['sharded'] !== true).map(({ name }) => name)
  if (unnamed !== undefined && !unsharded.includes(unnamed)) {
    const choices = unsharded.length === 0 ? 'there is none' : `there are: ${unsharded.join(', ')}`
    throw new Error(`--default-unsharded-keyspace takes an unsharded keyspace, not '${unnamed}' (${choices})`)
  }
}

async function chooseMysqld(path: string | undefined): Promise<MysqlProgram> {
  const found = path ?? findMysqld()
  if (found) return await inspectMysqld(found)
  throw new Error(
    'no MySQL server on this machine: run `apt-get install mariadb-server-core mariadb-client-core` as root, or name one with --mysqld',
  )
}

function chooseTopology(asked: 'etcd' | 'files' | undefined): ClusterOptions['topology'] {
  if (asked === 'files') return { kind: 'files' }
  const command = findProgram('etcd')
  if (command) return { kind: 'etcd', command }
  if (asked === 'etcd') throw new Error('no etcd on this machine: run `apt-get install etcd-server` as root')
  progress('no etcd on this machine: the topology is kept in files')
  return { kind: 'files' }
}

/** The proxy with its view of the topology, in this process. */
async function startLocalProxy(
  options: LocalOptions,
  cluster: LocalCluster,
  beforeListen: () => Promise<void>,
) {
  const logger = createLogger({ level: options.logLevel })
  const usersFile = join(cluster.dataDir, 'users.json')
  await replaceFile(usersFile, `${JSON.stringify({ users: usersOf(options) })}\n`)
  const config = configSchema.parse({
    topology: { ...cluster.topologyConfig },
    listen: { host: options.host, port: options.port },
    users_file: usersFile,
    backend: cluster.account,
    http: { enabled: false },
    log_level: options.logLevel,
    transaction_mode: options.transactionMode,
    default_unsharded_keyspace: options.defaultUnshardedKeyspace,
  })
  const topology = followTopology(cluster.store, join(cluster.dataDir, 'topology-cache.json'), logger)
  try {
    await topology.start()
    const proxy = await startProxy({
      config,
      topology,
      store: cluster.store,
      logger,
      workerNumber: 0,
      beforeListen,
    })
    const close = async () => {
      await proxy.close({ drainMs: 1_000 })
      await topology.close()
    }
    return { proxy, close }
  } catch (error) {
    await topology.close()
    throw error
  }
}

/** As in a users file. */
function usersOf({ user, password, adminUser, adminPassword }: LocalOptions) {
  const admin = { role: 'admin', credentials: [{ password: adminPassword }] }
  return { [user]: [{ password }], ...(adminUser !== undefined && { [adminUser]: admin }) }
}

async function loadSample({ host, user, password }: LocalOptions, proxy: RunningProxy): Promise<void> {
  const connection = await createConnection({ host, port: proxy.port, user, password })
  try {
    await loadSampleRows(connection)
  } catch (error) {
    throw new Error(`the sample rows could not be loaded: ${(error as Error).message}`, { cause: error })
  } finally {
    connection.destroy()
  }
}

function printHowTo(options: LocalOptions, cluster: LocalCluster, port: number, seconds: number): void {
  const { host, user, password, adminUser, adminPassword } = options
  const admin =
    adminUser === undefined ? [] : [`  mysql://${adminUser}:${adminPassword}@${host}:${port}/ (role admin)`]
  const lines = [
    '',
    `Shardgate serves on ${host}:${port} (after ${seconds.toFixed(1)} s). Ctrl-C stops everything; the data stays in ${cluster.dataDir}.`,
    '',
    `  mariadb --skip-ssl -h ${host} -P ${port} -u ${user} -p${password}`,
    `  mysql://${user}:${password}@${host}:${port}/`,
    ...admin,
    '',
    ...keyspaceLines(cluster),
  ]
  if (!options.schemaDir) {
    lines.push('', 'Three queries to try (USE shop first):', '')
    for (const { shows, sql } of SAMPLE_QUERIES) lines.push(`  -- ${shows}`, `  ${sql};`)
  }
  process.stdout.write(`${lines.join('\n')}\n\n`)
}

function keyspaceLines({ layout, topologyConfig }: LocalCluster): string[] {
  const shards = new Map<string, Set<string>>()
  for (const { keyspace } of layout.tablets) shards.set(keyspace.name, new Set(keyspace.shards))
  const where =
    topologyConfig.type === 'etcd' ? `etcd at ${topologyConfig.endpoints.join(',')}` : topologyConfig.dir
  return [
    ...[...shards].map(([name, names]) => `  keyspace ${name}: ${[...names].join(' ')}`),
    `  topology: ${where}`,
  ]
}

/** `vschema/` of the installation: beside `dist/`, or beside `src/` when run from sources. */
function sampleDir(): string {
  let dir = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(dir, 'vschema', 'shop', 'vschema.json'))) {
    if (dir === dirname(dir))
      throw new Error('the sample schema (folder vschema) is missing from this installation')
    dir = dirname(dir)
  }
  return join(dir, 'vschema')
}

function progress(message: string): void {
  process.stdout.write(`shardgate: ${message}\n`)
}
