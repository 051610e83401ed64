import { expect } from 'vitest'
import type { TransactionMode } from '../../../src/transaction/transaction.ts'
import { eventually } from '../../support/eventually.ts'
import { connectTo } from '../../support/fault-cluster.ts'
import { textRow } from '../../support/protocol-client.ts'
import type { TestProxy } from '../../support/proxy.ts'
import { ACCOUNTS, AMOUNT, Ledger, type Told } from './ledger.ts'

/** A cluster with the ledger's tables. */
interface WithProxy {
  readonly proxy: TestProxy
}

/** An id whose row is on `-80`. */
export const ON_80 = 1

export async function openAccounts({ proxy }: WithProxy): Promise<void> {
  const client = await connectTo(proxy)
  const rows = Array.from({ length: ACCOUNTS }, (_, i) => `(${i + 1}, ${AMOUNT})`)
  const [told] = await client.query(`INSERT INTO accounts (id, amount) VALUES ${rows.join(', ')}`)
  expect(told).toMatchObject({ kind: 'ok', affectedRows: ACCOUNTS })
  client.destroy()
}

export function alarms({ proxy }: WithProxy): readonly string[] {
  return proxy.complaints.map(({ fields }) => String(fields?.['reason'] ?? ''))
}

/** Runs clients, the fault in the middle of it, and some seconds more behind it. */
export async function during(
  { proxy }: WithProxy,
  fault: () => Promise<void>,
  mode: TransactionMode = 'multi',
): Promise<Told> {
  const ledger = new Ledger(proxy, mode)
  ledger.start(16)
  try {
    await eventually('all have written', () => ledger.writes > 100 && ledger.transactions > 10)
    await fault()
    const [writes, transactions] = [ledger.writes, ledger.transactions]
    await eventually(
      'all write again',
      () => ledger.writes > writes + 100 && ledger.transactions > transactions + 10,
      40_000,
    )
  } finally {
    await ledger.stop()
  }
  const told = await ledger.stop()
  if (process.env['FAILOVER_FIGURES'] !== undefined)
    console.error({
      ...told,
      acknowledged: told.acknowledged.size,
      unknown: told.unknown.size,
      errors: told.errors.slice(0, 3),
      restarts: [...new Set(told.restarts)],
    })
  expect(told.errors.slice(0, 3)).toEqual([])
  return told
}

/** Atomic transfers move money and make none. */
export async function expectWholeTransfers({ proxy }: WithProxy): Promise<void> {
  const client = await connectTo(proxy)
  await eventually('every transfer is whole', async () => {
    const [told] = await client.query('SELECT SUM(amount) FROM accounts')
    return told?.kind === 'rows' && Number(textRow(told.rows[0]!)[0]) === ACCOUNTS * AMOUNT
  })
  client.destroy()
}

/** What was acknowledged is there, once, and nothing else but what nobody knows of. */
export async function expectAllThere({ proxy }: WithProxy, told: Told): Promise<void> {
  const client = await connectTo(proxy)
  const read = async (sql: string) => {
    const [result] = await client.query(sql)
    if (result!.kind !== 'rows') throw new Error(JSON.stringify(result))
    return result.rows.map(textRow)
  }
  const found = (await read('SELECT id FROM entries')).map(([id]) => Number(id))
  const there = new Set(found)
  expect(found.length, 'nothing is applied twice').toBe(there.size)
  expect(
    [...told.acknowledged].filter((id) => !there.has(id)),
    'nothing acknowledged is lost',
  ).toEqual([])
  expect([...there].filter((id) => !told.acknowledged.has(id) && !told.unknown.has(id))).toEqual([])
  client.destroy()
}
