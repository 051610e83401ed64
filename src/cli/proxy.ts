import type { AddressInfo } from 'node:net'
import { parse as parseYaml } from 'yaml'
import { ByteBudget } from '../base/byte-budget.ts'
import { systemClock } from '../base/clock.ts'
import { WatchedUsers } from '../mysql/server/auth/watched-users.ts'
import { ownerOf } from '../mysql/server/connection-ids.ts'
import { MysqlServer } from '../mysql/server/mysql-server.ts'
import type { ListenAddress, ServerEvent } from '../mysql/server/options.ts'
import { WatchedFiles } from '../mysql/server/watched-files.ts'
import { openTlsFiles, type WatchedTls } from '../mysql/server/watched-tls.ts'
import { killHere } from '../session/commands/kill.ts'
import type { KillOutcome, KillRequest } from '../session/commands/kill-request.ts'
import { Shardgate } from '../session/proxy.ts'
import { parseRules, type QueryRule } from '../session/rules/parse-rules.ts'
import type { Logger } from '../telemetry/log.ts'
import { Repeats } from '../telemetry/repeats.ts'
import type { TopologyView } from '../topology/snapshot.ts'
import type { TopologyStore } from '../topology/store.ts'
import type { AtomicOptions } from '../transaction/atomic-commits.ts'
import { gatewayOptions, hotRowOptions } from './backend-options.ts'
import type { ServeConfig } from './config.ts'
import { databaseEditor } from './database-editor.ts'
import { logEvent } from './log-events.ts'
import { memoryLimits, packetMemoryMax } from './memory-limits.ts'
import type { Peers } from './peers.ts'
import type { ProxyLoad } from './proxy-metrics.ts'
import { type ServingState, servingState } from './serving-state.ts'
import { vschemaEditor } from './vschema-editor.ts'
import { joinKills } from './worker-kill.ts'

export interface ProxyInput {
  readonly config: ServeConfig
  readonly topology: TopologyView
  /** What `topology` is a view of; without it ALTER VSCHEMA has nothing to write to. */
  readonly store?: TopologyStore
  readonly logger: Logger
  /** 0 for a single process; workers count from 1. Connection ids carry it. */
  readonly workerNumber: number
  /** Among those of the topology, from 1; absent or 0 where they do not know each other. */
  readonly proxyNumber?: number
  /** Those others, for a single process: workers ask their parent. */
  readonly peers?: Pick<Peers, 'kill'>
  /** Called right before it listens: whoever has held the port for it lets it go. */
  readonly beforeListen?: () => Promise<void>
  /** Gives up what has not started yet: `CreateProxy` throws its reason. */
  readonly signal?: AbortSignal
  /** For tests of what happens when a proxy or a server is lost there. */
  readonly onCommitStep?: AtomicOptions['onStep']
}

/** A proxy that takes MySQL clients. */
export interface RunningProxy {
  /** The TCP port it listens on. */
  readonly port: number
  /** How it serves at this moment. */
  state(): ServingState
  load(): ProxyLoad
  /** KILL by a session of another process. */
  kill(request: KillRequest): KillOutcome
  /** Takes no new connections, waits up to `drainMs` for open transactions, then closes the rest. */
  close(options: { readonly drainMs: number }): Promise<void>
}

export type CreateProxy = (input: ProxyInput) => Promise<RunningProxy>

/** How long the first answers of the databases are waited for; the proxy serves whoever is there then. */
const FIRST_CHECKS_MS = 5_000

/** The one place where the command line meets the session layer. */
export const startProxy: CreateProxy = async ({
  config,
  topology,
  store,
  logger,
  workerNumber,
  proxyNumber = 0,
  peers,
  beforeListen,
  signal,
  onCommitStep,
}) => {
  const onProblem = (error: Error) =>
    logger.warn('file cannot be used, the old content stays', { reason: error.message })
  const users = await WatchedUsers.open(config.users_file!, { clock: systemClock, onError: onProblem })
  // What fails to start must not hold on to a timer or a connection: it would keep the process.
  const closers = [() => users.close()]
  try {
    const tls = await openTls(config, onProblem)
    closers.push(() => tls?.close())
    const proxy = new Shardgate({
      topology,
      gateway: gatewayOptions(config, workerNumber),
      hotRows: hotRowOptions(config),
      limits: {
        maxAllowedPacket: config.max_allowed_packet,
        ...memoryLimits(config),
        preparedStatementsMax: PREPARED_STATEMENTS_MAX,
        idleTimeoutMs: config.timeouts.idle,
        queryTimeoutMs: config.timeouts.query,
        transactionTimeoutMs: config.timeouts.transaction,
        idleTransactionMs: config.timeouts.idle_transaction,
        answerRowsMax: config.limits.rows,
        writeLagMaxMs: config.limits.write_lag,
        writeWaitMs: config.pool.wait_timeout,
        transactionMode: config.transaction_mode,
        readAfterWrite: {
          mode: config.replica.read_after_write,
          timeoutMs: config.replica.read_after_write_timeout,
        },
        copiedRowsMax: config.federation.rows,
        copiedBytesMax: config.federation.bytes,
        copiesKeyspace: config.federation.keyspace,
      },
      atomic: {
        abandonMs: config.timeouts.abandoned,
        recovers: workerNumber <= 1,
        ...(onCommitStep && { onStep: onCommitStep }),
      },
      serverVersion: config.server_version,
      databases: store && databaseEditor(store, topology, config.create_database_beside),
      changeVSchema: store && vschemaEditor(store, topology, systemClock),
      defaultUnsharded: config.default_unsharded_keyspace,
      log: logger,
      clock: systemClock,
    })
    closers.push(() => proxy.close())
    const rules = await watchRules(config.query_rules_file, proxy, onProblem)
    closers.push(() => rules?.close())
    if (workerNumber > 0) proxy.killElsewhere = joinKills((request) => killHere(proxy, request))
    else if (peers !== undefined)
      proxy.killElsewhere = (request) => peers.kill(ownerOf(request.id, false).proxy, request)
    await proxy.start(FIRST_CHECKS_MS, signal)
    const repeats = new Repeats(logger, systemClock)
    closers.push(() => repeats.close())
    const onEvent = (event: ServerEvent) => logEvent(logger, repeats, event)
    const server = mysqlServer({ config, workerNumber, proxyNumber, users, tls, proxy, onEvent })
    await beforeListen?.()
    await server.listen()
    return {
      port: (server.addresses()[0] as AddressInfo).port,
      state: () => servingState(proxy.gateway),
      kill: (request) => killHere(proxy, request),
      load: () => ({
        clients: proxy.sessions.size,
        heldBytes: proxy.memory.held,
        gateway: proxy.gateway,
        hotRows: proxy.hotRows?.counts,
        rules: proxy.rules?.counts ?? [],
      }),
      async close({ drainMs }) {
        await server.drain(drainMs)
        for (const close of closers.reverse()) close()
      },
    }
  } catch (error) {
    for (const close of closers.reverse()) close()
    throw error
  }
}

/** Rejects when the file is unusable to begin with. */
async function watchRules(file: string | undefined, proxy: Shardgate, onError: (error: Error) => void) {
  if (file === undefined) return undefined
  const rules: WatchedFiles<readonly QueryRule[]> = await WatchedFiles.open(
    [file],
    ([content]) => rulesIn(file, content!),
    {
      clock: systemClock,
      onError,
      onReload: () => proxy.setFileRules(rules.value),
    },
  )
  proxy.setFileRules(rules.value)
  return rules
}

function rulesIn(file: string, content: Buffer): readonly QueryRule[] {
  try {
    return parseRules(parseYaml(content.toString()))
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`)
  }
}

interface FrontEnd extends Pick<ProxyInput, 'config' | 'workerNumber'> {
  readonly proxyNumber: number
  readonly users: WatchedUsers
  readonly tls: WatchedTls | undefined
  readonly proxy: Shardgate
  readonly onEvent: (event: ServerEvent) => void
}

function mysqlServer({
  config,
  workerNumber,
  proxyNumber,
  users,
  tls,
  proxy,
  onEvent,
}: FrontEnd): MysqlServer {
  const startedMs = Date.now()
  return new MysqlServer({
    listen: listenAddresses(config),
    users,
    createSession: (client) => proxy.createSession(client),
    serverVersion: () => proxy.greetingVersion,
    statistics: () => ({
      uptimeSeconds: Math.floor((Date.now() - startedMs) / 1000),
      threads: proxy.sessions.size,
      questions: proxy.questions,
    }),
    tls: tls?.upgrader,
    localInfile: config.local_infile,
    requireSecureTransport: config.listen.require_secure_transport,
    workerNumber,
    proxyNumber,
    packetMemory: new ByteBudget(packetMemoryMax(config)),
    limits: {
      connectionsMax: config.max_connections,
      packetBytesMax: config.max_allowed_packet,
      connectTimeoutMs: config.timeouts.auth,
      waitTimeoutMs: config.timeouts.idle,
      interactiveTimeoutMs: config.timeouts.idle,
    },
    onEvent,
  })
}

const PREPARED_STATEMENTS_MAX = 16_382

function listenAddresses(config: ServeConfig): readonly ListenAddress[] {
  const { host, port, socket, proxy_protocol: proxyProtocol } = config.listen
  const addresses: ListenAddress[] = [{ kind: 'tcp', host, port, proxyProtocol }]
  if (socket !== undefined) addresses.push({ kind: 'unix', path: socket })
  return addresses
}

async function openTls(config: ServeConfig, onError: (error: Error) => void) {
  const { cert, key, ca, require_client_cert: required } = config.listen.tls
  if (cert === undefined || key === undefined) return undefined
  return openTlsFiles(
    { certFile: cert, keyFile: key, caFile: ca },
    {
      minVersion: 'TLSv1.2',
      clientCertificates: required ? 'required' : ca === undefined ? 'none' : 'optional',
    },
    { clock: systemClock, onError },
  )
}
