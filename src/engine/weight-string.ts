/**
 * Orders two weight strings of a PAD SPACE collation, in which the shorter text counts as if spaces followed: 'a' and
 * 'a ' are equal, 'a\t' comes before 'a'. MySQL's WEIGHT_STRING does not pad, so the weight of one space is asked for
 * beside it, and the shorter weight string goes on with it here.
 *
 * MariaDB's uca1400 collations that tell accents or case apart have several levels, one right after the other. Their
 * weights of two bytes show the level: primary ones from 0x0200 on, secondary ones from 0x0020, tertiary ones below.
 * Each level is padded with its own part of the space's weight.
 */
export function comparePadded(a: Buffer, b: Buffer, space: Buffer): number {
  if (!hasLevels(space)) return compareLevel(a, b, space)
  const levels = { a: splitLevels(a), b: splitLevels(b), space: splitLevels(space) }
  for (let i = 0; i < levels.space.length; i++) {
    const order = compareLevel(levels.a[i], levels.b[i], levels.space[i])
    if (order !== 0) return order
  }
  return 0
}

function compareLevel(a: Buffer, b: Buffer, space: Buffer): number {
  const shared = Math.min(a.length, b.length)
  const order = a.compare(b, 0, shared, 0, shared)
  if (order !== 0 || a.length === b.length) return order
  return a.length > b.length ? compareWithSpaces(a, shared, space) : 0 - compareWithSpaces(b, shared, space)
}

function compareWithSpaces(weights: Buffer, from: number, space: Buffer): number {
  if (space.length === 0) return 1
  for (let i = from; i < weights.length; i++) {
    const order = weights[i] - space[(i - from) % space.length]
    if (order !== 0) return order
  }
  return 0
}

/** The space has a weight on each level; on the only level of other collations it is one weight of one to three bytes. */
function hasLevels(space: Buffer): boolean {
  return space.length >= 4 && space.length % 2 === 0
}

const secondaryMin = 0x0020
const primaryMin = 0x0200

/** The weights of the primary, secondary and tertiary level; a level that the collation does not have is empty. */
function splitLevels(weights: Buffer): readonly [Buffer, Buffer, Buffer] {
  const secondary = endOfWeights(weights, 0, primaryMin)
  const tertiary = endOfWeights(weights, secondary, secondaryMin)
  return [weights.subarray(0, secondary), weights.subarray(secondary, tertiary), weights.subarray(tertiary)]
}

function endOfWeights(weights: Buffer, start: number, min: number): number {
  let at = start
  while (at + 1 < weights.length && weights.readUInt16BE(at) >= min) at += 2
  return at
}
