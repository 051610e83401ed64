import type { Connection } from 'mysql2/promise'
import { expect, test } from 'vitest'
import { HealthChecker, type HealthOptions, type TabletHealth } from '../../../src/tablet/health.ts'
import { AURORA_QUESTION } from '../../../src/tablet/replication-facts.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'

type Answer = readonly Readonly<Record<string, unknown>>[] | Error

interface Server {
  /** As SHOW GLOBAL VARIABLES has them. */
  readonly variables: Readonly<Record<string, string>>
  readonly isReadOnly?: boolean
  /** By the beginning of the question; whatever else answers no row. */
  readonly answers?: Readonly<Record<string, Answer>>
}

const OPTIONS: HealthOptions = { intervalMs: 1_000, timeoutMs: 3_000 }

/** What a checker knows of a server that answers so, and what it has asked. */
async function checkOf({ variables, isReadOnly = false, answers = {} }: Server, options = OPTIONS) {
  const asked: string[] = []
  const query = async (sql: string) => {
    asked.push(sql)
    if (sql.startsWith('SHOW GLOBAL VARIABLES'))
      return [Object.entries(variables).map(([name, value]) => ({ Variable_name: name, Value: value }))]
    if (sql.startsWith('SELECT @@version'))
      return [[{ version: '8.0.34', is_read_only: Number(isReadOnly), sql_mode: '', gtids: '', packet: 64 }]]
    const answer = Object.entries(answers).find(([begin]) => sql.startsWith(begin))?.[1] ?? []
    if (answer instanceof Error) throw answer
    return [answer]
  }
  const connection = { query, on() {}, destroy() {} } as unknown as Connection
  const clock = new ManualClock()
  let known: TabletHealth | undefined
  const checker = new HealthChecker(
    async () => connection,
    options,
    clock,
    (health) => {
      known = health
    },
  )
  await settle()
  checker.close()
  return { health: known!, asked }
}

const AURORA = { server_uuid: 'u', innodb_read_only: 'ON', aurora_server_id: 'reader-1' }

test("Aurora's readers are behind by what its own table says, and its writer is behind nobody", async () => {
  const reader = await checkOf({
    variables: AURORA,
    isReadOnly: true,
    answers: { [AURORA_QUESTION]: [{ session_id: 'b7ad-9c2', lag_ms: 17 }] },
  })
  expect(reader.health).toMatchObject({ state: 'healthy', readOnly: true, lagSeconds: 0.017, untold: '' })
  const writer = await checkOf({
    variables: AURORA,
    answers: { [AURORA_QUESTION]: [{ session_id: 'MASTER_SESSION_ID', lag_ms: 0 }] },
  })
  expect(writer.health).toMatchObject({ state: 'healthy', readOnly: false, lagSeconds: undefined })
})

test('a server is asked only for what it is, and a heartbeat only of those that replicate', async () => {
  const heartbeat = { table: 'percona.heartbeat', isUtc: false }
  const plain = await checkOf({ variables: { server_uuid: 'u' } }, { ...OPTIONS, heartbeat })
  expect(plain.asked.length).toBe(3)
  const replica = await checkOf(
    {
      variables: { server_uuid: 'u', group_replication_group_name: '' },
      answers: {
        'SHOW REPLICA STATUS': [{ Seconds_Behind_Source: 0 }],
        'SELECT TIMESTAMPDIFF': [{ lag_us: '4500000' }],
      },
    },
    { ...OPTIONS, heartbeat },
  )
  expect([replica.asked.length, replica.health.lagSeconds]).toEqual([4, 4.5])
})

test('a member of a minority takes no writes, whatever its read_only says', async () => {
  const variables = { server_uuid: 'u', group_replication_group_name: 'g' }
  const member = { state: 'ONLINE', role: 'PRIMARY', members: 3, lost: 2, lag_us: null }
  const { health } = await checkOf({ variables, answers: { 'SELECT own.MEMBER_STATE': [member] } })
  expect(health).toMatchObject({ readOnly: true, group: { hasMajority: false } })
})

test('what a server does not tell is said, and the rest is known', async () => {
  const denied = Object.assign(new Error('SELECT command denied'), { sqlState: '42000' })
  const { health } = await checkOf({
    variables: { server_uuid: 'u', group_replication_group_name: 'g' },
    answers: { 'SELECT own.MEMBER_STATE': denied, 'SHOW REPLICA STATUS': [{ Seconds_Behind_Source: 2 }] },
  })
  expect(health).toMatchObject({ state: 'healthy', untold: 'SELECT command denied', lagSeconds: 2 })
  expect(health.group).toBeUndefined()
})

test('a connection that is lost in the middle of it is a check that has failed', async () => {
  const { health } = await checkOf({
    variables: { server_uuid: 'u', group_replication_group_name: 'g' },
    answers: { 'SELECT own.MEMBER_STATE': new Error('Connection lost') },
  })
  expect(health).toMatchObject({ state: 'unreachable', failedChecks: 1, lastError: 'Connection lost' })
})
