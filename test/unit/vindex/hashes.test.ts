import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { md5 } from '../../../src/vindex/md5.ts'
import { desBlock, nullKeyDes } from '../../../src/vindex/null-key-des.ts'
import { parsed, parseInt64, parseUint64 } from '../../../src/vindex/uint64.ts'
import { xxhash64 } from '../../../src/vindex/xxhash64.ts'

const half = fc.integer({ min: 0, max: 0xffff_ffff })
const text = (s: string) => new TextEncoder().encode(s)

test('DES under the null key undoes itself', () => {
  fc.assert(
    fc.property(half, half, (high, low) => {
      nullKeyDes(high, low)
      nullKeyDes(desBlock[0], desBlock[1])
      expect([...desBlock]).toEqual([high, low])
    }),
  )
})

test('MD5 equals that of Node', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (input) => {
      expect(Buffer.from(md5(input))).toEqual(createHash('md5').update(input).digest())
    }),
    { numRuns: 500 },
  )
})

// XXH64 with seed 0, written with BigInt straight from the specification.
function slowXxhash64(input: Uint8Array): bigint {
  const mask = 2n ** 64n - 1n
  const [p1, p2, p3, p4, p5] = [
    0x9e3779b185ebca87n,
    0xc2b2ae3d27d4eb4fn,
    0x165667b19e3779f9n,
    0x85ebca77c2b2ae63n,
    0x27d4eb2f165667c5n,
  ]
  const rotate = (x: bigint, n: bigint) => ((x << n) | (x >> (64n - n))) & mask
  const view = new DataView(input.buffer, input.byteOffset, input.length)
  const round = (acc: bigint, lane: bigint) => (rotate((acc + lane * p2) & mask, 31n) * p1) & mask
  let at = 0
  let hash = p5
  if (input.length >= 32) {
    let lanes = [p1 + p2, p2, 0n, -p1].map((lane) => lane & mask)
    for (; at + 32 <= input.length; at += 32) {
      lanes = lanes.map((lane, i) => round(lane, view.getBigUint64(at + 8 * i, true)))
    }
    hash = lanes.reduce((sum, lane, i) => (sum + rotate(lane, [1n, 7n, 12n, 18n][i])) & mask, 0n)
    for (const lane of lanes) hash = ((hash ^ round(0n, lane)) * p1 + p4) & mask
  }
  hash = (hash + BigInt(input.length)) & mask
  for (; at + 8 <= input.length; at += 8) {
    hash = (rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * p1 + p4) & mask
  }
  if (at + 4 <= input.length) {
    hash = (rotate(hash ^ ((BigInt(view.getUint32(at, true)) * p1) & mask), 23n) * p2 + p3) & mask
    at += 4
  }
  for (; at < input.length; at++) hash = (rotate(hash ^ ((BigInt(input[at]) * p5) & mask), 11n) * p1) & mask
  hash = ((hash ^ (hash >> 33n)) * p2) & mask
  hash = ((hash ^ (hash >> 29n)) * p3) & mask
  return hash ^ (hash >> 32n)
}

test('xxHash64 on halves equals xxHash64 on BigInts', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 130 }), (input) => {
      const own = Buffer.from(xxhash64(input)).readBigUInt64LE()
      expect(own).toBe(slowXxhash64(input))
    }),
    { numRuns: 500 },
  )
})

test('unsigned integers are read whole up to 2^64 - 1, and not beyond', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 66n }), fc.nat({ max: 25 }), (n, zeros) => {
      const fits = n < 2n ** 64n
      expect(parseUint64(text(`\t ${'0'.repeat(zeros)}${n} `))).toBe(fits)
      if (fits) expect((BigInt(parsed[0]) << 32n) | BigInt(parsed[1])).toBe(n)
    }),
  )
})

test('signed integers are read modulo 2^64', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }), (n) => {
      const fits = BigInt.asIntN(64, n) === n
      expect(parseInt64(text(n.toString()))).toBe(fits)
      if (fits) expect((BigInt(parsed[0]) << 32n) | BigInt(parsed[1])).toBe(BigInt.asUintN(64, n))
    }),
  )
})
