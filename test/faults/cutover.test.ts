import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { runQuery, textCells } from '../../src/mysql/client/simple-command.ts'
import { Gateway } from '../../src/tablet/gateway.ts'
import type { Lease } from '../../src/tablet/lease.ts'
import { Sequences } from '../../src/tablet/sequences.ts'
import { makeSettings, USUAL_KIND } from '../../src/tablet/settings.ts'
import { type ShardTarget, shardTarget } from '../../src/tablet/shard-target.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { buildSnapshot, EMPTY_SNAPSHOT, type ParsedRecord } from '../../src/topology/build-snapshot.ts'
import type { Shard, Tablet } from '../../src/topology/records.ts'
import type { TopologySnapshot, TopologyView } from '../../src/topology/snapshot.ts'
import { startMariadb, type TestServer } from '../support/mysql.ts'

/**
 * A shard moves to another server while requests wait for a connection to the old one: what they wanted to write must not
 * reach it. The servers are two databases of one, `old_home` and `new_home`.
 */
let server: TestServer
beforeAll(async () => {
  server = await startMariadb()
  const root = await server.connect({ multipleStatements: true })
  for (const database of ['old_home', 'new_home']) {
    await root.query(
      `CREATE DATABASE ${database}; CREATE TABLE ${database}.ids (id INT, next_id BIGINT, cache BIGINT); INSERT INTO ${database}.ids VALUES (0, 1, 10)`,
    )
  }
  root.destroy()
})
afterAll(() => server?.close())

/** A topology that the test changes. */
class ChangingView implements TopologyView {
  #snapshot: TopologySnapshot = EMPTY_SNAPSHOT
  #listener: ((snapshot: TopologySnapshot, previous: TopologySnapshot) => void) | undefined

  /** Keyspace `ks` with one shard, on these databases, tablet 1 on the first; `primary` is a tablet's number. */
  set(databases: readonly string[], primary: number, shard: Partial<Shard> = {}): void {
    const records: ParsedRecord[] = [
      { key: { kind: 'Keyspace', keyspace: 'ks' }, record: { kind: 'Keyspace', value: {} } },
      {
        key: { kind: 'Shard', keyspace: 'ks', shard: '-' },
        record: { kind: 'Shard', value: { primary_alias: { cell: 'zone1', uid: primary }, ...shard } },
      },
      ...databases.map((database, i): ParsedRecord => {
        const alias = { cell: 'zone1', uid: i + 1 }
        const value: Tablet = {
          alias,
          unix_socket: server.socketPath,
          type: 'REPLICA',
          keyspace: 'ks',
          shard: '-',
          db_name_override: database,
        }
        return { key: { kind: 'Tablet', alias }, record: { kind: 'Tablet', value } }
      }),
    ]
    const previous = this.#snapshot
    this.#snapshot = buildSnapshot(records, [], previous, { revision: '1', stale: false })
    this.#listener?.(this.#snapshot, previous)
  }

  current(): TopologySnapshot {
    return this.#snapshot
  }
  onChange(listener: (snapshot: TopologySnapshot, previous: TopologySnapshot) => void): () => void {
    this.#listener = listener
    return () => {}
  }
  status(): never {
    throw new Error('nobody asks')
  }
}

const settings = makeSettings(new Map(), USUAL_KIND)
const primary: ShardTarget = shardTarget('ks', '-', 'PRIMARY')
let view: ChangingView
let gateway: Gateway

beforeEach(() => {
  view = new ChangingView()
  view.set(['old_home', 'new_home'], 1)
  gateway = new Gateway(
    view,
    {
      ...server.account,
      connectTimeoutMs: 5_000,
      cell: 'zone1',
      replicaLagMaxSeconds: 30,
      replicasMin: 1,
      slowStartMs: 0,
      outlier: { failures: 0, pauseMs: 1_000 },
      pool: {
        connectionsMax: 1,
        waitersMax: 10,
        waitTimeoutMs: 5_000,
        idleTimeoutMs: 60_000,
        silenceTimeoutMs: 0,
        ageMaxMs: 0,
        prefill: 0,
        shedAfterMs: 0,
      },
      scratchConnectionsMax: 1,
      buffer: { windowMs: 0, requestsMax: 0 },
      health: { intervalMs: 60_000, timeoutMs: 1_000 },
    },
    { clock: systemClock, log: silentLogger },
  )
})
afterEach(() => gateway.close())

async function databaseOf(lease: Lease): Promise<string | null> {
  const { rows } = await runQuery(lease.connection, 'SELECT DATABASE()')
  return textCells(rows[0]!, 1)[0]!
}

describe('a request that waits for a connection while its shard moves', () => {
  test('to another tablet goes there, whether the old one stays in the topology or not', async () => {
    for (const databases of [
      ['old_home', 'new_home'],
      ['elsewhere', 'new_home'],
    ]) {
      view.set(['old_home', 'new_home'], 1)
      const held = await gateway.acquire(primary, settings)
      expect(await databaseOf(held)).toBe('old_home')
      const waiting = gateway.acquire(primary, settings)
      view.set(databases, 2)
      held.release()
      const lease = await waiting
      expect(await databaseOf(lease)).toBe('new_home')
      lease.release()
    }
  })

  test('away fails, and says why', async () => {
    const held = await gateway.acquire(primary, settings)
    const waiting = gateway.acquire(primary, settings)
    view.set(['old_home', 'new_home'], 1, { is_primary_serving: false })
    held.release()
    await expect(waiting).rejects.toThrow(/ks\.-\.primary: .* the shard does not serve/)
  })
})

test("a sequence's wait ends at the new primary: no number comes from the old one", async () => {
  const sequences = new Sequences(gateway)
  const held = await gateway.acquire(primary, settings)
  const waiting = sequences.next('ks', 'ids', 1)
  await new Promise(setImmediate)
  view.set(['old_home', 'new_home'], 2)
  held.release()
  expect(await waiting).toBe(1n)
  const root = await server.connect()
  const [rows] = await root.query(
    'SELECT b.next_id AS old, a.next_id AS new FROM old_home.ids b, new_home.ids a',
  )
  root.destroy()
  expect(rows).toEqual([{ old: 1, new: 11 }])
})

test("the term of a shard's primary changes with it, and with its term of office", () => {
  const terms = [gateway.termOf(primary)]
  view.set(['old_home', 'new_home'], 2)
  terms.push(gateway.termOf(primary))
  view.set(['old_home', 'new_home'], 2, { primary_term_start_time: { seconds: '2' } })
  terms.push(gateway.termOf(primary))
  expect(new Set(terms).size).toBe(3)
})
