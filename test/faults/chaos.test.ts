import { expect, test } from 'vitest'
import { runChaos } from './chaos/run.ts'

/** The same for an hour, with figures: `npm run chaos`. */
test('clients, servers and networks come and go at random, and every invariant holds', async () => {
  const seed = Math.floor(Math.random() * 2 ** 32)
  const { figures, broken } = await runChaos({ seconds: 8, seed, server: 'mariadb', say: () => {} })
  expect(broken, `seed ${seed}`).toEqual([])
  expect(figures.of('statements')).toBeGreaterThan(100)
  expect(figures.of('commits')).toBeGreaterThan(0)
}, 90_000)
