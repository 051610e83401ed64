import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PacketReader } from '../../../../src/mysql/codec/packet-reader.ts'
import { PacketWriter } from '../../../../src/mysql/codec/packet-writer.ts'

const lenencCases = [
  { value: 0, payload: '00', why: 'smallest' },
  { value: 250, payload: 'fa', why: 'largest one-byte form' },
  { value: 251, payload: 'fcfb00', why: '0xfb alone means NULL in a row' },
  { value: 65_535, payload: 'fcffff', why: 'largest two-byte form' },
  { value: 65_536, payload: 'fd000001', why: 'smallest three-byte form' },
  { value: 16_777_215, payload: 'fdffffff', why: 'largest three-byte form' },
  { value: 16_777_216, payload: 'fe0000000100000000', why: 'smallest eight-byte form' },
  { value: 2n ** 64n - 1n, payload: 'feffffffffffffffff', why: 'largest' },
] as const

describe('length-encoded integers', () => {
  for (const { value, payload, why } of lenencCases) {
    test(`${value}: ${why}`, () => {
      assert.equal(new PacketWriter().lenencInt(value).finish(0).subarray(4).toString('hex'), payload)
      expect(BigInt(new PacketReader(Buffer.from(payload, 'hex')).lenencBigInt())).toBe(BigInt(value))
    })
  }

  test('read back as written', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (value) => {
        const payload = new PacketWriter().lenencInt(value).finishPayload()
        return BigInt(new PacketReader(payload).lenencBigInt()) === value
      }),
    )
  })

  test('0xff starts none', () => {
    expect(() => new PacketReader(Buffer.from('ff', 'hex')).lenencInt()).toThrow(/Malformed/)
  })

  test('a length above 2^53 is malformed', () => {
    expect(() => new PacketReader(Buffer.from('feffffffffffffffff', 'hex')).lenencBytes()).toThrow(
      /Malformed/,
    )
  })
})

describe('packets', () => {
  test('carry their length and sequence id, little-endian', () => {
    const packet = new PacketWriter().uint1(1).uint2(0x0203).uint3(0x040506).uint4(0x0708090a).finish(7)
    expect(packet.toString('hex')).toBe('0a000007' + '01' + '0302' + '060504' + '0a090807')
  })

  test('grow beyond their first buffer and keep every byte', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 700 })), (parts) => {
        const writer = new PacketWriter()
        for (const part of parts) writer.bytes(part)
        return writer.finish(0).subarray(4).equals(Buffer.concat(parts))
      }),
    )
  })

  test('a writer starts afresh after a packet, and leaves that alone', () => {
    const writer = new PacketWriter().uint1(1)
    const first = writer.finish(0)
    const second = writer.uint1(2).finish(1)
    expect([first.toString('hex'), second.toString('hex')]).toEqual(['0100000001', '0100000102'])
  })

  test('text is bytes by one name and UTF-8 by the other', () => {
    expect(new PacketWriter().lenencBinary('\xe9').lenencUtf8('\xe9').finishPayload().toString('hex')).toBe(
      '01e902c3a9',
    )
  })
})

describe('reading', () => {
  const reads: Record<string, (reader: PacketReader) => unknown> = {
    uint1: (r) => r.uint1(),
    uint2: (r) => r.uint2(),
    uint3: (r) => r.uint3(),
    uint4: (r) => r.uint4(),
    uint8: (r) => r.uint8(),
    lenencInt: (r) => r.lenencInt(),
    lenencBytes: (r) => r.lenencBytes(),
    lenencBytesOrNull: (r) => r.lenencBytesOrNull(),
    nulBytes: (r) => r.nulBytes(),
    bytes: (r) => r.bytes(9),
    skip: (r) => r.skip(9),
  }
  for (const [name, read] of Object.entries(reads)) {
    test(`${name} never reads past the end: it raises 1835 and stays where it was`, () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 8 }), (bytes) => {
          const reader = new PacketReader(Buffer.from(bytes))
          try {
            read(reader)
            return reader.remaining >= 0
          } catch (error) {
            return (error as { errno: number }).errno === 1835 && reader.position === 0
          }
        }),
      )
    })
  }
})
