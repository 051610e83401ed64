import { expect, test } from 'vitest'
import type { BackendConnection } from '../../../src/mysql/client/backend-connection.ts'
import { Lease } from '../../../src/tablet/lease.ts'
import type { ServingTablet } from '../../../src/tablet/serving-tablet.ts'
import { settle } from '../../support/manual-clock.ts'

test('a connection that two KILLs are on their way to goes back when both have arrived', async () => {
  const kills: ((confirmed: boolean) => void)[] = []
  const back: Lease[] = []
  const connection = { state: 'idle', threadId: 7, resume: () => {} } as unknown as BackendConnection
  const lease = new Lease(connection, {
    tablet: {} as ServingTablet,
    takeBack: (given) => void back.push(given),
    killQuery: () => new Promise((resolve) => kills.push(resolve)),
  })
  lease.kill()
  lease.kill()
  lease.release()
  kills[1]!(true)
  await settle()
  expect([back, lease.killing]).toEqual([[], expect.any(Promise)])
  kills[0]!(true)
  await settle()
  expect([back, lease.killing]).toEqual([[lease], undefined])
})
