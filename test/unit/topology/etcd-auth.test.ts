import assert from 'node:assert/strict'
import { Etcd3 } from 'etcd3'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { EtcdStore } from '../../../src/topology/etcd/etcd-store.ts'
import { TopologyFollower } from '../../../src/topology/follower.ts'
import { TopologyError } from '../../../src/topology/store.ts'
import { etcdCommand, startEtcd, type TestEtcd } from '../../support/etcd.ts'
import { eventually } from '../../support/eventually.ts'

describe.skipIf(!etcdCommand)('an etcd that asks for a password', () => {
  let etcd: TestEtcd

  beforeAll(async () => {
    etcd = await startEtcd()
    const client = new Etcd3({ hosts: etcd.url })
    await client.role('root').create()
    await (await client.user('root').create('secret')).addRole('root')
    await client.auth.authEnable()
    client.close()
  })
  afterAll(() => etcd.close())

  const open = (password: string) =>
    new EtcdStore({ endpoints: [etcd.url], auth: { username: 'root', password } })

  test('is read, written and watched with the right one, and again after a restart forgot its tokens', async () => {
    const store = open('secret')
    const follower = new TopologyFollower({ store, random: () => 0 })
    await follower.start()
    const put = async (cell: string) => {
      await store.commit([{ kind: 'put', path: `cells/${cell}/CellInfo`, value: '{}' }])
      await eventually(cell, () => follower.current().cells.has(cell))
    }
    await put('first')
    await etcd.restart()
    await eventually(
      'freshness',
      () => follower.status().state === 'following' && follower.status().lists > 1,
    )
    await put('second')
    await follower.close()
    await store.close()
  })

  test('refuses the wrong one with an error that says so', async () => {
    const store = open('wrong')
    await assert.rejects(store.list(), (error: unknown) => {
      assert.ok(error instanceof TopologyError)
      assert.equal(error.kind, 'denied')
      assert.match(error.message, /refused to list the topology: .*authentication failed/)
      return true
    })
    await store.close()
  })
})
