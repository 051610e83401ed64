import { HEADER_BYTES, MAX_PACKET_PAYLOAD } from './constants.ts'

/**
 * Frames one payload as a packet, or as several when it holds 2^24 - 1 bytes and more. A payload that is an exact
 * multiple of 2^24 - 1 ends with an empty packet. Sequence ids count up from `sequenceId` and wrap at 256.
 * Source: MySQL client/server protocol, "Protocol Basics", section "Sending More Than 16Mb".
 */
export function framePayload(payload: Uint8Array, sequenceId: number): Buffer {
  const packets = packetCount(payload.length)
  const framed = Buffer.allocUnsafe(payload.length + packets * HEADER_BYTES)
  let at = 0
  for (let i = 0; i < packets; i++) {
    const start = i * MAX_PACKET_PAYLOAD
    const length = Math.min(payload.length - start, MAX_PACKET_PAYLOAD)
    at = writeHeader(framed, at, length, sequenceId + i)
    framed.set(payload.subarray(start, start + length), at)
    at += length
  }
  return framed
}

/** Packets that a payload of `payloadBytes` takes: also by how much the sequence id advances. */
export function packetCount(payloadBytes: number): number {
  return Math.floor(payloadBytes / MAX_PACKET_PAYLOAD) + 1
}

/** Packets that one framed payload consists of, from its size with headers. */
export function framedPacketCount(framedBytes: number): number {
  return Math.floor((framedBytes - HEADER_BYTES) / (MAX_PACKET_PAYLOAD + HEADER_BYTES)) + 1
}

export function writeHeader(buf: Buffer, at: number, payloadBytes: number, sequenceId: number): number {
  buf[at] = payloadBytes & 0xff
  buf[at + 1] = (payloadBytes >>> 8) & 0xff
  buf[at + 2] = payloadBytes >>> 16
  buf[at + 3] = sequenceId & 0xff
  return at + HEADER_BYTES
}

/** Payload length that the header at `at` announces. */
export function headerLength(buf: Uint8Array, at: number): number {
  return buf[at]! | (buf[at + 1]! << 8) | (buf[at + 2]! << 16)
}
