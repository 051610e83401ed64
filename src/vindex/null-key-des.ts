/**
 * DES of one block under the all-zero key, which is what the `hash` vindex is made of.
 *
 * A zero key has sixteen zero round keys, so a round is only expansion, S-boxes and permutation of the right half.
 * Two neighbouring S-boxes read ten neighbouring bits of that half: four tables of 1,024 entries hold both boxes and the
 * permutation, and a round is four look-ups. The key is also one of DES's weak keys: encrypting twice gives the
 * block back, and one function serves both directions.
 *
 * Source: FIPS PUB 46-3. Node's own DES may be absent (OpenSSL 3 keeps it in its legacy provider) and costs several
 * microseconds a call.
 */

/** The result of the last `nullKeyDes` call: `[high, low]`. */
export const desBlock = new Uint32Array(2)

/** Encrypts (and decrypts) the 64-bit block; the result is in `desBlock`. */
export function nullKeyDes(high: number, low: number): void {
  let left = high
  let right = low
  let swap: number

  // Initial permutation, as exchanges of bit groups between the halves.
  swap = ((left >>> 4) ^ right) & 0x0f0f0f0f
  right ^= swap
  left ^= swap << 4
  swap = ((left >>> 16) ^ right) & 0x0000ffff
  right ^= swap
  left ^= swap << 16
  swap = ((right >>> 2) ^ left) & 0x33333333
  left ^= swap
  right ^= swap << 2
  swap = ((right >>> 8) ^ left) & 0x00ff00ff
  left ^= swap
  right ^= swap << 8
  swap = ((left >>> 1) ^ right) & 0x55555555
  right ^= swap
  left ^= swap << 1

  for (let round = 0; round < 16; round += 2) {
    left ^= feistel(right)
    right ^= feistel(left)
  }

  // Final permutation of the exchanged halves: the same exchanges backwards.
  swap = left
  left = right
  right = swap
  swap = ((left >>> 1) ^ right) & 0x55555555
  right ^= swap
  left ^= swap << 1
  swap = ((right >>> 8) ^ left) & 0x00ff00ff
  left ^= swap
  right ^= swap << 8
  swap = ((right >>> 2) ^ left) & 0x33333333
  left ^= swap
  right ^= swap << 2
  swap = ((left >>> 16) ^ right) & 0x0000ffff
  right ^= swap
  left ^= swap << 16
  swap = ((left >>> 4) ^ right) & 0x0f0f0f0f
  right ^= swap
  left ^= swap << 4

  desBlock[0] = left
  desBlock[1] = right
}

// Bits are numbered from 1, the most significant first. Box pair k reads bits 8k - 8 to 8k + 1 of the half, cyclically.
function feistel(half: number): number {
  return (
    pairs[((half >>> 23) & 0x1ff) | ((half & 1) << 9)] |
    pairs[0x400 | ((half >>> 15) & 0x3ff)] |
    pairs[0x800 | ((half >>> 7) & 0x3ff)] |
    pairs[0xc00 | ((half << 1) & 0x3fe) | (half >>> 31)]
  )
}

// S-boxes 1 to 8, each as its four rows of sixteen hexadecimal digits.
const boxes = [
  'e4d12fb83a6c5907 0f74e2d1a6cb9538 41e8d62bfc973a50 fc8249175b3ea06d',
  'f18e6b34972dc05a 3d47f28ec01a69b5 0e7ba4d158c6932f d8a13f42b67c05e9',
  'a09e63f51dc7b428 d709346a285ecbf1 d6498f30b12c5ae7 1ad069874fe3b52c',
  '7de3069a1285bc4f d8b56f03472c1ae9 a690cb7df13e5284 3f06a1d8945bc72e',
  '2c417ab6853fd0e9 eb2c47d150fa3986 421bad78f9c5630e b8c71e2d6f09a453',
  'c1af92680d34e75b af427c9561de0b38 9ef528c3704a1db6 432c95fabe17608d',
  '4b2ef08d3c975a61 d0b7491ae35c2f86 14bdc37eaf680592 6bd814a7950fe23c',
  'd2846fb1a93e50c7 1fd8a374c56b0e92 7b419ce206adf358 21e74a8dfc90356b',
].map((rows) => rows.replaceAll(' ', ''))

// Permutation P: bit i of its result is bit permutation[i] of the boxes' 32 bits.
const permutation = [
  16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22,
  11, 4, 25,
]

function box(index: number, sixBits: number): number {
  const row = ((sixBits >> 4) & 2) | (sixBits & 1)
  return Number.parseInt(boxes[index][row * 16 + ((sixBits >> 1) & 15)], 16)
}

function permute(bits: number): number {
  return permutation.reduce((out, from, i) => out | (((bits >>> (32 - from)) & 1) << (31 - i)), 0)
}

const pairs = Int32Array.from({ length: 4096 }, (_, i) => {
  const pair = i >> 10
  const window = i & 0x3ff
  const eightBits = (box(2 * pair, window >> 4) << 4) | box(2 * pair + 1, window & 0x3f)
  return permute(eightBits << (24 - 8 * pair))
})
