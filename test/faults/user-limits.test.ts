import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientsBy } from '../support/clients.ts'
import { eventually } from '../support/eventually.ts'
import { type FaultCluster, startFaultCluster, threadsRunning } from '../support/fault-cluster.ts'
import { ProtocolClient } from '../support/protocol-client.ts'
import { tempDir } from '../support/temp-dir.ts'

/** What one user may have at once, of those that share a proxy. */
const USERS = {
  free: { credentials: [{ password: 'p' }] },
  few: { limits: { connections: 2 }, credentials: [{ password: 'p' }] },
  slow: { limits: { rate: 2 }, credentials: [{ password: 'p' }] },
  single: { limits: { concurrency: 1 }, credentials: [{ password: 'p' }] },
}

let faults: FaultCluster
const dir = tempDir('user-limits')

beforeAll(async () => {
  const users = join(dir.path, 'users.json')
  writeFileSync(users, JSON.stringify({ users: USERS }))
  faults = await startFaultCluster({ config: { users_file: users, pool: { wait_timeout: '1s' } } })
  const setup = await client('free')
  await setup.query(`INSERT INTO users (id, name, score) VALUES (1, 'a', 0), (4, 'd', 0)`)
})
afterAll(async () => {
  await faults?.close()
  dir.remove()
})

const client = clientsBy((user: keyof typeof USERS) =>
  ProtocolClient.connect({ port: faults.proxy.port, user, password: 'p', database: 'main' }),
)

async function answer(of: ProtocolClient, sql: string) {
  const [result] = await of.query(sql)
  return result!.kind === 'error' ? result!.errno : result!.kind
}

test('one connection too many is refused, and one that has gone makes room, also by COM_CHANGE_USER', async () => {
  const [first] = [await client('few'), await client('few')]
  await expect(client('few')).rejects.toThrow(/1226 .*max_user_connections.*limits\.connections/)
  await client('free')
  first.destroy()
  await eventually('there is room', () =>
    client('few').then(
      () => true,
      () => false,
    ),
  )
})

test('statements come at the rate of the user; how a transaction ends is no such statement', async () => {
  const slow = await client('slow')
  expect(await answer(slow, 'BEGIN')).toBe('ok')
  const asked = []
  for (let i = 0; i < 3; i++) asked.push(await answer(slow, 'SELECT id FROM users WHERE id = 1'))
  expect(asked).toEqual(['rows', 'rows', 1226])
  const prepared = await slow.prepare('SELECT id FROM users WHERE id = 1')
  if (prepared.kind !== 'prepared') throw new Error('not prepared')
  expect((await slow.execute(prepared.id))[0]).toMatchObject({ errno: 1226, message: /limits\.rate/ })
  expect(await answer(slow, 'COMMIT')).toBe('ok')
})

test('statements at once wait for each other, but never those that another may be waiting for', async () => {
  const [holder, waiting, third] = [await client('single'), await client('single'), await client('single')]
  await answer(holder, 'BEGIN')
  await answer(holder, 'UPDATE users SET score = 1 WHERE id = 1')
  const waits = answer(waiting, 'UPDATE users SET score = 2 WHERE id = 1')
  const root = await faults.rootOf('-80')
  await eventually('it waits', async () => (await threadsRunning(root, 'score = 2')).length > 0)
  await root.end()
  expect(await answer(third, 'SELECT id FROM users WHERE id = 4')).toBe(1226)
  expect(await answer(holder, 'SELECT id FROM users WHERE id = 4')).toBe('rows')
  expect(await answer(holder, 'COMMIT')).toBe('ok')
  expect(await waits).toBe('ok')
  expect(await answer(third, 'SELECT COUNT(*) FROM users')).toBe('rows')
})
