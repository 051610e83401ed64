import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { BackendConnection } from '../../../src/mysql/client/backend-connection.ts'
import { runQuery } from '../../../src/mysql/client/simple-command.ts'
import { framePayload } from '../../../src/mysql/codec/framing.ts'
import { Lease } from '../../../src/tablet/lease.ts'
import type { ServingTablet } from '../../../src/tablet/serving-tablet.ts'
import { makeSettings, USUAL_KIND } from '../../../src/tablet/settings.ts'
import { settle } from '../../support/manual-clock.ts'
import { rawPacket } from '../../support/wire.ts'

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

/** A connection whose server answers what the test says, when it says so. */
function connected() {
  const socket = Object.assign(new EventEmitter(), {
    write: () => true,
    destroy() {},
    setNoDelay() {},
    setKeepAlive() {},
    resume() {},
    cork() {},
    uncork() {},
  })
  const connection = new BackendConnection(socket as unknown as Socket, {
    threadId: 7,
    serverVersion: '10.11.19-MariaDB',
  })
  const behind: (Promise<void> | undefined)[] = []
  const lease = new Lease(connection, {
    tablet: {} as ServingTablet,
    takeBack: () => {},
    killQuery: async (_, ahead) => {
      behind.push(ahead)
      return true
    },
  })
  const answer = (...packets: Buffer[]) => socket.emit('data', Buffer.concat(packets))
  return { lease, behind, answer, run: (sql: string) => runQuery(connection, sql) }
}

const OK = rawPacket('00000002000000', 1)
const INTERRUPTED = framePayload(Buffer.from('\xff\x25\x05#70100stop', 'latin1'), 1)

test.each([
  ['BEGIN', (lease: Lease) => lease.beginWithNext()],
  [
    'SET',
    (lease: Lease) =>
      lease.bring({
        ...makeSettings(new Map(), USUAL_KIND),
        variables: new Map([['a', { items: '@a = 1', type: '' }]]),
      }),
  ],
])(
  'a %s that goes ahead of a statement: KILL waits for its answer; refused, the statement is not heard of',
  async (_, ahead) => {
    const { lease, behind, answer, run } = connected()
    ahead(lease)
    const first = run('INSERT …')
    lease.kill()
    answer(OK, OK)
    await Promise.all([first, behind[0]])
    await settle()
    lease.kill()
    expect(behind).toEqual([expect.any(Promise), undefined])

    const other = connected()
    ahead(other.lease)
    const second = other.run('INSERT …')
    other.answer(INTERRUPTED, OK)
    await expect(second).rejects.toMatchObject({ code: 'CR_SERVER_LOST' })
  },
)
