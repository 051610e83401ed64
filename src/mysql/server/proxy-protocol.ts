import { isIP } from 'node:net'
import type { PacketChannel } from './packet-channel.ts'

/** Who a proxy says the client is; undefined for the proxy's own connections (health checks). */
export interface ProxySource {
  readonly address: string
  readonly port: number
}

export type ProxyHeader =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'invalid'; readonly reason: string }
  | { readonly kind: 'complete'; readonly bytes: number; readonly source: ProxySource | undefined }

const INCOMPLETE: ProxyHeader = { kind: 'incomplete' }
const V2_SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const V1_PREFIX = Buffer.from('PROXY ')
/** "PROXY UNKNOWN" with two longest IPv6 addresses and ports, CR LF included. */
const V1_BYTES_MAX = 107
const V2_HEADER_BYTES = 16
/** Addresses and TLVs together; the specification asks receivers for 512 at least. */
const V2_BODY_BYTES_MAX = 4096

/** Reads the header off a connection that has just been accepted; rejects if there is none, or when time is up. */
export async function receiveProxyHeader(channel: PacketChannel): Promise<ProxySource | undefined> {
  let source: ProxySource | undefined
  await channel.receiveBytes((received) => {
    const header = parseProxyHeader(received)
    if (header.kind === 'invalid') throw new Error(`PROXY protocol: ${header.reason}`)
    if (header.kind === 'incomplete') return undefined
    source = header.source
    return header.bytes
  })
  return source
}

/**
 * Parses a PROXY protocol header, version 1 or 2, from the beginning of what a connection has received so far.
 * Source: HAProxy, "The PROXY protocol, versions 1 & 2".
 */
export function parseProxyHeader(received: Buffer): ProxyHeader {
  if (startsLike(received, V2_SIGNATURE)) {
    return received.length < V2_HEADER_BYTES ? INCOMPLETE : parseV2(received)
  }
  return startsLike(received, V1_PREFIX) ? parseV1(received) : invalid('no PROXY header')
}

/** Whether `received` begins with `start`, or may come to. */
function startsLike(received: Buffer, start: Buffer): boolean {
  const length = Math.min(received.length, start.length)
  return received.compare(start, 0, length, 0, length) === 0
}

function parseV1(received: Buffer): ProxyHeader {
  const end = received.subarray(0, V1_BYTES_MAX).indexOf('\r\n')
  if (end < 0) return received.length >= V1_BYTES_MAX ? invalid('line too long') : INCOMPLETE
  const bytes = end + 2
  const [, family, address, destination, port, destinationPort, ...more] = received
    .latin1Slice(0, end)
    .split(' ')
  if (family === 'UNKNOWN') return { kind: 'complete', bytes, source: undefined }
  const version = family === 'TCP4' ? 4 : family === 'TCP6' ? 6 : 0
  if (version === 0 || isIP(address ?? '') !== version || isIP(destination ?? '') !== version) {
    return invalid('bad address')
  }
  if (!isPort(port) || !isPort(destinationPort) || more.length > 0) return invalid('bad port')
  return { kind: 'complete', bytes, source: { address: address!, port: Number(port) } }
}

function isPort(text: string | undefined): boolean {
  return text !== undefined && /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 0xffff
}

const V2_LOCAL = 0x20
const V2_PROXY = 0x21

function parseV2(received: Buffer): ProxyHeader {
  const command = received[12]!
  const family = received[13]! >> 4
  const bodyBytes = received.readUInt16BE(14)
  if (command !== V2_LOCAL && command !== V2_PROXY) return invalid('unknown version or command')
  if (bodyBytes > V2_BODY_BYTES_MAX) return invalid('header too long')
  const bytes = V2_HEADER_BYTES + bodyBytes
  if (received.length < bytes) return INCOMPLETE
  const body = received.subarray(V2_HEADER_BYTES, bytes)
  const [addressBytes, format] = family === 1 ? [4, ipv4] : family === 2 ? [16, ipv6] : [0, ipv4]
  if (command === V2_LOCAL || addressBytes === 0) return { kind: 'complete', bytes, source: undefined }
  if (body.length < 2 * addressBytes + 4) return invalid('addresses cut short')
  const source = {
    address: format(body.subarray(0, addressBytes)),
    port: body.readUInt16BE(2 * addressBytes),
  }
  return { kind: 'complete', bytes, source }
}

function ipv4(bytes: Buffer): string {
  return bytes.join('.')
}

/** Without `::`: a name for logs and messages, made from eight groups. */
function ipv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16))
  return groups.join(':')
}

function invalid(reason: string): ProxyHeader {
  return { kind: 'invalid', reason }
}
