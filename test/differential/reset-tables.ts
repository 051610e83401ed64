import type { Pair, Side } from '../support/pair.ts'
import { type ProtocolClient, printError, textRow } from '../support/protocol-client.ts'
import { LINKED_ROWS, LINKED_TABLES, ROWS, TABLES } from './rows.ts'

/** Every table as `rows.ts` has it, and the next id of AUTO_INCREMENT the same on all sides. */
export async function resetTables(pair: Pair): Promise<void> {
  await Promise.all([pair.reference, ...pair.proxies].map(fill))
  for (const [table, sequence] of [
    ['users', 'users_seq'],
    ['orders', 'orders_seq'],
  ] as const) {
    await alignIds(pair, table, sequence)
  }
}

async function fill(side: Side): Promise<void> {
  const client = await side.connect({ database: 'main' })
  for (const table of TABLES) await run(client, `DELETE FROM ${table}`)
  for (const sql of ROWS) await run(client, sql)
  await run(client, 'DELETE FROM lookup.products')
  await run(
    client,
    `INSERT INTO lookup.products (id, name, price) VALUES (1, 'teapot', 24.5), (2, 'kettle', 39), (3, 'cup', 6.75),
      (4, 'spoon', 2.2), (5, 'pan', 31)`,
  )
  await run(client, `ANALYZE TABLE ${TABLES.join(', ')}, lookup.products`)
  client.close()
}

/** The same of the tables that only one list is about. */
export async function resetLinked(pair: Pair): Promise<void> {
  await Promise.all([pair.reference, ...pair.proxies].map(fillLinked))
}

async function fillLinked(side: Side): Promise<void> {
  const client = await side.connect({ database: 'linked' })
  await run(client, 'SET foreign_key_checks = 0')
  for (const table of LINKED_TABLES) await run(client, `DELETE FROM ${table}`)
  for (const sql of LINKED_ROWS) await run(client, sql)
  client.close()
}

/** Draws until all proxies would draw the same id next: a reservation may begin with a new block. */
async function alignIds({ reference, proxies }: Pair, table: string, sequence: string): Promise<void> {
  const clients = await Promise.all(proxies.map((proxy) => proxy.connect()))
  const nextIds = await Promise.all(clients.map(async (client) => (await draw(client, sequence, 1)) + 1))
  while (new Set(nextIds).size > 1) {
    const most = Math.max(...nextIds)
    for (const [i, next] of nextIds.entries()) {
      const missing = most - next
      if (missing > 0) nextIds[i] = (await draw(clients[i]!, sequence, missing)) + missing
    }
  }
  for (const client of clients) client.close()
  const plain = await reference.connect({ database: 'main' })
  await run(plain, `ALTER TABLE ${table} AUTO_INCREMENT = ${nextIds[0]}`)
  plain.close()
}

/** Reserves ids; the first of them. */
async function draw(client: ProtocolClient, sequence: string, count: number): Promise<number> {
  const result = (await client.query(`SELECT NEXT ${count} VALUES FROM lookup.${sequence}`))[0]!
  if (result.kind !== 'rows') throw new Error(result.kind === 'error' ? printError(result) : result.kind)
  return Number(textRow(result.rows[0]!)[0])
}

async function run(client: ProtocolClient, sql: string): Promise<void> {
  const failed = (await client.query(sql)).find((result) => result.kind === 'error')
  if (failed?.kind === 'error') throw new Error(`${sql.slice(0, 60)}: ${printError(failed)}`)
}
