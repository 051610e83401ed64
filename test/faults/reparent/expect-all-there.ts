import { expect } from 'vitest'
import { connectTo } from '../../support/fault-cluster.ts'
import { textRow } from '../../support/protocol-client.ts'
import type { TestProxy } from '../../support/proxy.ts'
import type { Told } from '../failover/ledger.ts'

/** What was acknowledged is there, once, and nothing else but what nobody knows of. */
export async function expectAllThere(proxy: TestProxy, told: Told): Promise<void> {
  const client = await connectTo(proxy)
  const [result] = await client.query('SELECT id FROM entries')
  client.destroy()
  if (result!.kind !== 'rows') throw new Error(JSON.stringify(result))
  const found = result.rows.map(textRow).map(([id]) => Number(id))
  const there = new Set(found)
  expect(found.length, 'nothing is applied twice').toBe(there.size)
  expect(
    [...told.acknowledged].filter((id) => !there.has(id)),
    'nothing acknowledged is lost',
  ).toEqual([])
  expect([...there].filter((id) => !told.acknowledged.has(id) && !told.unknown.has(id))).toEqual([])
}
