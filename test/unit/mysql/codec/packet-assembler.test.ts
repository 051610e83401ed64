import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { framedPacketCount, framePayload, packetCount } from '../../../../src/mysql/codec/framing.ts'
import { type Frame, PacketAssembler } from '../../../../src/mysql/codec/packet-assembler.ts'
import { rawPacket } from '../../../support/wire.ts'

const LIMIT = 1 << 26

/** Feeds a stream cut at `cuts` and collects what comes out. */
function assemble(stream: Buffer, cuts: readonly number[], assembler = new PacketAssembler(LIMIT)): Frame[] {
  const frames: Frame[] = []
  const edges = [0, ...[...cuts].sort((a, b) => a - b), stream.length]
  for (let i = 1; i < edges.length; i++) {
    const chunk = stream.subarray(edges[i - 1]!, edges[i]!)
    if (chunk.length === 0) continue
    assembler.push(chunk)
    for (let frame = assembler.next(); frame !== undefined; frame = assembler.next()) {
      frames.push(frame)
      assembler.expect(0)
    }
  }
  return frames
}

describe('a stream of commands', () => {
  test('split at every single byte gives the same messages', () => {
    const payloads = ['03', '0373656c6563742031', '', '0e'].map((hex) => Buffer.from(hex, 'hex'))
    const stream = Buffer.concat(payloads.map((payload) => rawPacket(payload, 0)))
    for (let cut = 0; cut <= stream.length; cut++) {
      expect(assemble(stream, [cut]).map((frame) => frame.payload.toString('hex'))).toEqual(
        payloads.map((payload) => payload.toString('hex')),
      )
    }
  })

  test('cut anyhow gives the same messages, each with its own bytes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(2400)),
        (payloads, cuts) => {
          const packets = payloads.map((payload) => rawPacket(Buffer.from(payload), 0))
          const stream = Buffer.concat(packets)
          const frames = assemble(
            stream,
            cuts.map((cut) => Math.min(cut, stream.length)),
          )
          expect(frames.map((frame) => frame.packet.toString('hex'))).toEqual(
            packets.map((p) => p.toString('hex')),
          )
          expect(frames.every((frame) => frame.packet.subarray(4).equals(frame.payload))).toBe(true)
        },
      ),
    )
  })

  test('a message that came whole is a view, not a copy', () => {
    const chunk = rawPacket('0e', 0)
    const [frame] = assemble(chunk, [])
    expect(frame!.packet.buffer).toBe(chunk.buffer)
    expect(frame!.nextSequenceId).toBe(1)
  })

  test('messages handed out are not written to by later bytes', () => {
    const assembler = new PacketAssembler(LIMIT)
    const stream = Buffer.concat([rawPacket('0e0e0e', 0), rawPacket('030303', 0)])
    assembler.push(stream.subarray(0, 5))
    assembler.push(stream.subarray(5, 9))
    const first = assembler.next()!
    assembler.expect(0)
    const before = first.packet.toString('hex')
    assembler.push(stream.subarray(9))
    expect(assembler.next()!.payload.toString('hex')).toBe('030303')
    expect(first.packet.toString('hex')).toBe(before)
  })
})

describe('payloads of 2^24 - 1 bytes and more', () => {
  const full = 0xff_ffff
  for (const { bytes, packets } of [
    { bytes: full - 1, packets: 1 },
    { bytes: full, packets: 2 },
    { bytes: full + 1, packets: 2 },
    { bytes: 2 * full, packets: 3 },
  ]) {
    test(`${bytes} bytes travel in ${packets} packets`, () => {
      const payload = Buffer.alloc(bytes, 0x61)
      payload[bytes - 1] = 0x7a
      const parts: Buffer[] = []
      for (let i = 0; i < packets; i++) parts.push(rawPacket(payload.subarray(i * full, (i + 1) * full), i))
      const stream = Buffer.concat(parts)
      expect(framePayload(payload, 0).equals(stream)).toBe(true)
      expect(packetCount(bytes)).toBe(packets)
      expect(framedPacketCount(stream.length)).toBe(packets)
      const [frame] = assemble(stream, [3, 70_000, 5_000_000, full + 2])
      expect(frame!.payload.equals(payload)).toBe(true)
      expect(frame!.packet.equals(stream)).toBe(true)
      expect(frame!.nextSequenceId).toBe(packets)
    })
  }
})

describe('what is not right', () => {
  test('a wrong sequence id is 1156', () => {
    expect(() => assemble(rawPacket('0e', 1), [])).toThrow(expect.objectContaining({ errno: 1156 }))
  })

  test('a wrong sequence id in a continuation is 1156', () => {
    const stream = Buffer.concat([rawPacket(Buffer.alloc(0xff_ffff), 0), rawPacket('00', 2)])
    expect(() => assemble(stream, [])).toThrow(expect.objectContaining({ errno: 1156 }))
  })

  test('a payload of max_allowed_packet is 1153, known from the header alone; one byte less is not', () => {
    const assembler = new PacketAssembler(1000)
    assembler.push(Buffer.from('e8030000', 'hex'))
    expect(() => assembler.next()).toThrow(expect.objectContaining({ errno: 1153 }))
    const [frame] = assemble(rawPacket(Buffer.alloc(999), 0), [], new PacketAssembler(1000))
    expect(frame!.payload.length).toBe(999)
  })

  test('continuations count together', () => {
    const assembler = new PacketAssembler(0xff_ffff + 10)
    assembler.push(rawPacket(Buffer.alloc(0xff_ffff), 0))
    expect(assembler.next()).toBeUndefined()
    assembler.push(Buffer.from('0a000001', 'hex'))
    expect(() => assembler.next()).toThrow(expect.objectContaining({ errno: 1153 }))
  })

  test('single bytes of a large promise cost no more than twice what came', () => {
    const assembler = new PacketAssembler(LIMIT)
    assembler.push(Buffer.from('ffff7f00', 'hex'))
    for (let i = 0; i < 20_000; i++) assembler.push(Buffer.of(i & 0xff))
    expect(assembler.next()).toBeUndefined()
    expect(assembler.bufferedBytes).toBe(20_004)
    expect(assembler.peek().buffer.byteLength).toBeLessThanOrEqual(65_536)
  })
})
