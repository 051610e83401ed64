import { expect, test } from 'vitest'
import { ByteBudget } from '../../../../src/base/byte-budget.ts'
import { HeldMap } from '../../../../src/session/settings/held-map.ts'

const texts = (memory: ByteBudget) => new HeldMap<string>(memory, (text) => text.length)

test('a value that does not fit is refused, and the old one stays', () => {
  const memory = new ByteBudget(1_000)
  const map = texts(memory)
  map.set('a', 'x'.repeat(100))
  expect(() => map.set('a', 'x'.repeat(1_000))).toThrow(expect.objectContaining({ errno: 4082 }))
  expect(map.get('a')).toBe('x'.repeat(100))
  map.set('a', 'y')
  map.set('b', 'x'.repeat(500))
  expect(map.delete('a')).toBe(true)
  map.clear()
  expect(memory.held).toBe(0)
})

test('where all sessions together hold too much, it is told as that', () => {
  const whole = new ByteBudget(1_000)
  whole.take(900)
  expect(() => texts(new ByteBudget(5_000, whole)).set('a', 'x')).toThrow(
    expect.objectContaining({ errno: 4081 }),
  )
})

test('a smaller value always has room', () => {
  const memory = new ByteBudget(1_000)
  const map = texts(memory)
  map.set('a', 'x'.repeat(700))
  memory.hold(500)
  map.set('a', 'x')
  expect(map.get('a')).toBe('x')
})
