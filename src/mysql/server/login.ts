import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { SqlError, wrongValue } from '../../errors/sql-error.ts'
import { clientCharsetProblem, collationById, DEFAULT_COLLATION_ID } from '../../values/charsets.ts'
import { Capability, Status } from '../codec/constants.ts'
import {
  clientCapabilities,
  decodeHandshakeResponse,
  encodeGreeting,
  type HandshakeResponse,
  SSL_REQUEST_BYTES,
} from '../codec/handshake.ts'
import { malformedPacket } from '../codec/packet-reader.ts'
import {
  type AuthChannel,
  type AuthPlugin,
  authenticate,
  makeNonce,
  unsupportedClient,
} from './auth/authenticate.ts'
import type { RsaKey } from './auth/rsa-key.ts'
import type { UserDirectory } from './auth/user-directory.ts'
import type { PacketChannel } from './packet-channel.ts'
import type { Identity, TlsInfo } from './session-handler.ts'
import { describeTls, type TlsUpgrader } from './tls.ts'

/**
 * What is offered to clients: everything that lets answers be relayed byte for byte. Left out because packets would
 * have to be translated: DEPRECATE_EOF, OPTIONAL_RESULTSET_METADATA, QUERY_ATTRIBUTES, compression.
 * LOCAL_FILES is offered where `localInfile` says so.
 */
export const OFFERED_CAPABILITIES =
  Capability.LONG_PASSWORD |
  Capability.FOUND_ROWS |
  Capability.LONG_FLAG |
  Capability.CONNECT_WITH_DB |
  Capability.NO_SCHEMA |
  Capability.ODBC |
  Capability.IGNORE_SPACE |
  Capability.PROTOCOL_41 |
  Capability.INTERACTIVE |
  Capability.IGNORE_SIGPIPE |
  Capability.TRANSACTIONS |
  Capability.RESERVED |
  Capability.SECURE_CONNECTION |
  Capability.MULTI_STATEMENTS |
  Capability.MULTI_RESULTS |
  Capability.PS_MULTI_RESULTS |
  Capability.PLUGIN_AUTH |
  Capability.CONNECT_ATTRS |
  Capability.PLUGIN_AUTH_LENENC_CLIENT_DATA |
  Capability.SESSION_TRACK

/** A handshake response holds at most 64 KiB of attributes and a few names; more is not read before authentication. */
export const LOGIN_PACKET_BYTES_MAX = 128 * 1024

/** What the connection phase needs to know. */
export interface LoginContext {
  readonly connectionId: number
  readonly serverVersion: string
  readonly authPlugin: AuthPlugin
  readonly users: UserDirectory
  readonly rsaKey: RsaKey
  readonly tls: TlsUpgrader | undefined
  readonly requireSecureTransport: boolean
  readonly isUnixSocket: boolean
  readonly remoteHost: string
  /** Clients may be asked for files of theirs. */
  readonly localInfile: boolean
}

export interface LoggedIn {
  readonly identity: Identity
  readonly capabilities: number
  readonly tls: TlsInfo | undefined
  /** The last nonce that the client was sent. */
  readonly nonce: Buffer
}

/**
 * The connection phase: greeting, TLS, authentication; all but the final OK, which is the session's to give.
 *
 * Rejects with the SqlError to tell the client, or with another error when there is nobody to tell. After TLS the
 * channel is on another socket. Source: MySQL client/server protocol, "Connection Phase".
 */
export async function login(channel: PacketChannel, context: LoginContext): Promise<LoggedIn> {
  const nonce = makeNonce()
  const { tls, localInfile } = context
  const offered =
    OFFERED_CAPABILITIES |
    (tls === undefined ? 0 : Capability.SSL) |
    (localInfile ? Capability.LOCAL_FILES : 0)
  channel.send(() => greeting(context, nonce, offered))
  let { payload } = await channel.receive()
  let secured: TLSSocket | undefined
  if (context.tls !== undefined && asksForTls(payload)) {
    secured = await upgrade(channel, context.tls)
    payload = (await channel.receive()).payload
  }
  const response = readResponse(payload, offered)
  if (context.requireSecureTransport && secured === undefined && !context.isUnixSocket)
    throw insecureTransport()
  const collationId = clientCollation(response.collationId)
  const authenticated = await authenticate(
    authChannel(channel, {
      remoteHost: context.remoteHost,
      tls: secured !== undefined,
      unix: context.isUnixSocket,
    }),
    context.users,
    context.rsaKey,
    {
      user: response.user,
      authPlugin: response.authPlugin,
      authResponse: response.authResponse,
      nonce,
      noncePlugin: context.authPlugin,
      canSwitch: (response.capabilities & Capability.PLUGIN_AUTH) !== 0,
      mustSwitch: false,
    },
  )
  const { database, attributes, capabilities } = response
  const { name: user, access } = authenticated.user
  const identity = { user, access, database, collationId, attributes }
  return { identity, capabilities, tls: secured && describeTls(secured), nonce: authenticated.nonce }
}

/**
 * The collation a client asked for by id. As MySQL: an unknown id means the default, and character sets in which
 * ASCII is not ASCII are refused; so are those whose characters may end in a quote or backslash.
 */
export function clientCollation(id: number): number {
  const collation = collationById(id)
  if (collation === undefined) return DEFAULT_COLLATION_ID
  if (clientCharsetProblem(collation.charset) === undefined) return id
  throw wrongValue('character_set_client', collation.charset.name)
}

export function authChannel(
  channel: Pick<PacketChannel, 'send' | 'receive'>,
  by: { readonly remoteHost: string; readonly tls: boolean; readonly unix: boolean },
): AuthChannel {
  return {
    transport: by.tls ? 'tls' : by.unix ? 'unix' : 'plain',
    remoteHost: by.remoteHost,
    send: (encode) => channel.send(encode),
    receive: async () => (await channel.receive()).payload,
  }
}

function greeting(context: LoginContext, nonce: Buffer, capabilities: number): Buffer {
  return encodeGreeting({
    serverVersion: context.serverVersion,
    connectionId: context.connectionId,
    nonce,
    capabilities,
    collationId: DEFAULT_COLLATION_ID,
    status: Status.AUTOCOMMIT,
    authPlugin: context.authPlugin,
  })
}

function asksForTls(payload: Buffer): boolean {
  return payload.length === SSL_REQUEST_BYTES && (clientCapabilities(payload) & Capability.SSL) !== 0
}

async function upgrade(channel: PacketChannel, tls: TlsUpgrader): Promise<TLSSocket> {
  const plain: Socket = channel.detach()
  // Whatever came behind the request is TLS: none of it may be taken for a packet sent in clear.
  const secured = await tls.upgrade(plain, channel.assembler.drain())
  channel.attach(secured)
  return secured
}

function readResponse(payload: Buffer, offered: number): HandshakeResponse {
  if (payload.length < 4) throw badHandshake()
  if ((clientCapabilities(payload) & Capability.PROTOCOL_41) === 0) throw unsupportedClient()
  try {
    return decodeHandshakeResponse(payload, offered)
  } catch (cause) {
    throw badHandshake(cause)
  }
}

function badHandshake(cause: unknown = malformedPacket()): SqlError {
  return new SqlError('ER_HANDSHAKE_ERROR', 'Bad handshake', { cause })
}

function insecureTransport(): SqlError {
  return new SqlError(
    'ER_SECURE_TRANSPORT_REQUIRED',
    'Connections using insecure transport are prohibited while --require_secure_transport=ON.',
  )
}
