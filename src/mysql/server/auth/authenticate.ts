import { randomBytes } from 'node:crypto'
import { unreachable } from '../../../base/assert.ts'
import { SqlError } from '../../../errors/sql-error.ts'
import { encodeAuthMoreData, encodeAuthSwitch } from '../../codec/handshake.ts'
import type { User } from './credentials.ts'
import type { RsaKey } from './rsa-key.ts'
import type { UserDirectory } from './user-directory.ts'

/** The plugins that the server side speaks. */
export type AuthPlugin = 'caching_sha2_password' | 'mysql_native_password' | 'mysql_clear_password'

/** Packets to and from the client that authenticates. */
export interface AuthChannel {
  readonly transport: 'plain' | 'tls' | 'unix'
  /** Host as in 1045. */
  readonly remoteHost: string
  /** Sends the packet that `encode` makes for the next sequence id. */
  send(encode: (sequenceId: number) => Buffer): void
  /** Payload of the client's next packet; rejects when the connection ends or its time is up. */
  receive(): Promise<Buffer>
}

/** What a client sent to begin with, in a handshake response or COM_CHANGE_USER. */
export interface AuthRequest {
  readonly user: string
  readonly authPlugin: string
  readonly authResponse: Buffer
  /** The last nonce that the client was sent, and the plugin of the greeting. */
  readonly nonce: Buffer
  readonly noncePlugin: AuthPlugin
  /** CLIENT_PLUGIN_AUTH: the client understands another plugin's name. */
  readonly canSwitch: boolean
  /** COM_CHANGE_USER begins anew in any case. */
  readonly mustSwitch: boolean
}

export interface Authenticated {
  readonly user: User
  /** The last nonce that the client was sent. */
  readonly nonce: Buffer
}

/** Raises ER_ACCESS_DENIED_ERROR; ER_NOT_SUPPORTED_AUTH_MODE for a client that would need another plugin and cannot. */
export async function authenticate(
  channel: AuthChannel,
  directory: UserDirectory,
  rsaKey: RsaKey,
  request: AuthRequest,
): Promise<Authenticated> {
  const user = directory.find(request.user) ?? directory.decoy(request.user)
  const attempt = await firstResponse(channel, user, request)
  const result = await checkResponse(channel, user, rsaKey, attempt)
  if (result !== 'accepted') throw accessDenied(request.user, channel.remoteHost, result === 'wrong')
  return { user, nonce: attempt.nonce }
}

/** 20 bytes, none of them NUL or `$`, as MySQL makes them. */
export function makeNonce(): Buffer {
  const nonce = randomBytes(20)
  for (const [i, byte] of nonce.entries()) {
    const seven = 1 + (byte % 127)
    nonce[i] = seven === DOLLAR ? seven + 1 : seven
  }
  return nonce
}

const DOLLAR = 0x24

type Result = 'accepted' | 'wrong' | 'empty'

interface Attempt {
  readonly plugin: AuthPlugin
  readonly response: Buffer
  readonly nonce: Buffer
}

/** The client's response for a plugin that suits the user, after a switch if that takes one. */
async function firstResponse(channel: AuthChannel, user: User, request: AuthRequest): Promise<Attempt> {
  const { authPlugin, authResponse, nonce } = request
  const offered = request.canSwitch ? authPlugin : 'mysql_native_password'
  const plugin = choosePlugin(offered, user, channel.transport)
  // A client that was greeted for another plugin may have held its response back.
  const unasked = plugin !== request.noncePlugin && authResponse.length === 0
  if (plugin === offered && !request.mustSwitch && !(unasked && request.canSwitch)) {
    return { plugin, response: authResponse, nonce }
  }
  if (!request.canSwitch) throw unsupportedClient()
  // For the native plugin libmariadb answers a COM_CHANGE_USER with the nonce it had, whichever comes; MySQL keeps it too.
  const keepsNonce = request.mustSwitch && plugin === 'mysql_native_password'
  const switchNonce = keepsNonce ? nonce : makeNonce()
  channel.send((sequenceId) => encodeAuthSwitch(plugin, switchNonce, sequenceId))
  return { plugin, response: await channel.receive(), nonce: switchNonce }
}

/**
 * caching_sha2_password can check every user, since its long form yields the password itself; but without TLS many
 * clients refuse the long form, so that a user with nothing but SHA-1 hashes is then asked for those.
 */
function choosePlugin(offered: string, user: User, transport: AuthChannel['transport']): AuthPlugin {
  if (offered === 'mysql_clear_password' && transport === 'tls') return offered
  if (offered === 'mysql_native_password' && user.nativeSuffices) return offered
  return user.nativeOnly && transport === 'plain' ? 'mysql_native_password' : 'caching_sha2_password'
}

function checkResponse(channel: AuthChannel, user: User, rsaKey: RsaKey, attempt: Attempt): Promise<Result> {
  switch (attempt.plugin) {
    case 'mysql_native_password':
      return checkNativeResponse(user, attempt)
    case 'mysql_clear_password':
      return checkPassword(user, attempt.response)
    case 'caching_sha2_password':
      return checkCachingSha2Response(channel, user, rsaKey, attempt)
    default:
      return unreachable(attempt.plugin)
  }
}

async function checkNativeResponse(user: User, { response, nonce }: Attempt): Promise<Result> {
  if (response.length === 0) return user.acceptsEmptyPassword() ? 'accepted' : 'empty'
  return user.acceptsNative(response, nonce) ? 'accepted' : 'wrong'
}

const FAST_AUTH_SUCCESS = Buffer.of(0x03)
const PERFORM_FULL_AUTHENTICATION = Buffer.of(0x04)
const REQUEST_PUBLIC_KEY = 0x02
const RESPONSE_BYTES = 32

/** Source: MySQL Source Code Documentation, "Caching_sha2_password information". */
async function checkCachingSha2Response(
  channel: AuthChannel,
  user: User,
  rsaKey: RsaKey,
  { response, nonce }: Attempt,
): Promise<Result> {
  if (response.length === 0 || (response.length === 1 && response[0] === 0)) {
    return user.acceptsEmptyPassword() ? 'accepted' : 'empty'
  }
  if (response.length !== RESPONSE_BYTES) return 'wrong'
  if (user.acceptsCachingSha2(response, nonce)) {
    channel.send((sequenceId) => encodeAuthMoreData(FAST_AUTH_SUCCESS, sequenceId))
    return 'accepted'
  }
  channel.send((sequenceId) => encodeAuthMoreData(PERFORM_FULL_AUTHENTICATION, sequenceId))
  const password = await receivePassword(channel, rsaKey, nonce)
  return password === undefined ? 'wrong' : checkPassword(user, password)
}

/** The password with its NUL: in clear where nobody listens, else below RSA. */
async function receivePassword(
  channel: AuthChannel,
  rsaKey: RsaKey,
  nonce: Buffer,
): Promise<Buffer | undefined> {
  const first = await channel.receive()
  if (channel.transport !== 'plain') return first
  if (first.length !== 1 || first[0] !== REQUEST_PUBLIC_KEY) return rsaKey.decrypt(first, nonce)
  const publicPem = await rsaKey.publicPem()
  channel.send((sequenceId) => encodeAuthMoreData(publicPem, sequenceId))
  return rsaKey.decrypt(await channel.receive(), nonce)
}

async function checkPassword(user: User, sent: Buffer): Promise<Result> {
  const password = sent.at(-1) === 0 ? sent.subarray(0, -1) : sent
  if (password.length === 0) return user.acceptsEmptyPassword() ? 'accepted' : 'empty'
  return (await user.acceptsPassword(password)) ? 'accepted' : 'wrong'
}

function accessDenied(user: string, host: string, usingPassword: boolean): SqlError {
  const using = usingPassword ? 'YES' : 'NO'
  return new SqlError(
    'ER_ACCESS_DENIED_ERROR',
    `Access denied for user '${user}'@'${host}' (using password: ${using})`,
  )
}

export function unsupportedClient(): SqlError {
  return new SqlError(
    'ER_NOT_SUPPORTED_AUTH_MODE',
    'Client does not support authentication protocol requested by server; consider upgrading MySQL client',
  )
}
