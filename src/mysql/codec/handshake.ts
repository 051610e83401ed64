import { Capability } from './constants.ts'
import { malformedPacket, PacketReader } from './packet-reader.ts'
import { PacketWriter } from './packet-writer.ts'

/** First packet of a server. Source: MySQL client/server protocol, "Protocol::HandshakeV10". */
export interface Greeting {
  readonly serverVersion: string
  readonly connectionId: number
  /** 20 bytes without NUL. */
  readonly nonce: Buffer
  readonly capabilities: number
  /** Only the low byte goes over the wire. */
  readonly collationId: number
  readonly status: number
  readonly authPlugin: string
}

const NONCE_BYTES = 20
const NONCE_FIRST_PART_BYTES = 8

export function encodeGreeting(greeting: Greeting): Buffer {
  const { nonce, capabilities } = greeting
  return new PacketWriter()
    .uint1(10)
    .binary(`${greeting.serverVersion}\0`)
    .uint4(greeting.connectionId)
    .bytes(nonce.subarray(0, NONCE_FIRST_PART_BYTES))
    .zeros(1)
    .uint2(capabilities & 0xffff)
    .uint1(greeting.collationId & 0xff)
    .uint2(greeting.status)
    .uint2(capabilities >>> 16)
    .uint1(NONCE_BYTES + 1)
    .zeros(10)
    .bytes(nonce.subarray(NONCE_FIRST_PART_BYTES))
    .zeros(1)
    .binary(`${greeting.authPlugin}\0`)
    .finish(0)
}

/** What a client says of itself. Texts are UTF-8; `authResponse` is a view of the payload. */
export interface HandshakeResponse {
  readonly capabilities: number
  readonly maxPacketBytes: number
  readonly collationId: number
  readonly user: string
  readonly authResponse: Buffer
  readonly database: string
  /** Empty when the client names none. */
  readonly authPlugin: string
  readonly attributes: ReadonlyMap<string, string>
}

/** Payload bytes of an SSLRequest, which is a HandshakeResponse that ends before the user name. */
export const SSL_REQUEST_BYTES = 32

/** The capability flags with which every client packet of the connection phase begins. */
export function clientCapabilities(payload: Buffer): number {
  return new PacketReader(payload).uint4()
}

/**
 * Reads "Protocol::HandshakeResponse41". `offered` are the server's capabilities: of flags that were not offered the
 * client cannot have made use. Raises ER_MALFORMED_PACKET.
 */
export function decodeHandshakeResponse(payload: Buffer, offered: number): HandshakeResponse {
  const reader = new PacketReader(payload)
  const capabilities = reader.uint4() & offered
  const maxPacketBytes = reader.uint4()
  const collationId = reader.uint1()
  reader.skip(23)
  const has = (flag: number): boolean => (capabilities & flag) !== 0
  const user = reader.nulBytes().toString()
  const authResponse = has(Capability.PLUGIN_AUTH_LENENC_CLIENT_DATA)
    ? reader.lenencBytes()
    : has(Capability.SECURE_CONNECTION)
      ? reader.bytes(reader.uint1())
      : reader.nulBytes()
  const database = has(Capability.CONNECT_WITH_DB) ? readName(reader) : ''
  const authPlugin = has(Capability.PLUGIN_AUTH) ? readName(reader) : ''
  const attributes = has(Capability.CONNECT_ATTRS) ? readAttributes(reader) : NO_ATTRIBUTES
  return { capabilities, maxPacketBytes, collationId, user, authResponse, database, authPlugin, attributes }
}

/** COM_CHANGE_USER; fields as in HandshakeResponse. `collationId` is undefined when the packet ends before it. */
export interface ChangeUser
  extends Pick<HandshakeResponse, 'user' | 'authResponse' | 'database' | 'authPlugin' | 'attributes'> {
  readonly collationId: number | undefined
}

/** Reads a COM_CHANGE_USER payload, command byte included. Raises ER_MALFORMED_PACKET. */
export function decodeChangeUser(payload: Buffer, capabilities: number): ChangeUser {
  const reader = new PacketReader(payload, 1)
  const has = (flag: number): boolean => (capabilities & flag) !== 0
  const user = reader.nulBytes().toString()
  const authResponse = has(Capability.SECURE_CONNECTION) ? reader.bytes(reader.uint1()) : reader.nulBytes()
  const database = reader.nulBytes().toString()
  const collationId = reader.remaining >= 2 ? reader.uint2() : undefined
  const authPlugin = has(Capability.PLUGIN_AUTH) ? readName(reader) : ''
  const hasAttributes = has(Capability.CONNECT_ATTRS) && reader.remaining > 0
  const attributes = hasAttributes ? readAttributes(reader) : NO_ATTRIBUTES
  return { user, authResponse, database, collationId, authPlugin, attributes }
}

/** AuthSwitchRequest: the plugin to go on with, and a nonce for it. */
export function encodeAuthSwitch(authPlugin: string, nonce: Uint8Array, sequenceId: number): Buffer {
  return new PacketWriter().uint1(0xfe).binary(`${authPlugin}\0`).bytes(nonce).zeros(1).finish(sequenceId)
}

/** AuthMoreData: bytes for the plugin on the other side. */
export function encodeAuthMoreData(data: Uint8Array, sequenceId: number): Buffer {
  return new PacketWriter().uint1(0x01).bytes(data).finish(sequenceId)
}

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map()

/** Some clients end the packet with a name and spare its NUL; MySQL lets them. */
function readName(reader: PacketReader): string {
  return (reader.hasNul() ? reader.nulBytes() : reader.rest()).toString()
}

/** A map of at most 64 KiB, as in MySQL. */
const ATTRIBUTES_BYTES_MAX = 65_536

function readAttributes(reader: PacketReader): ReadonlyMap<string, string> {
  const block = reader.lenencBytes()
  if (block.length > ATTRIBUTES_BYTES_MAX) throw malformedPacket()
  const pairs = new PacketReader(block)
  const attributes = new Map<string, string>()
  while (pairs.remaining > 0) {
    const name = pairs.lenencBytes().toString()
    attributes.set(name, pairs.lenencBytes().toString())
  }
  return attributes
}
