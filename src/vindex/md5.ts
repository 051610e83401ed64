import { type KeyspaceId, keyspaceId } from '../key/keyspace-id.ts'

/**
 * MD5 as a keyspace id of 16 bytes: a spreading function here, not a protection.
 *
 * Node's own costs twice as much for values of the usual length, and is refused where OpenSSL runs in FIPS mode.
 * Source: RFC 1321.
 */
export function md5(input: Uint8Array): KeyspaceId {
  const whole = input.length & ~63
  state.set(initialState)
  for (let at = 0; at < whole; at += 64) compress(input, at)
  const tail = padded(input, whole)
  for (let at = 0; at < tail.length; at += 64) compress(tail, at)
  const digest = new Uint8Array(16)
  for (let i = 0; i < 16; i++) digest[i] = state[i >> 2] >>> (8 * (i & 3))
  return keyspaceId(digest)
}

const initialState = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476)
const state = new Int32Array(4)
const words = new Int32Array(16)
const oneBlock = new Uint8Array(64)
const twoBlocks = new Uint8Array(128)

const sines = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 0x1_0000_0000))
const shifts = Uint8Array.of(7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21)

/** What is left of the input after its whole blocks, a bit set, zeros, and the input's length in bits. */
function padded(input: Uint8Array, from: number): Uint8Array {
  const rest = input.length - from
  const tail = rest < 56 ? oneBlock : twoBlocks
  tail.fill(0)
  for (let i = 0; i < rest; i++) tail[i] = input[from + i]
  tail[rest] = 0x80
  const bits = input.length * 8
  for (let i = 0; i < 6; i++) tail[tail.length - 8 + i] = Math.floor(bits / 2 ** (8 * i))
  return tail
}

function compress(block: Uint8Array, at: number): void {
  for (let i = 0; i < 16; i++) {
    const p = at + 4 * i
    words[i] = block[p] | (block[p + 1] << 8) | (block[p + 2] << 16) | (block[p + 3] << 24)
  }
  let a = state[0]
  let b = state[1]
  let c = state[2]
  let d = state[3]
  for (let i = 0; i < 64; i++) {
    const round = i >> 4
    let mixed: number
    let word: number
    if (round === 0) {
      mixed = d ^ (b & (c ^ d))
      word = i
    } else if (round === 1) {
      mixed = c ^ (d & (b ^ c))
      word = 5 * i + 1
    } else if (round === 2) {
      mixed = b ^ c ^ d
      word = 3 * i + 5
    } else {
      mixed = c ^ (b | ~d)
      word = 7 * i
    }
    const sum = (a + mixed + sines[i] + words[word & 15]) | 0
    const shift = shifts[(round << 2) | (i & 3)]
    a = d
    d = c
    c = b
    b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0
  }
  state[0] += a
  state[1] += b
  state[2] += c
  state[3] += d
}
