import { Etcd3, type IOptions } from 'etcd3'
import { TopologyError } from '../store.ts'

export interface EtcdOptions {
  /** `http://host:2379` or `https://…`; all of one kind. */
  readonly endpoints: readonly string[]
  /** Keys are put under it; `/shardgate` unless told otherwise. */
  readonly prefix?: string
  readonly auth?: { readonly username: string; readonly password: string }
  /** PEM texts. A client certificate needs both `cert` and `key`. */
  readonly tls?: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer }
  /** Bound of one request. Default 5 s. */
  readonly requestTimeoutMs?: number
}

const REQUEST_TIMEOUT_MS = 5_000
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024

/**
 * A client without its own retries and circuit breakers: retrying belongs to the follower, which knows what may be
 * asked twice (reads) and what may not (a transaction whose answer was lost has perhaps happened).
 * HTTP/2 pings find a connection that died without a word.
 */
export function createEtcdClient(options: EtcdOptions): Etcd3 {
  const timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS
  const { tls, auth } = options
  if (tls && !tls.ca && (tls.cert || tls.key))
    throw new TopologyError('invalid', 'etcd tls: a client certificate needs the CA of the server (ca) too')
  const none = passThrough()
  return new Etcd3({
    hosts: [...options.endpoints],
    ...(auth && { auth: { ...auth, callOptions: () => ({ deadline: Date.now() + timeoutMs }) } }),
    ...(tls?.ca && {
      credentials: {
        rootCertificate: tls.ca,
        ...(tls.key && { privateKey: tls.key }),
        ...(tls.cert && { certChain: tls.cert }),
      },
    }),
    defaultCallOptions: (context) => (context.isStream ? {} : { deadline: Date.now() + timeoutMs }),
    faultHandling: { host: () => none, global: none },
    grpcOptions: {
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 5_000,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 2_000,
      'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
    },
  })
}

/** The failure in words of ours: what was asked, of whom, and why it did not work. */
export function etcdFailure(what: string, endpoints: readonly string[], error: unknown): TopologyError {
  if (error instanceof TopologyError) return error
  const reason = plainReason(error)
  const where = endpoints.join(', ')
  if (/authentication failed|permission denied|user name is empty|invalid auth/i.test(reason))
    return new TopologyError('denied', `etcd at ${where} refused to ${what}: ${reason}`, { cause: error })
  return new TopologyError('unavailable', `etcd at ${where} did not ${what}: ${reason}`, { cause: error })
}

/** gRPC's text without its status number and its empty remarks. */
function plainReason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replace(/^\d+ [A-Z_]+: /, '').replace(/\s*Resolution note:\s*$/, '')
}

type Policy = NonNullable<NonNullable<IOptions['faultHandling']>['global']>

function passThrough(): Policy {
  const signal = new AbortController().signal
  const noEvents = () => ({ dispose: () => {} })
  return {
    execute: async (fn: (context: { signal: AbortSignal }) => unknown) => fn({ signal }),
    onSuccess: noEvents,
    onFailure: noEvents,
  } as unknown as Policy // `_altReturn` is for types only
}
