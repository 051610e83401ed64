import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FilePackets } from '../../../../src/mysql/codec/file-packets.ts'
import { framePayload } from '../../../../src/mysql/codec/framing.ts'

function framed(payloads: readonly Buffer[], firstId: number): Buffer {
  return Buffer.concat(payloads.map((payload, i) => framePayload(payload, firstId + i)))
}

/** Feeds `bytes` in pieces of these sizes, the rest at once. */
function read(packets: FilePackets, bytes: Buffer, sizes: readonly number[]) {
  const read: Buffer[] = []
  let rest = Buffer.alloc(0)
  let at = 0
  for (const size of [...sizes, bytes.length]) {
    const taken = packets.take(bytes.subarray(at, Math.min(at + size, bytes.length)))
    read.push(...taken.pieces)
    at = Math.min(at + size, bytes.length)
    if (packets.ended) rest = Buffer.concat([taken.rest ?? Buffer.alloc(0), bytes.subarray(at)])
    if (packets.ended) break
  }
  return { file: Buffer.concat(read), rest }
}

test('any cut of the stream gives the same file, and what lies behind it', () => {
  const payload = fc.uint8Array({ minLength: 1, maxLength: 30 }).map((bytes) => Buffer.from(bytes))
  fc.assert(
    fc.property(fc.array(payload), fc.array(fc.nat(20)), fc.nat(255), (payloads, sizes, id) => {
      const behind = Buffer.from('next')
      const stream = Buffer.concat([framed([...payloads, Buffer.alloc(0)], id), behind])
      const packets = new FilePackets(id)
      expect(read(packets, stream, sizes)).toEqual({ file: Buffer.concat(payloads), rest: behind })
      expect(packets.sequenceId).toBe((id + payloads.length + 1) & 0xff)
    }),
  )
})

test('an empty packet behind one of the largest size continues it', () => {
  const packets = new FilePackets(2)
  packets.take(framePayload(Buffer.alloc(0xff_ffff), 2))
  expect(packets.ended).toBe(false)
  packets.take(framePayload(Buffer.alloc(0), 4))
  expect(packets.ended).toBe(true)
})

test('a packet out of order ends it', () => {
  expect(() => new FilePackets(2).take(framePayload(Buffer.from('x'), 5))).toThrow(
    expect.objectContaining({ errno: 1156 }),
  )
})
