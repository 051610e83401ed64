import { sleep } from '../../base/clock.ts'
import { StreamRows } from '../../engine/outer-rows.ts'
import type { RowStream } from '../../engine/row-stream.ts'
import type { LeftRows, LookupEntry, LookupTables, ShardPort } from '../../engine/shard-port.ts'
import { ServerError } from '../../errors/server-error.ts'
import { notSupported } from '../../errors/sql-error.ts'
import type { KeyspaceId } from '../../key/keyspace-id.ts'
import type { OwnedLookup } from '../../plan/write-primitives.ts'
import type { Transaction } from '../../transaction/transaction.ts'
import { areEqual, quoteName, valueLiteral } from '../../values/sql-literal.ts'
import type { Value } from '../../values/value.ts'
import { cellOfId, cellOfValue, idOfCell } from '../../vindex/lookup-ids.ts'
import { InnerStatements, type MakePort } from './inner-statements.ts'
import type { Reading } from './reading.ts'
import type { SessionPortContext } from './session-port.ts'

/** ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK, ER_LOCK_NOWAIT. */
const MEETING: ReadonlySet<number> = new Set([1205, 1213, 3572])
const ATTEMPTS_MAX = 6
const FIRST_DELAY_MS = 5

/** Few enough for one statement. */
const ROWS_MAX = 1000

/**
 * Lookup tables, by statements of the proxy's own that are planned as the client's are: they may be sharded, and in any keyspace.
 *
 * Rows of consistent lookup vindexes are written on connections that commit before those of the statement, and taken out when these
 * have committed, so that at any moment there is one for each row of the owner, whatever dies. (Vitess's PRE and POST sessions.)
 */
export class SessionLookupTables implements LookupTables {
  readonly #context: SessionPortContext
  readonly #reading: Reading
  readonly #makePort: MakePort

  constructor(context: SessionPortContext, reading: Reading, makePort: MakePort) {
    this.#context = context
    this.#reading = reading
    this.#makePort = makePort
  }

  async add(entries: readonly LookupEntry[]): Promise<void> {
    const [first] = entries
    if (first === undefined) return
    const { lookup } = first
    for (let at = 0; at < entries.length; at += ROWS_MAX) {
      const rows = entries.slice(at, at + ROWS_MAX)
      const columns = [...lookup.from, lookup.to].map(quoteName)
      const values = rows.map((entry) => `(${[...cellTexts(entry), idText(entry)].join(', ')})`)
      // Several rows of the owner may be one there.
      const [from] = columns
      const again = lookup.vindex.unique ? '' : ` ON DUPLICATE KEY UPDATE ${from} = VALUES(${from})`
      await this.#run(
        lookup,
        `INSERT INTO ${tableOf(lookup)} (${columns.join(', ')}) VALUES ${values.join(', ')}${again}`,
      )
    }
    for (const entry of entries) this.#context.transaction.afterCommit.withdraw(keyOf(entry))
  }

  async find(lookup: OwnedLookup, values: readonly Value[]): Promise<readonly KeyspaceId[]> {
    const where = conditionOf({ lookup, values })
    const sql = `SELECT ${quoteName(lookup.to)} FROM ${tableOf(lookup)} WHERE ${where} FOR UPDATE`
    return this.#ids(lookup, sql)
  }

  async change(entry: LookupEntry): Promise<void> {
    const { lookup } = entry
    await this.#run(
      lookup,
      `UPDATE ${tableOf(lookup)} SET ${quoteName(lookup.to)} = ${idText(entry)} WHERE ${conditionOf(entry)}`,
    )
    this.#context.transaction.afterCommit.withdraw(keyOf(entry))
  }

  async remove(entries: readonly LookupEntry[], leftOf: LeftRows): Promise<void> {
    const [first] = entries
    if (first === undefined) return
    const { transaction } = this.#context
    if (!this.#isApart(first.lookup))
      return this.#removeNow(entries, leftOf, { waits: true, owners: this.#ownersPort() })
    transaction.afterCommit.add(
      entries.map((entry) => ({ key: keyOf(entry), item: entry })),
      (late: readonly LookupEntry[]) => this.#removeLate(late, leftOf),
    )
  }

  /**
   * Behind the commit, in a transaction of its own. Whoever has locked a row that is alike may wait for the entry, which no server
   * would see: it is tried again, and at last left where it is. Such an entry is in nobody's way.
   */
  async #removeLate(entries: readonly LookupEntry[], leftOf: LeftRows): Promise<void> {
    const { transaction, proxy } = this.#context
    // Tables that the session has locked are open to its own connections alone, and nobody else writes there.
    const ownPort = transaction.lanes.all().some(({ locksTables }) => locksTables) && this.#ownersPort()
    for (let attempt = 0; ; attempt++) {
      try {
        return await transaction.beside((aside) => {
          const context = { ...this.#context, transaction: aside }
          const tables = new SessionLookupTables(context, this.#reading, this.#makePort)
          return tables.#removeNow(entries, leftOf, { waits: false, owners: ownPort || tables.#ownersPort() })
        })
      } catch (error) {
        const isMeeting = error instanceof ServerError && MEETING.has(error.errno)
        if (!isMeeting || attempt === ATTEMPTS_MAX) throw error
        await sleep(proxy.clock, FIRST_DELAY_MS * 2 ** attempt)
      }
    }
  }

  /** Once the rows are locked, nobody enters an owner's row that is alike. */
  async #removeNow(
    entries: readonly LookupEntry[],
    leftOf: LeftRows,
    { waits, owners }: { readonly waits: boolean; readonly owners: Pick<ShardPort, 'openStreams'> },
  ): Promise<void> {
    for (let at = 0; at < entries.length; at += ROWS_MAX) {
      const rows = entries.slice(at, at + ROWS_MAX)
      const { lookup } = rows[0]!
      const where = rows.map(
        (entry) => `(${conditionOf(entry)} AND ${quoteName(lookup.to)} = ${idText(entry)})`,
      )
      // The value of a row that the statement has locked is nobody else's.
      if (lookup.vindex.unique && !this.#isApart(lookup) && waits) {
        await this.#run(lookup, `DELETE FROM ${tableOf(lookup)} WHERE ${where.join(' OR ')}`)
        continue
      }
      await this.#ids(
        lookup,
        `SELECT ${quoteName(lookup.to)} FROM ${tableOf(lookup)} WHERE ${where.join(' OR ')} FOR UPDATE`,
      )
      const left = await leftOf(rows, { port: owners, waits })
      const gone = where.filter((_, i) => !left.has(rows[i]!))
      if (gone.length > 0)
        await this.#run(lookup, `DELETE FROM ${tableOf(lookup)} WHERE ${gone.join(' OR ')}`)
    }
  }

  #isApart(lookup: OwnedLookup): boolean {
    return isApart(lookup, this.#context.transaction)
  }

  /** Rows of the owner, as the statement sees them. */
  #ownersPort(): Pick<ShardPort, 'openStreams'> {
    return this.#makePort(this.#context, this.#statements(false).execution('DO 0'), { isOwn: true })
  }

  async #ids(lookup: OwnedLookup, sql: string): Promise<readonly KeyspaceId[]> {
    const stream = await this.#run(lookup, sql)
    if (stream === undefined) return []
    const ids: KeyspaceId[] = []
    try {
      for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
        for (const cell of new StreamRows(batch, stream.columns, stream.format).values(0)) {
          const id = idOfCell(lookup.vindex, cell)
          if (id !== undefined) ids.push(id)
        }
      }
      return ids
    } finally {
      await stream.close()
    }
  }

  #run(lookup: OwnedLookup, sql: string): Promise<RowStream | undefined> {
    return this.#statements(this.#isApart(lookup)).run(sql)
  }

  #statements(commitsFirst: boolean): InnerStatements {
    return new InnerStatements(this.#context, this.#reading, this.#makePort, { commitsFirst, isOwn: true })
  }
}

/** Its rows are written on connections of their own: where all commits alike there is no need. */
export function isApart(
  { vindex }: Pick<OwnedLookup, 'vindex'>,
  { mode }: Pick<Transaction, 'mode'>,
): boolean {
  return vindex.type.startsWith('consistent_') && mode !== 'twopc'
}

function tableOf({ keyspace, table }: OwnedLookup): string {
  return `${quoteName(keyspace)}.${quoteName(table)}`
}

/** What the table has of an entry's values. */
function cellsOf({ lookup: { vindex, told }, values }: EntryValues): readonly Value[] {
  return values.map((value) => {
    const cell = cellOfValue(vindex, value)
    if (cell === undefined)
      throw notSupported(`a value of ${told.table}.${told.key} that the lookup table has no number for`)
    return cell
  })
}

type EntryValues = Pick<LookupEntry, 'lookup' | 'values'>

function cellTexts(entry: EntryValues): readonly string[] {
  return cellsOf(entry).map((cell) => valueLiteral(cell, 'utf8mb4'))
}

function conditionOf(entry: EntryValues): string {
  return areEqual(entry.lookup.from.map(quoteName), cellsOf(entry))
}

function idText({ lookup, id }: LookupEntry): string {
  return valueLiteral(cellOfId(lookup.vindex, id), 'utf8mb4')
}

function keyOf(entry: LookupEntry): string {
  return `${tableOf(entry.lookup)} ${cellTexts(entry).join(' ')} ${idText(entry)}`
}
