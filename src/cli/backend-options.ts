import { readFileSync } from 'node:fs'
import { systemClock } from '../base/clock.ts'
import type { ServerAccess } from '../reparent/managed-server.ts'
import type { BackendAccess } from '../tablet/connect-control.ts'
import type { GatewayOptions } from '../tablet/gateway.ts'
import type { HotRowOptions } from '../tablet/hot-rows.ts'
import type { ServeConfig } from './config.ts'
import { readSecret } from './open-topology.ts'
import { joinHealth } from './worker-health.ts'

/** The account on the MySQL servers. Reads the files that the configuration names. */
export function backendAccess({
  backend,
  timeouts,
}: Pick<ServeConfig, 'backend' | 'timeouts'>): BackendAccess {
  const { mode, ca, cert, key } = backend.tls
  const tls = {
    rejectUnauthorized: mode === 'verify_ca' || mode === 'verify_identity',
    verifyIdentity: mode === 'verify_identity',
    ...(ca === undefined ? {} : { ca: readFileSync(ca, 'utf8') }),
    ...(cert === undefined ? {} : { cert: readFileSync(cert, 'utf8') }),
    ...(key === undefined ? {} : { key: readFileSync(key, 'utf8') }),
  }
  return {
    user: backend.user!, // its presence is the schema's to check
    password: backend.password_file ? readSecret(backend.password_file) : (backend.password ?? ''),
    ...(mode === 'disabled' ? {} : { tls }),
    connectTimeoutMs: timeouts.connect,
  }
}

/** How `ctl reparent` and `manage` come to the servers, and replicas to their primary. */
export function serverAccess(config: Pick<ServeConfig, 'backend' | 'timeouts' | 'manage'>): ServerAccess {
  const { backend, timeouts, manage } = config
  const secret = (file: string | undefined, text: string | undefined) =>
    file ? readSecret(file) : (text ?? '')
  const password = secret(manage.password_file, manage.password)
  return {
    account: backendAccess({
      backend: { ...backend, user: manage.user, password, password_file: undefined },
      timeouts,
    }),
    replication: {
      user: manage.replication_user!, // its presence is checked with the rest
      password: secret(manage.replication_password_file, manage.replication_password),
      isTls: backend.tls.mode !== 'disabled',
    },
    clock: systemClock,
    timeoutMs: manage.timeout,
  }
}

/** `workerNumber`: 0 for a single process; of several the first looks at the servers for all. */
export function gatewayOptions(config: ServeConfig, workerNumber: number): GatewayOptions {
  const { pool, buffer, health, replica, timeouts } = config
  return {
    ...backendAccess(config),
    ...(workerNumber > 0 && { exchange: joinHealth() }),
    cell: config.cell,
    replicaLagMaxSeconds: health.replica_lag_max / 1000,
    replicasMin: health.min_replicas,
    slowStartMs: replica.slow_start,
    outlier: { failures: replica.outlier_failures, pauseMs: replica.outlier_pause },
    pool: {
      connectionsMax: pool.size,
      waitersMax: pool.waiters,
      waitTimeoutMs: pool.wait_timeout,
      idleTimeoutMs: pool.idle_timeout,
      ageMaxMs: pool.max_age,
      prefill: pool.prefill,
      shedAfterMs: pool.shed_after,
      silenceTimeoutMs: timeouts.silence,
    },
    scratchConnectionsMax: config.federation.connections,
    buffer: { windowMs: buffer.window, requestsMax: buffer.requests },
    health: {
      intervalMs: health.interval,
      timeoutMs: health.timeout,
      standsIn: workerNumber > 1,
      ...(health.heartbeat_table && {
        heartbeat: { table: health.heartbeat_table, isUtc: health.heartbeat_utc },
      }),
    },
  }
}

export function hotRowOptions({ hot_rows: rows }: Pick<ServeConfig, 'hot_rows'>): HotRowOptions | undefined {
  if (rows.mode === 'off') return undefined
  return {
    concurrency: rows.concurrency,
    queueMax: rows.queue,
    waitTimeoutMs: rows.wait_timeout,
    isDryRun: rows.mode === 'dry_run',
  }
}
