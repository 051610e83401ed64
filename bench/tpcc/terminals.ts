import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise'
import { RowRandom } from '../support/row-random.ts'
import type { TpccSize } from './population.ts'
import {
  makeTransaction,
  type Shares,
  SPECIFIED_SHARES,
  type TpccSession,
  TRANSACTIONS,
  type Transaction,
  type TransactionName,
} from './transactions.ts'

export interface TpccRun {
  /** One connection for each terminal; a terminal keeps to one warehouse, as they take turns. */
  readonly connections: readonly Connection[]
  readonly size: TpccSize
  /** When a terminal ends: after so long, or after so many transactions. */
  readonly until: { readonly elapsedMs: number } | { readonly transactions: number }
  readonly seed: string
  /** Default: the specification's. */
  readonly shares?: Shares
}

/** Of one kind of transaction. */
export interface Counts {
  committed: number
  /** New-Orders whose last item there is not. */
  rolledBack: number
  /** Begun again after a deadlock or a wait that was too long. */
  retried: number
  /** Of each committed one, with what it was begun again for. */
  readonly timesMs: number[]
}

export type TpccCounts = Readonly<Record<TransactionName, Counts>>

/** A deck of these is drawn to its end before the next is mixed (section 5.2.4.2). */
const DECK: readonly TransactionName[] = [
  ...Array<TransactionName>(10).fill('newOrder'),
  ...Array<TransactionName>(10).fill('payment'),
  'orderStatus',
  'delivery',
  'stockLevel',
]

/** Terminals work side by side without pauses between transactions, each to the end of its last one. */
export async function runTerminals(run: TpccRun): Promise<TpccCounts> {
  const { connections, size, until, seed, shares = SPECIFIED_SHARES } = run
  const none = (): Counts => ({ committed: 0, rolledBack: 0, retried: 0, timesMs: [] })
  const counts = Object.fromEntries(TRANSACTIONS.map((name) => [name, none()])) as Record<
    TransactionName,
    Counts
  >
  const startedMs = performance.now()
  const goesOn = (done: number) =>
    'transactions' in until ? done < until.transactions : performance.now() - startedMs < until.elapsedMs
  await Promise.all(
    connections.map(async (connection, at) => {
      const random = new RowRandom(`terminal ${seed}`, at + 1)
      const terminal = { random, size, shares, warehouse: (at % size.warehouses) + 1 }
      let deck: readonly TransactionName[] = []
      for (let done = 0; goesOn(done); done++) {
        if (deck.length === 0) deck = random.sample([...DECK.keys()], DECK.length).map((card) => DECK[card]!)
        const [name, ...rest] = deck
        deck = rest
        await complete(connection, makeTransaction[name!](terminal), counts[name!])
      }
    }),
  )
  return counts
}

/** Runs it as often as a driver would. Rejects when it fails otherwise. */
async function complete(connection: Connection, transaction: Transaction, counts: Counts): Promise<void> {
  const startedMs = performance.now()
  const session = sessionOf(connection)
  for (;;) {
    try {
      await connection.query('START TRANSACTION')
      const isKept = await transaction(session)
      await connection.query(isKept ? 'COMMIT' : 'ROLLBACK')
      counts[isKept ? 'committed' : 'rolledBack']++
      if (isKept) counts.timesMs.push(performance.now() - startedMs)
      return
    } catch (error) {
      if (!isToBeRetried(error)) throw error
      counts.retried++
      await connection.query('ROLLBACK')
    }
  }
}

/** ER_LOCK_WAIT_TIMEOUT and ER_LOCK_DEADLOCK. */
function isToBeRetried(error: unknown): boolean {
  const { errno } = error as { readonly errno?: number }
  return errno === 1205 || errno === 1213
}

function sessionOf(connection: Connection): TpccSession {
  return {
    rows: async (sql, values) => (await connection.execute<RowDataPacket[]>(sql, [...values] as never[]))[0],
    change: async (sql, values) =>
      (await connection.execute<ResultSetHeader>(sql, [...values] as never[]))[0].affectedRows,
  }
}
