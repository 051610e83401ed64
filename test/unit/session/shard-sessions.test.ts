import { describe, expect, test } from 'vitest'
import type { BackendConnection } from '../../../src/mysql/client/backend-connection.ts'
import type { CollectingReader } from '../../../src/mysql/client/simple-command.ts'
import { ShardSessions } from '../../../src/session/shard-sessions.ts'
import type { ShardEndpoints, TabletEndpoint } from '../../../src/tablet/gateway.ts'
import { makeSettings } from '../../../src/tablet/settings.ts'

const settings = makeSettings(new Map(), false)

/** A shard whose server answers OK when it is told to, and writes down what it got. */
function fakeShard(name: string, log: string[]) {
  const waiting: (() => void)[] = []
  let state: 'idle' | 'closed' = 'idle'
  const connection = {
    settingsKey: settings.key,
    get state() {
      return state
    },
    send: (packet: Buffer, reader: CollectingReader) => {
      if (state === 'closed') return reader.onLost(new Error('the connection is closed') as never)
      log.push(`${name}: ${packet.toString('latin1', 5)}`)
      waiting.push(() => reader.onDone())
    },
    destroy: () => {
      if (state !== 'closed') log.push(`${name} closed`)
      state = 'closed'
    },
  } as unknown as BackendConnection
  const given: BackendConnection[] = []
  const pool = {
    acquire: async () => connection,
    release: (back: BackendConnection) => void given.push(back),
  }
  return {
    shard: { keyspace: 'ks', name } as ShardEndpoints,
    endpoint: { pool, database: 'ks' } as unknown as TabletEndpoint,
    connection,
    given,
    answer: async () => {
      await new Promise(setImmediate)
      for (const answer of waiting.splice(0)) answer()
      await new Promise(setImmediate)
    },
  }
}

async function twoShards() {
  const log: string[] = []
  const sessions = new ShardSessions()
  const shards = [fakeShard('-80', log), fakeShard('80-', log)] as const
  for (const { shard, endpoint, answer } of shards) {
    const opened = sessions.open(shard, endpoint, settings, { before: [], begin: 'BEGIN' })
    await answer()
    await opened
  }
  log.length = 0
  return { sessions, shards, log }
}

describe('a client that goes away', () => {
  test('in mid-COMMIT: every shard commits, then nothing is kept', async () => {
    const { sessions, shards, log } = await twoShards()
    const committed = sessions.commit()
    await new Promise(setImmediate)
    sessions.close()
    await shards[0].answer()
    await shards[1].answer()
    expect(await committed).toBeUndefined()
    expect(log).toEqual(['-80: COMMIT', '80-: COMMIT'])
    expect(sessions.size).toBe(0)
  })

  test('while a connection is awaited: it goes back to the pool unused', async () => {
    const log: string[] = []
    const { shard, endpoint, connection, given } = fakeShard('-80', log)
    const sessions = new ShardSessions()
    const opened = sessions.open(shard, endpoint, settings, { before: [], begin: 'BEGIN' })
    sessions.close()
    await expect(opened).rejects.toThrow('interrupted')
    expect(given).toEqual([connection])
    expect(sessions.size).toBe(0)
    expect(log).toEqual([])
  })

  test('in a transaction: its connections are closed', async () => {
    const { sessions, log } = await twoShards()
    sessions.close()
    expect(log).toEqual(['-80 closed', '80- closed'])
  })
})

test('a COMMIT commits nowhere when a connection is known to be lost', async () => {
  const { sessions, shards, log } = await twoShards()
  shards[1].connection.destroy()
  const committed = sessions.commit()
  await shards[0].answer()
  expect(await committed).toMatchObject({ committed: [], failed: 'ks/80-', rolledBack: ['ks/-80'] })
  expect(log).toEqual(['80- closed', '-80: ROLLBACK'])
})
