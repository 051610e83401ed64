import { expect, test } from 'vitest'
import { ChunkPool } from '../../../src/base/chunk-pool.ts'

test('memory that was given back is taken again, and nobody else has it meanwhile', () => {
  const pool = new ChunkPool()
  const first = pool.take(100_000)
  const second = pool.take(100_000)
  expect(second.buffer).not.toBe(first.buffer)
  pool.give([first.subarray(7, 9)])
  const third = pool.take(pool.bytesMax)
  expect(third.buffer).toBe(first.buffer)
  expect(third.length).toBe(pool.bytesMax)
  pool.give([first]) // the same memory as the third's: it was lent once, and is given back once
  pool.give([third])
  expect(pool.take(100_000).buffer).toBe(first.buffer)
  expect(pool.take(100_000).buffer).not.toBe(first.buffer)
})

test('what is small or large is made to measure, and what is not the pool’s stays with its owner', () => {
  const pool = new ChunkPool()
  expect(pool.take(100).length).toBe(100)
  expect(pool.take(pool.bytesMax + 1).length).toBe(pool.bytesMax + 1)
  const foreign = Buffer.allocUnsafeSlow(pool.bytesMax)
  pool.give([foreign, pool.take(100), pool.take(pool.bytesMax + 1)])
  expect(pool.take(100_000).buffer).not.toBe(foreign.buffer)
})

test('it keeps no more than a few megabytes', () => {
  const pool = new ChunkPool()
  const chunks = Array.from({ length: 100 }, () => pool.take(100_000))
  pool.give(chunks)
  const known = new Set(chunks.map(({ buffer }) => buffer))
  const again = Array.from({ length: 100 }, () => pool.take(100_000))
  const kept = again.filter(({ buffer }) => known.has(buffer)).length
  expect(kept * pool.bytesMax).toBeGreaterThan(0)
  expect(kept * pool.bytesMax).toBeLessThan(5e6)
})
