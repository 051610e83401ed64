import { Capability } from '../codec/constants.ts'
import { type ChangeUser, decodeChangeUser } from '../codec/handshake.ts'
import { type AuthPlugin, authenticate } from './auth/authenticate.ts'
import type { RsaKey } from './auth/rsa-key.ts'
import type { UserDirectory } from './auth/user-directory.ts'
import { authChannel, clientCollation, type LoggedIn } from './login.ts'
import type { PacketChannel } from './packet-channel.ts'
import type { Peer } from './peer.ts'
import { unknownCommand } from './wire-errors.ts'

export interface ChangeUserContext {
  readonly peer: Peer
  /** What the connection is before the change. */
  readonly before: LoggedIn
  readonly users: UserDirectory
  readonly rsaKey: RsaKey
  readonly authPlugin: AuthPlugin
}

/**
 * Authenticates a COM_CHANGE_USER; all but the final OK. Always asks anew, as MySQL does, whatever response came with
 * the command. Rejects with the SqlError to close with. Source: "COM_CHANGE_USER".
 */
export async function changeUser(
  channel: PacketChannel,
  payload: Buffer,
  { peer, before, users, rsaKey, authPlugin }: ChangeUserContext,
): Promise<Pick<LoggedIn, 'identity' | 'nonce'>> {
  const request = readChangeUser(payload, before.capabilities)
  const collationId =
    request.collationId === undefined ? before.identity.collationId : clientCollation(request.collationId)
  const { user, nonce } = await authenticate(
    authChannel(channel, {
      remoteHost: peer.remoteHost,
      tls: before.tls !== undefined,
      unix: peer.isUnixSocket,
    }),
    users,
    rsaKey,
    {
      user: request.user,
      authPlugin: request.authPlugin,
      authResponse: request.authResponse,
      nonce: before.nonce,
      noncePlugin: authPlugin,
      canSwitch: (before.capabilities & Capability.PLUGIN_AUTH) !== 0,
      mustSwitch: true,
    },
  )
  const { database, attributes } = request
  return { identity: { user: user.name, access: user.access, database, collationId, attributes }, nonce }
}

function readChangeUser(payload: Buffer, capabilities: number): ChangeUser {
  try {
    return decodeChangeUser(payload, capabilities)
  } catch {
    throw unknownCommand() // what MySQL says of one that it cannot read
  }
}
