import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CommitStep } from '../../src/transaction/atomic-commits.ts'
import { onEachServer } from '../support/each-server.ts'
import { eventually } from '../support/eventually.ts'
import { ACCOUNTS, Bank, INITIAL_BALANCE } from './atomic/bank.ts'
import { hasSlip, Teller } from './atomic/teller.ts'

/** As many as one run in CI has; `SHARDGATE_TEST_KILLS=500` for more of them, and figures. */
const MORE_KILLS = process.env['SHARDGATE_TEST_KILLS']
const KILLS = Number(MORE_KILLS ?? 20)
const TELLERS = 16

const STEPS: readonly CommitStep[] = [
  'recorded',
  'preparing',
  'prepared',
  'all prepared',
  'decided',
  'committed',
]
/** Begins a transaction that has its home in the office. */
const AT_HOME = 'BEGIN; SELECT * FROM office.slips'
/** Whoever coordinates, the server that the step is about, or another one. */
const VICTIMS = ['proxy', 'own server', 'other server'] as const

type Kill =
  | { readonly at: CommitStep; readonly victim: (typeof VICTIMS)[number] }
  | { readonly at: 'any time'; readonly victim: 'proxy' | 'server' }

/** At each step, each victim; then at any time. */
const ROUND: readonly Kill[] = [
  ...STEPS.flatMap((at) => VICTIMS.map((victim) => ({ at, victim }))),
  ...(['proxy', 'server', 'proxy', 'server', 'proxy'] as const).map(
    (victim) => ({ at: 'any time', victim }) as const,
  ),
]

onEachServer((server) => {
  let bank: Bank

  beforeAll(async () => {
    bank = await Bank.open(server)
  }, 120_000)
  afterAll(() => bank?.close())

  test.each([
    ['preparing', 'BEGIN', 'rolled back', 'error'],
    ['all prepared', 'BEGIN', 'committed', 'ok'],
    ['all prepared', AT_HOME, 'rolled back', 'error'],
    ['decided', AT_HOME, 'committed', 'ok'],
  ] as const)(
    'a proxy that stands still when it has come to %s (%s): another has it %s, and its client is told so',
    { timeout: 60_000 },
    async (step, begin, _outcome, told) => {
      const [one, other] = await bank.twoAccounts()
      const before = await bank.balances()
      const [stands, client] = [bank.proxies[0]!, await bank.connect(bank.proxies[0]!)]
      for (const sql of [begin, `UPDATE accounts SET balance = balance - 7 WHERE id = ${one}`])
        await client.query(sql)
      await client.query(`UPDATE accounts SET balance = balance + 7 WHERE id = ${other}`)
      stands.arm({ step, victim: 'server' })
      const [committed] = [client.query('COMMIT'), await stands.reached()]
      const moved = told === 'ok' ? 7 : 0
      await eventually(
        'what was prepared has ended',
        async () => {
          const isMoved = (await bank.balances()).get(other) === before.get(other)! + moved
          return isMoved && (await bank.prepared()).length === 0
        },
        30_000,
      )
      stands.go()
      expect(await committed).toMatchObject([{ kind: told }])
      const after = await bank.balances()
      expect(after.get(one)).toBe(before.get(one)! - moved)
      expect(after.get(other)).toBe(before.get(other)! + moved)
      // As if nothing had been.
      await client.query(`UPDATE accounts SET balance = balance + ${moved} WHERE id = ${one}`)
      await client.query(`UPDATE accounts SET balance = balance - ${moved} WHERE id = ${other}`)
      client.close()
    },
  )

  test(`${KILLS} kills leave no transfer half done`, { timeout: 120_000 + KILLS * 20_000 }, async () => {
    const tellers = Array.from({ length: TELLERS }, (_, i) => new Teller(bank, i))
    for (let i = 0; i < KILLS; i++) await kill(bank, ROUND[i % ROUND.length]!, i)
    await Promise.all(tellers.map((teller) => teller.stop()))
    await eventually('nothing is prepared', async () => (await bank.prepared()).length === 0, 60_000)
    const acknowledged = tellers.flatMap((teller) => teller.acknowledged)
    await check(bank, acknowledged)
    await eventually('no decision is kept', async () => (await bank.decisions()).length === 0, 60_000)
    if (MORE_KILLS !== undefined)
      process.stdout.write(`${server}: ${KILLS} kills, ${acknowledged.length} transfers acknowledged\n`)
  })
})

async function kill(bank: Bank, { at, victim }: Kill, i: number): Promise<void> {
  const number = i % 2
  const proxy = bank.proxies[number]!
  const anyShard = () => bank.shards[Math.floor(Math.random() * bank.shards.length)]!
  if (at === 'any time') {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 200))
    if (victim === 'server') return killServer(bank, anyShard())
    proxy.signal('SIGKILL')
  } else {
    proxy.arm({ step: at, victim: victim === 'proxy' ? 'proxy' : 'server' })
    if (victim !== 'proxy') {
      const shard = await proxy.reached()
      if (shard === undefined) throw new Error('the proxy has ended')
      const others = bank.shards.filter((each) => each !== shard)
      return killServer(bank, victim === 'own server' ? shard : others[i % others.length]!, () => proxy.go())
    }
  }
  await proxy.ended
  await bank.replaceProxy(number)
}

async function killServer(bank: Bank, shard: string, then = () => {}): Promise<void> {
  await bank.kill(shard)
  then()
  await bank.restart(shard)
}

async function check(bank: Bank, acknowledged: readonly number[]): Promise<void> {
  const transfers = await bank.transfers()
  const half = [...transfers].filter(
    ([, parts]) => parts.length !== 2 || parts[0]!.amount + parts[1]!.amount !== 0,
  )
  expect(half).toEqual([])
  expect(acknowledged.filter((transfer) => !transfers.has(transfer))).toEqual([])
  expect(acknowledged.length).toBeGreaterThan(KILLS)
  const slips = [...transfers.keys()].filter(hasSlip)
  expect([...(await bank.slips())].sort()).toEqual(slips.sort())
  const balances = await bank.balances()
  expect([...balances.values()].reduce((sum, balance) => sum + balance, 0)).toBe(ACCOUNTS * INITIAL_BALANCE)
  const posted = new Map<number, number>()
  for (const { account, amount } of [...transfers.values()].flat())
    posted.set(account, (posted.get(account) ?? 0) + amount)
  for (const [id, balance] of balances)
    expect(balance - INITIAL_BALANCE, `account ${id}`).toBe(posted.get(id) ?? 0)
}
