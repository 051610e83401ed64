import type mysql from 'mysql2/promise'
import { SqlError } from '../errors/sql-error.ts'
import type { Gateway } from '../tablet/gateway.ts'
import type { ShardTarget } from '../tablet/shard-target.ts'
import { type Branch, isBranchOf, jointRowId, type RecoveredXid, recoveredBranch, xidSql } from './branch.ts'

/** Database of the table on each server that is somebody's home. No keyspace has it, so that no client sees it. */
export const DECISIONS_DATABASE = '_shardgate'
const TABLE = `\`${DECISIONS_DATABASE}\`.\`transactions\``

/**
 * What is known of a transaction at its home: its row is there for good (committed), or in a transaction that has not ended
 * (open), or neither: then it never will be, for the row is written before any shard is told to prepare.
 */
export type Decision = 'committed' | 'open' | 'none'

/**
 * What has become of a branch of a joint transaction. `rolled back`: it is not prepared with its record, and never will be; `open`: it
 * runs, or is just being ended.
 */
export type BranchState = 'prepared' | 'committed' | 'rolled back' | 'open'

/**
 * What a server keeps of a transaction until all shards have followed: at its home the decision to commit, on each shard of a joint
 * one that it takes part.
 */
export interface DecisionRow {
  /** Of the transaction; of a joint one as `jointRowId` has it. */
  readonly id: string
  /** Those that follow, of a joint one all, by the names of their shards, `shop/-80`. */
  readonly branches: readonly { readonly shard: string; readonly qualifier: string }[]
  /** Epoch ms by the clock of the proxy that wrote it. */
  readonly recordedMs: number
}

/** The statement that writes the row, within the transaction that it is about. */
export function recordSql({ id, branches, recordedMs }: DecisionRow): string {
  const json = Buffer.from(JSON.stringify(branches)).toString('hex')
  return `INSERT INTO ${TABLE} (id, branches, recorded_ms, thread) VALUES ('${id}', 0x${json}, ${recordedMs}, CONNECTION_ID())`
}

/** A read that takes the snapshot of a transaction which cannot begin with one. */
export const SNAPSHOT_SQL = `SELECT 1 FROM ${TABLE} WHERE id = ''`

/**
 * Decisions and prepared branches on the shards' servers, over control connections: for who recovers what a proxy or a server
 * left half done. Throws what the server says, and 2013 when it says nothing.
 */
export class Decisions {
  readonly #gateway: Pick<Gateway, 'control'>

  constructor(gateway: Pick<Gateway, 'control'>) {
    this.#gateway = gateway
  }

  /** Sees to it that decisions can be recorded at this shard. */
  async createTable(home: ShardTarget): Promise<void> {
    await this.#gateway.control(home, async (connection) => {
      if (await hasTable(connection)) return
      await connection.query(`CREATE DATABASE IF NOT EXISTS \`${DECISIONS_DATABASE}\``)
      await connection.query(CREATE_TABLE)
    })
  }

  /** Rows may be locked by whoever writes or reads one: they are not waited for. */
  read(home: ShardTarget, id: string): Promise<Decision> {
    return this.#gateway.control(home, async (connection) => {
      try {
        const [rows] = await connection.query(`SELECT 1 FROM ${TABLE} WHERE id = '${id}' FOR UPDATE NOWAIT`)
        return (rows as unknown[]).length > 0 ? 'committed' : 'none'
      } catch (error) {
        const { errno } = error as { errno?: number }
        if (errno === ER_LOCK_NOWAIT || errno === ER_LOCK_WAIT_TIMEOUT) return 'open'
        throw error
      }
    })
  }

  /** Ends the connection whose open transaction has the row: its server rolls it back. */
  async endWriter(home: ShardTarget, id: string): Promise<void> {
    await this.#gateway.control(home, async (connection) => {
      await connection.query('SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED')
      const [rows] = await connection.query(`SELECT thread FROM ${TABLE} WHERE id = '${id}'`)
      const [row] = rows as { thread: number }[]
      if (row !== undefined) await endThread(connection, row.thread)
    })
  }

  /** The row of a joint transaction's branch, committed or not; undefined where there is none. */
  record(shard: ShardTarget, branch: Branch): Promise<DecisionRow | undefined> {
    return this.#gateway.control(shard, async (connection) => {
      await connection.query('SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED')
      const [rows] = await connection.query(
        `SELECT id, branches, recorded_ms FROM ${TABLE} WHERE id = '${jointRowId(branch)}'`,
      )
      return (rows as StoredRow[]).map(decisionRow)[0]
    })
  }

  /** As the branch's own server has it. A name that is free comes first: what a branch has come to is seen behind its end alone. */
  async stateOf(shard: ShardTarget, branch: Branch): Promise<BranchState> {
    if (await this.isOver(shard, branch))
      return (await this.#isRecorded(shard, branch)) ? 'committed' : 'rolled back'
    const { qualifier, id } = branch
    const all = await this.prepared(shard)
    if (!all.some((each) => each.id === id && each.qualifier === qualifier)) return 'open'
    if ((await this.record(shard, branch)) !== undefined) return 'prepared'
    return (await this.isWithoutRecord(shard, branch)) ? 'rolled back' : 'open'
  }

  /** Its row was refused: nobody has it, not even locked. */
  async isWithoutRecord(shard: ShardTarget, branch: Branch): Promise<boolean> {
    return (await this.read(shard, jointRowId(branch))) === 'none'
  }

  #isRecorded(shard: ShardTarget, branch: Branch): Promise<boolean> {
    return this.#gateway.control(shard, async (connection) => {
      const [rows] = await connection.query(`SELECT 1 FROM ${TABLE} WHERE id = '${jointRowId(branch)}'`)
      return (rows as unknown[]).length > 0
    })
  }

  /** Open ones, too. */
  async list(home: ShardTarget): Promise<readonly DecisionRow[]> {
    return this.#gateway.control(home, async (connection) => {
      try {
        await connection.query('SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED')
        const [rows] = await connection.query(
          `SELECT id, branches, recorded_ms FROM ${TABLE} ORDER BY recorded_ms LIMIT ${ROWS_MAX}`,
        )
        return (rows as StoredRow[]).map(decisionRow)
      } catch (error) {
        if (isMissing(error)) return []
        throw error
      }
    })
  }

  /**
   * Locks these rows and nothing else. `id IN (…)` of a small table would be a scan, which waits for the rows of transactions that are open
   * and has locked the gaps before them; where two servers do so, transactions over both wait in a circle that nobody sees.
   */
  async forget(shard: ShardTarget, ids: readonly string[]): Promise<void> {
    const list = ids.map((id) => `SELECT '${id}' AS id`).join(' UNION ALL ')
    const rows = `${TABLE} AS kept FORCE INDEX (PRIMARY) ON kept.id = done.id`
    await this.#gateway.control(shard, (connection) =>
      connection.query(`DELETE kept FROM (${list}) AS done STRAIGHT_JOIN ${rows}`),
    )
  }

  /** Prepared branches of the shard. Throws 1401 without the privilege XA_RECOVER_ADMIN (MySQL 8). */
  prepared(shard: ShardTarget): Promise<readonly Branch[]> {
    return this.#gateway.control(shard, async (connection) => {
      const [rows] = await connection.query('XA RECOVER')
      const branches = (rows as RecoveredXid[]).flatMap((row) => recoveredBranch(row) ?? [])
      return branches.filter((branch) => isBranchOf(branch, shard))
    })
  }

  /** False where the branch is still with the connection that has prepared it, or there is none (any more): `prepared` tells. */
  async finish(shard: ShardTarget, branch: Branch, how: 'COMMIT' | 'ROLLBACK'): Promise<boolean> {
    return this.#gateway.control(shard, async (connection) => {
      try {
        await connection.query(`XA ${how} ${xidSql(branch)}`)
        return true
      } catch (error) {
        if ((error as { errno?: number }).errno === XAER_NOTA) return false
        throw error
      }
    })
  }

  /**
   * Whether the server has no such branch (any more). XA RECOVER does not tell: MariaDB leaves out one whose connection is just
   * being closed, and one that is being committed. Its name, though, is free only when it is over.
   */
  async isOver(shard: ShardTarget, branch: Branch): Promise<boolean> {
    return this.#gateway.control(shard, async (connection) => {
      const xid = xidSql(branch)
      try {
        await connection.query(`XA START ${xid}`)
      } catch (error) {
        if ((error as { errno?: number }).errno === XAER_DUPID) return false
        throw error
      }
      await connection.query(`XA END ${xid}`)
      await connection.query(`XA ROLLBACK ${xid}`)
      return true
    })
  }

  async endThread(shard: ShardTarget, thread: number): Promise<void> {
    await this.#gateway.control(shard, (connection) => endThread(connection, thread))
  }
}

const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS ${TABLE} (
  id VARBINARY(64) NOT NULL PRIMARY KEY,
  branches BLOB NOT NULL,
  recorded_ms BIGINT UNSIGNED NOT NULL,
  thread BIGINT UNSIGNED NOT NULL
) ENGINE=InnoDB COMMENT='Shardgate: decisions of atomic commits'`

/** Of unfinished decisions that are looked at in one go. */
const ROWS_MAX = 10_000

/** XAER_NOTA: no such branch, or it is with a connection. */
export const XAER_NOTA = 1397
const XAER_DUPID = 1440
const ER_LOCK_NOWAIT = 3572
const ER_LOCK_WAIT_TIMEOUT = 1205
const ER_BAD_DB_ERROR = 1049
const ER_NO_SUCH_TABLE = 1146
const ER_NO_SUCH_THREAD = 1094

interface StoredRow {
  readonly id: Buffer
  readonly branches: Buffer
  readonly recorded_ms: number
}

function decisionRow({ id, branches, recorded_ms: recordedMs }: StoredRow): DecisionRow {
  return { id: id.toString('latin1'), branches: JSON.parse(branches.toString()), recordedMs }
}

async function hasTable(connection: mysql.Connection): Promise<boolean> {
  try {
    await connection.query(SNAPSHOT_SQL)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

async function endThread(connection: mysql.Connection, thread: number): Promise<void> {
  try {
    await connection.query(`KILL CONNECTION ${thread}`)
  } catch (error) {
    if ((error as { errno?: number }).errno !== ER_NO_SUCH_THREAD) throw error
  }
}

function isMissing(error: unknown): boolean {
  const { errno } = error as { errno?: number }
  return errno === ER_BAD_DB_ERROR || errno === ER_NO_SUCH_TABLE
}

/** What keeps a shard from taking part in atomic commits, in words that tell the way out. */
export function cannotTakePart(shard: Pick<ShardTarget, 'keyspace' | 'shard'>, error: unknown): SqlError {
  const { message } = error as Error
  return new SqlError(
    'ER_SPECIFIC_ACCESS_DENIED_ERROR',
    `transaction_mode = 'twopc' needs more of the proxy's account on ${shard.keyspace}/${shard.shard} (${message}): GRANT XA_RECOVER_ADMIN ON *.* (MySQL), GRANT ALL ON _shardgate.*`,
    { cause: error },
  )
}
