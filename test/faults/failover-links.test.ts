import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { onEachServer } from '../support/each-server.ts'
import { eventually } from '../support/eventually.ts'
import { connectTo } from '../support/fault-cluster.ts'
import { type ReplicatedCluster, startReplicated } from './failover/replicated.ts'
import { during, expectAllThere, ON_80, openAccounts } from './failover/under-load.ts'

/** The servers are well, and the proxy's ways to them are not. */
onEachServer((server) => {
  describe('a link to the primary', () => {
    let shards: ReplicatedCluster
    beforeAll(async () => {
      shards = await startReplicated(server, { primary: 'discover', linked: true })
      await openAccounts(shards)
    }, 120_000)
    beforeEach(async () => {
      const client = await connectTo(shards.proxy)
      await client.query('DELETE FROM entries')
      client.destroy()
    })
    afterAll(() => shards?.close())

    test('slow: nobody takes it for lost', async () => {
      shards.link('primary').delay(50)
      const told = await during(shards, () => later(1_000))
      shards.link('primary').delay(0)
      expect(told.unknown.size).toBe(0)
      expect(shards.proxy.complaints).toEqual([])
      await expectAllThere(shards, told)
    }, 60_000)

    test('connections are reset again and again', async () => {
      const told = await during(shards, async () => {
        for (let i = 0; i < 5; i++) {
          shards.link('primary').reset()
          await later(200)
        }
      })
      await expectAllThere(shards, told)
    }, 60_000)

    test('silent for a while: everything is answered, late', async () => {
      const told = await during(shards, async () => {
        await shards.link('primary').set('silent')
        await later(2_500)
        await shards.link('primary').set('open')
      })
      await expectAllThere(shards, told)
      expect(told.unknown.size).toBe(0)
    }, 60_000)

    test('refused, and open again', async () => {
      const told = await during(shards, async () => {
        await shards.link('primary').set('refused')
        await later(1_500)
        await shards.link('primary').set('open')
      })
      await expectAllThere(shards, told)
    }, 60_000)

    test('meanwhile other shards answer what any may', async () => {
      const [waiting, client] = [await connectTo(shards.proxy), await connectTo(shards.proxy)]
      const outages = () =>
        shards.proxy.complaints.filter(({ message }) => /has no primary/.test(message)).length
      const before = outages()
      await shards.link('primary').set('refused')
      let isWaiting = true
      const waited = waiting.query(`SELECT amount FROM accounts WHERE id = ${ON_80}`).then((told) => {
        isWaiting = false
        return told
      })
      await eventually('it is known', () => outages() > before)
      for (const sql of ['SELECT 1', 'SELECT 2', 'SHOW TABLES', 'DESCRIBE accounts', 'SHOW PROCESSLIST'])
        expect((await client.query(sql))[0], sql).toMatchObject({ kind: 'rows' })
      expect(isWaiting).toBe(true)
      await shards.link('primary').set('open')
      expect((await waited)[0]).toMatchObject({ kind: 'rows' })
      for (const each of [waiting, client]) each.destroy()
    }, 60_000)

    test('questions come through and answers do not, and the replica is promoted', async () => {
      const told = await during(shards, async () => {
        await shards.link('primary').set('deaf')
        await shards.promote('replica1')
      })
      await shards.link('primary').set('open')
      await later(1_500)
      await expectAllThere(shards, told)
    }, 60_000)
  })

  describe('the address of the primary leads to another server', () => {
    let shards: ReplicatedCluster
    beforeEach(async () => {
      shards = await startReplicated(server, { primary: 'topology', linked: true })
      await openAccounts(shards)
    }, 120_000)
    afterEach(() => shards?.close())

    test('while the old one answers whoever is connected', async () => {
      const told = await during(
        shards,
        async () => {
          await shards.handOver()
          shards.link('primary').moveTo(shards.portOf('replica1'))
        },
        'twopc',
      )
      expect([...told.unknown]).toEqual([])
      await expectAllThere(shards, told)
    }, 60_000)
  })
})

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
