import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { systemClock } from '../base/clock.ts'
import { WatchedUsers } from '../mysql/server/auth/watched-users.ts'
import { MysqlServer } from '../mysql/server/mysql-server.ts'
import type { ListenAddress, ServerEvent } from '../mysql/server/options.ts'
import { openTlsFiles } from '../mysql/server/watched-tls.ts'
import { killHere } from '../session/commands/kill.ts'
import { Shardgate } from '../session/proxy.ts'
import type { GatewayOptions } from '../tablet/gateway.ts'
import type { Logger } from '../telemetry/log.ts'
import type { TopologyView } from '../topology/snapshot.ts'
import type { ServeConfig } from './config.ts'
import { joinKills } from './worker-kill.ts'

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

/** How long the first answers of the databases are waited for; the proxy serves whoever is there then. */
const FIRST_CHECKS_MS = 5_000

/** The one place where the command line meets the session layer. */
export const startProxy: CreateProxy = async ({ config, topology, logger, workerNumber }) => {
  const startedMs = Date.now()
  const proxy = new Shardgate({
    topology,
    gateway: gatewayOptions(config),
    limits: {
      maxAllowedPacket: config.max_allowed_packet,
      sortRowsMax: SORT_ROWS_MAX,
      sortBytesMax: SORT_BYTES_MAX,
      preparedStatementsMax: PREPARED_STATEMENTS_MAX,
      queryTimeoutMs: config.timeouts.query,
    },
    serverVersion: config.server_version,
    log: logger,
    clock: systemClock,
  })
  const onProblem = (error: Error) => logger.warn('file cannot be used, the old content stays', { error })
  const users = await WatchedUsers.open(config.users_file!, { clock: systemClock, onError: onProblem })
  const tls = await openTls(config, onProblem)
  if (workerNumber > 0) proxy.killElsewhere = joinKills((request) => killHere(proxy, request))
  await proxy.start(FIRST_CHECKS_MS)
  const server = new MysqlServer({
    listen: listenAddresses(config),
    users,
    createSession: (client) => proxy.createSession(client),
    serverVersion: () => proxy.greetingVersion,
    statistics: () =>
      `Uptime: ${Math.floor((Date.now() - startedMs) / 1000)}  Threads: ${proxy.sessions.size}`,
    tls: tls?.upgrader,
    requireSecureTransport: config.listen.require_secure_transport,
    workerNumber,
    limits: {
      connectionsMax: config.max_connections,
      packetBytesMax: config.max_allowed_packet,
      connectTimeoutMs: config.timeouts.auth,
      waitTimeoutMs: config.timeouts.idle,
      interactiveTimeoutMs: config.timeouts.idle,
    },
    onEvent: (event) => logEvent(logger, event),
  })
  await server.listen()
  return {
    port: (server.addresses()[0] as AddressInfo).port,
    async close({ drainMs }) {
      await server.drain(drainMs)
      proxy.close()
      users.close()
      tls?.close()
    },
  }
}

const SORT_ROWS_MAX = 1_000_000
const SORT_BYTES_MAX = 256 * 1024 * 1024
const PREPARED_STATEMENTS_MAX = 16_382

function listenAddresses(config: ServeConfig): readonly ListenAddress[] {
  const { host, port, socket, proxy_protocol: proxyProtocol } = config.listen
  const addresses: ListenAddress[] = [{ kind: 'tcp', host, port, proxyProtocol }]
  if (socket !== undefined) addresses.push({ kind: 'unix', path: socket })
  return addresses
}

function gatewayOptions(config: ServeConfig): GatewayOptions {
  const { backend, pool, health, timeouts } = config
  const { mode, ca, cert, key } = backend.tls
  const tls = {
    rejectUnauthorized: mode === 'verify_ca' || mode === 'verify_identity',
    verifyIdentity: mode === 'verify_identity',
    ...(ca === undefined ? {} : { ca: readFileSync(ca, 'utf8') }),
    ...(cert === undefined ? {} : { cert: readFileSync(cert, 'utf8') }),
    ...(key === undefined ? {} : { key: readFileSync(key, 'utf8') }),
  }
  const password = backend.password_file
    ? readFileSync(backend.password_file, 'utf8').trimEnd()
    : (backend.password ?? '')
  return {
    user: backend.user!,
    password,
    ...(mode === 'disabled' ? {} : { tls }),
    connectTimeoutMs: timeouts.connect,
    cell: config.cell,
    replicaLagMaxSeconds: health.replica_lag_max / 1000,
    pool: {
      connectionsMax: pool.size,
      waitersMax: pool.waiters,
      waitTimeoutMs: pool.wait_timeout,
      idleTimeoutMs: pool.idle_timeout,
      silenceTimeoutMs: timeouts.silence,
    },
    health: { intervalMs: health.interval, timeoutMs: health.timeout },
  }
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

function logEvent(logger: Logger, event: ServerEvent): void {
  const { kind, ...fields } = event
  if (kind === 'session-bug') logger.error(kind, fields)
  else if (kind === 'accepted' || kind === 'authenticated' || kind === 'closed') logger.debug(kind, fields)
  else logger.info(kind, fields)
}
