import { expect, it } from 'vitest'
import { fuzzSql } from '../../fuzz/sql.ts'

it('random and mutated statements hold against every check', () => {
  const seed = Math.floor(Math.random() * 2 ** 32)
  console.log(`fuzz seed ${seed}`)
  const { findings, accepted } = fuzzSql({ seed, durationMs: 3000 })
  expect(findings, `npm run fuzz -- sql --seed ${seed}`).toEqual([])
  expect(accepted).toBeGreaterThan(10) // how many come in the time hangs on the machine
})
