/**
 * xxHash64 with seed 0, on 32-bit halves: BigInt arithmetic would be thirty times slower.
 * Source: the xxHash specification, "XXH64 algorithm description".
 */

// The five primes of the specification, halves first to last.
const p1High = 0x9e3779b1
const p1Low = 0x85ebca87
const p2High = 0xc2b2ae3d
const p2Low = 0x27d4eb4f
const p3High = 0x165667b1
const p3Low = 0x9e3779f9
const p4High = 0x85ebca77
const p4Low = 0xc2b2ae63
const p5High = 0x27d4eb2f
const p5Low = 0x165667c5

// The lanes begin as prime 1 + prime 2, prime 2, 0 and -prime 1.
const seeds = Int32Array.of(0x60ea27ee, 0xadc0b5d6, p2High, p2Low, 0, 0, 0x61c8864e, 0x7a143579)
const lanes = new Int32Array(8)
const laneRotations = Uint8Array.of(1, 7, 12, 18)

// The number at work; every step below reads and writes it.
let high = 0
let low = 0

/** The hash of the bytes, least significant byte first: the keyspace id of the `xxhash` vindex. */
export function xxhash64(input: Uint8Array): Uint8Array {
  const length = input.length
  let at = 0
  if (length >= 32) {
    at = stripes(input)
  } else {
    high = p5High
    low = p5Low
  }
  add(Math.floor(length / 0x1_0000_0000), length)

  for (; at + 8 <= length; at += 8) {
    const hashHigh = high
    const hashLow = low
    high = 0
    low = 0
    round(input, at)
    high ^= hashHigh
    low ^= hashLow
    rotate(27)
    multiply(p1High, p1Low)
    add(p4High, p4Low)
  }
  if (at + 4 <= length) {
    const hashHigh = high
    const hashLow = low
    high = 0
    low = read32(input, at)
    multiply(p1High, p1Low)
    high ^= hashHigh
    low ^= hashLow
    rotate(23)
    multiply(p2High, p2Low)
    add(p3High, p3Low)
    at += 4
  }
  for (; at < length; at++) {
    const hashHigh = high
    const hashLow = low
    high = 0
    low = input[at]
    multiply(p5High, p5Low)
    high ^= hashHigh
    low ^= hashLow
    rotate(11)
    multiply(p1High, p1Low)
  }
  return avalanche()
}

/** Consumes whole stripes of 32 bytes in four lanes and merges the lanes; returns the number of bytes read. */
function stripes(input: Uint8Array): number {
  const end = input.length - 32
  lanes.set(seeds)
  let at = 0
  for (; at <= end; at += 32) {
    for (let lane = 0; lane < 4; lane++) {
      high = lanes[2 * lane]
      low = lanes[2 * lane + 1]
      round(input, at + 8 * lane)
      lanes[2 * lane] = high
      lanes[2 * lane + 1] = low
    }
  }
  let sumHigh = 0
  let sumLow = 0
  for (let lane = 0; lane < 4; lane++) {
    high = lanes[2 * lane]
    low = lanes[2 * lane + 1]
    rotate(laneRotations[lane])
    add(sumHigh, sumLow)
    sumHigh = high
    sumLow = low
  }
  for (let lane = 0; lane < 4; lane++) {
    high = lanes[2 * lane]
    low = lanes[2 * lane + 1]
    multiply(p2High, p2Low)
    rotate(31)
    multiply(p1High, p1Low)
    high ^= sumHigh
    low ^= sumLow
    multiply(p1High, p1Low)
    add(p4High, p4Low)
    sumHigh = high
    sumLow = low
  }
  return at
}

/** (acc + lane * prime 2) rotated by 31, times prime 1. */
function round(input: Uint8Array, at: number): void {
  const accHigh = high
  const accLow = low
  low = read32(input, at)
  high = read32(input, at + 4)
  multiply(p2High, p2Low)
  add(accHigh, accLow)
  rotate(31)
  multiply(p1High, p1Low)
}

function avalanche(): Uint8Array {
  low ^= high >>> 1 // h ^= h >> 33
  multiply(p2High, p2Low)
  low ^= (low >>> 29) | (high << 3) // h ^= h >> 29
  high ^= high >>> 29
  multiply(p3High, p3Low)
  low ^= high // h ^= h >> 32
  const out = new Uint8Array(8)
  for (let i = 0; i < 4; i++) {
    out[i] = low >>> (8 * i)
    out[i + 4] = high >>> (8 * i)
  }
  return out
}

function read32(input: Uint8Array, at: number): number {
  return input[at] | (input[at + 1] << 8) | (input[at + 2] << 16) | (input[at + 3] << 24)
}

function add(otherHigh: number, otherLow: number): void {
  const sum = (low >>> 0) + (otherLow >>> 0)
  low = sum | 0
  high = (high + otherHigh + (sum > 0xffff_ffff ? 1 : 0)) | 0
}

/** Modulo 2^64. The upper half of low * low is put together from 16-bit parts, which a double holds exactly. */
function multiply(otherHigh: number, otherLow: number): void {
  const a = low & 0xffff
  const b = low >>> 16
  const c = otherLow & 0xffff
  const d = otherLow >>> 16
  const middle = b * c + ((a * c) >>> 16)
  const carry = a * d + (middle & 0xffff)
  const upper = b * d + Math.floor(middle / 0x1_0000) + Math.floor(carry / 0x1_0000)
  high = (upper + Math.imul(high, otherLow) + Math.imul(low, otherHigh)) | 0
  low = Math.imul(low, otherLow)
}

/** Rotates left by 1 to 31 bits. */
function rotate(bits: number): void {
  const oldHigh = high
  high = (high << bits) | (low >>> (32 - bits))
  low = (low << bits) | (oldHigh >>> (32 - bits))
}
