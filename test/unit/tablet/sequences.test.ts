import { expect, test } from 'vitest'
import type { Gateway } from '../../../src/tablet/gateway.ts'
import { Sequences } from '../../../src/tablet/sequences.ts'
import { settle } from '../../support/manual-clock.ts'

test('one who gives up his turn leaves the others in the queue of those before him', async () => {
  let acquired = 0
  const gateway = {
    shardsOf: () => ({ shards: [{ targets: { PRIMARY: {} } }] }),
    acquire: () => {
      acquired++
      return new Promise(() => {})
    },
  } as unknown as Gateway
  const sequences = new Sequences(gateway)
  void sequences.next('ks', 'ids', 1)
  const leaving = new AbortController()
  const left = sequences.next('ks', 'ids', 1, leaving)
  leaving.abort(new Error('left'))
  await expect(left).rejects.toThrow('left')
  void sequences.next('ks', 'ids', 1)
  await settle()
  expect(acquired).toBe(1)
})
