import type { ByteBudget } from '../../base/byte-budget.ts'
import type { Clock } from '../../base/clock.ts'
import type { RsaKey } from './auth/rsa-key.ts'
import type { UserDirectory } from './auth/user-directory.ts'
import type { SessionFactory } from './session-handler.ts'
import type { Statistics } from './statistics.ts'
import type { TlsUpgrader } from './tls.ts'

/** Where to listen. With `proxyProtocol` every connection must begin with a PROXY header, version 1 or 2. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly proxyProtocol?: boolean }
  | { readonly kind: 'unix'; readonly path: string; readonly mode?: number }

/** Bounds of the wire front end; the defaults are MySQL's where MySQL has them. */
export interface Limits {
  /** max_connections: connections beyond it are told 1040. */
  readonly connectionsMax: number
  /** max_allowed_packet: a command of this size and more is refused with 1153. */
  readonly packetBytesMax: number
  /** connect_timeout: from accepting a connection to the end of authentication. */
  readonly connectTimeoutMs: number
  /** wait_timeout and interactive_timeout: an idle connection is told 4031. */
  readonly waitTimeoutMs: number
  readonly interactiveTimeoutMs: number
  /** net_read_timeout: a command that has begun must go on arriving. */
  readonly readTimeoutMs: number
  /** net_write_timeout: a client must go on taking its answer. */
  readonly writeTimeoutMs: number
  /** How long the answer to a half-closed client is waited for before its command is given up. */
  readonly halfCloseGraceMs: number
  /** Bytes of an answer that wait for the client before `write` says false. */
  readonly writeBufferBytes: number
  /** Bytes of commands that are read ahead of the one that runs. */
  readonly pipelineBytesMax: number
}

export const defaultLimits: Limits = {
  connectionsMax: 10_000,
  packetBytesMax: 64 * 1024 * 1024,
  connectTimeoutMs: 10_000,
  waitTimeoutMs: 28_800_000,
  interactiveTimeoutMs: 28_800_000,
  readTimeoutMs: 30_000,
  writeTimeoutMs: 60_000,
  halfCloseGraceMs: 500,
  writeBufferBytes: 256 * 1024,
  pipelineBytesMax: 256 * 1024,
}

/** What happens on the wire, for logs and metrics. Never carries a secret. */
export type ServerEvent =
  | { readonly kind: 'accepted'; readonly connectionId: number; readonly host: string }
  | { readonly kind: 'accept-failed'; readonly error: Error }
  | { readonly kind: 'too-many-connections'; readonly host: string }
  | {
      readonly kind: 'authenticated'
      readonly connectionId: number
      readonly user: string
      readonly host: string
    }
  | {
      readonly kind: 'login-failed'
      readonly connectionId: number
      readonly host: string
      readonly error: Error
    }
  | { readonly kind: 'protocol-error'; readonly connectionId: number; readonly error: Error }
  | { readonly kind: 'session-bug'; readonly connectionId: number; readonly error: unknown }
  | { readonly kind: 'timed-out'; readonly connectionId: number; readonly what: 'idle' | 'read' | 'write' }
  | { readonly kind: 'closed'; readonly connectionId: number }

export interface MysqlServerOptions {
  readonly listen: readonly ListenAddress[]
  readonly users: UserDirectory
  readonly createSession: SessionFactory
  /** Asked for each connection: it may change with the servers behind the proxy. */
  readonly serverVersion: () => string
  /** What COM_STATISTICS tells. */
  readonly statistics: () => Statistics
  readonly tls?: TlsUpgrader | undefined
  /** Hides passwords on connections without TLS. */
  readonly rsaKey?: RsaKey | undefined
  readonly requireSecureTransport?: boolean
  /** Clients are offered to be asked for files of theirs (LOAD DATA LOCAL). Default: false. */
  readonly localInfile?: boolean
  /** The plugin clients are greeted with; usually that of the announced server, as MariaDB's differs from MySQL's. */
  readonly authPlugin?: 'caching_sha2_password' | 'mysql_native_password'
  readonly limits?: Partial<Limits>
  /** What large packets may take that are being received or carried out, of all connections together. Default: no bound. */
  readonly packetMemory?: ByteBudget
  /** Upper eight bits of connection ids, so that every worker has ids of its own. */
  readonly workerNumber?: number
  /** Among those of the topology, from 1; 0, the default, where they do not know each other. */
  readonly proxyNumber?: number
  readonly clock?: Clock
  readonly onEvent?: (event: ServerEvent) => void
}
