import { expect, test } from 'vitest'
import { ByteBudget } from '../../../src/base/byte-budget.ts'

test('a part is bound by itself and by the whole, and gives back to both', () => {
  const whole = new ByteBudget(100)
  const [first, second] = [new ByteBudget(80, whole), new ByteBudget(80, whole)]
  expect([first.take(81), first.take(70), second.take(40), second.take(30)]).toEqual([
    false,
    true,
    false,
    true,
  ])
  expect(whole.held).toBe(100)
  first.give(50)
  expect([first.held, whole.held, second.take(50)]).toEqual([20, 50, true])
})

test('the end of a part gives back all of it, once; what comes later does not count', () => {
  const whole = new ByteBudget(100)
  const part = new ByteBudget(100, whole)
  part.take(60)
  part.close()
  part.give(60)
  part.hold(10)
  expect([part.held, whole.held]).toEqual([0, 0])
})

test('what is there already is held, be there room or not', () => {
  const budget = new ByteBudget(10)
  budget.hold(15)
  expect([budget.held, budget.hasRoom(1)]).toEqual([15, false])
})
