import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { onEachServer } from '../support/each-server.ts'
import { type ReplicatedCluster, startReplicated } from './failover/replicated.ts'

/** Ids whose rows are on `-80` and `80-`. */
const [ON_80, ON_OTHER] = [1, 4]

onEachServer((server) => {
  let shards: ReplicatedCluster
  let client: Connection
  const words = server === 'mariadb' ? 'SLAVE' : 'REPLICA'

  beforeAll(async () => {
    shards = await startReplicated(server, { primary: 'topology' })
  }, 120_000)
  afterAll(() => shards?.close())

  beforeEach(async () => {
    const { host, port, user, password } = shards.proxy
    client = await createConnection({
      host,
      port,
      user,
      password,
      database: 'main',
      multipleStatements: true,
    })
    await client.query('DELETE FROM accounts')
    await client.query(`INSERT INTO accounts (id, amount) VALUES (${ON_80}, 0), (${ON_OTHER}, 0)`)
  })
  afterEach(async () => {
    await start()
    client.destroy()
  })

  /** The replica of -80 executes nothing. */
  const stop = () => shards.ask('replica1', `STOP ${words} SQL_THREAD`)
  const start = () => shards.ask('replica1', `START ${words} SQL_THREAD`)
  /** Executes nothing for so long that whoever does not wait sees what was before. */
  const lagging = async (work: () => Promise<void>) => {
    await stop()
    setTimeout(() => void start(), 300)
    await work()
  }

  async function rows(sql: string, method: 'query' | 'execute' = 'query'): Promise<unknown[][]> {
    const asked = { sql, rowsAsArray: true }
    const [found] = await (method === 'query'
      ? client.query<RowDataPacket[]>(asked)
      : client.execute<RowDataPacket[]>(asked))
    return found as unknown as unknown[][]
  }
  const amount = `SELECT amount, @@read_only FROM accounts WHERE id = ${ON_80}`
  const all = 'SELECT id, amount FROM accounts ORDER BY id'

  describe('read_after_write', () => {
    test('none: a replica tells what it has', async () => {
      await stop()
      await client.query(`UPDATE accounts SET amount = 7 WHERE id = ${ON_80}`)
      await client.query('USE `main@replica`')
      expect((await rows(`SELECT COUNT(*) FROM accounts WHERE amount = 7`))[0]).toEqual([0])
    })

    test('session: what the session has written, by whatever statement', async () => {
      await client.query("SET read_after_write = 'session', read_after_write_timeout = 5")
      expect(await rows('SELECT @@read_after_write, @@read_after_write_timeout')).toEqual([['SESSION', 5]])
      const writes = [
        `UPDATE accounts SET amount = 1 WHERE id = ${ON_80}`,
        `BEGIN; UPDATE accounts SET amount = 2 WHERE id = ${ON_80}; COMMIT`,
        `SET autocommit = 0; UPDATE accounts SET amount = 3 WHERE id = ${ON_80}; COMMIT; SET autocommit = 1`,
        'UPDATE accounts SET amount = 4',
        'BEGIN; UPDATE accounts SET amount = 5; COMMIT',
        "SET transaction_mode = 'twopc'; BEGIN; UPDATE accounts SET amount = 6; COMMIT",
        `PREPARE s FROM 'UPDATE accounts SET amount = 7 WHERE id = ${ON_80}'; EXECUTE s; DEALLOCATE PREPARE s`,
        `REPLACE INTO accounts (id, amount) VALUES (${ON_80}, 8), (${ON_OTHER}, 8)`,
        `USE \`main:-80\`; UPDATE accounts SET amount = 9; USE main`,
      ]
      for (const [i, write] of writes.entries()) {
        await lagging(async () => {
          await client.query(write)
          await client.query('USE `main@replica`')
          const read = i % 2 === 0 ? amount : `${amount} AND amount >= 0`
          expect(await rows(read, i % 3 === 0 ? 'execute' : 'query'), write).toEqual([[i + 1, 1]])
          expect(
            (await rows(all)).find(([id]) => id === ON_80),
            write,
          ).toEqual([ON_80, i + 1])
          await client.query('USE main')
        })
      }
      await lagging(async () => {
        await client.query('ALTER TABLE accounts ADD COLUMN note INT')
        await client.query('USE `main@replica`')
        expect((await rows('SELECT note FROM accounts')).length).toBe(2)
        await client.query('USE main; ALTER TABLE accounts DROP COLUMN note; USE `main@replica`')
        expect(await rows("SHOW COLUMNS FROM accounts LIKE 'note'")).toEqual([])
      })
    }, 30_000)

    test('session: over all shards, in a transaction on replicas, in a statement of several, after SET', async () => {
      await lagging(async () => {
        await client.query('UPDATE accounts SET amount = 1')
        await client.query("SET read_after_write = 'session'; USE `main@replica`") // what was before counts, too
        const found = [ON_80, ON_OTHER].map((id) => [id, 1])
        expect(await rows(all)).toEqual(found)
      })
      await lagging(async () => {
        await client.query('USE main; UPDATE accounts SET amount = 2; USE `main@replica`; BEGIN')
        expect(await rows(`SELECT SUM(amount), MIN(@@read_only) FROM accounts`)).toEqual([['4', 1]])
        expect(await rows(amount)).toEqual([[2, 1]])
        await client.query('COMMIT')
      })
      await lagging(async () => {
        const sql = `USE main; UPDATE accounts SET amount = 3; USE \`main@replica\`; ${amount}`
        const [answers] = await client.query<RowDataPacket[][]>({ sql, rowsAsArray: true })
        expect(answers.at(-1)).toEqual([[3, 1]])
      })
    }, 20_000)

    test('session: a replica that does not get there in time has its primary read, which writes nothing', async () => {
      await client.query("SET read_after_write = 'session', read_after_write_timeout = 0.2")
      await stop()
      await client.query('UPDATE accounts SET amount = 1')
      await client.query('USE `main@replica`')
      expect(await rows(amount)).toEqual([[1, 0]])
      const began = performance.now()
      for (let i = 0; i < 5; i++) expect(await rows(amount)).toEqual([[1, 0]])
      expect(performance.now() - began, 'nobody waits for it again').toBeLessThan(500)
      expect(await rows('SELECT SUM(amount) FROM accounts')).toEqual([['2']])
      await client.query('BEGIN')
      expect(await rows(amount)).toEqual([[1, 0]])
      expect(await rows(amount)).toEqual([[1, 0]])
      await client.query('COMMIT')
      await client.query("USE `main:-80@replica`; SELECT GET_LOCK('a', 1)")
      const readOnly = server === 'mariadb' ? 'tx_read_only' : 'transaction_read_only'
      expect(await rows(`SELECT RELEASE_LOCK('a'), @@${readOnly}`)).toEqual([[1, 1]])
      await client.query('USE `main@replica`')
      await start()
      await shards.catchUp('replica1', 'primary')
      expect(await rows(amount)).toEqual([[1, 1]])
    })

    test('session: a connection that the session keeps to a replica waits, or says that it cannot', async () => {
      await client.query("SET read_after_write = 'session', read_after_write_timeout = 0.5")
      await client.query("USE `main:-80@replica`; SELECT GET_LOCK('a', 1); USE `main:-80`")
      await lagging(async () => {
        await client.query('UPDATE accounts SET amount = 1; USE `main:-80@replica`')
        expect(await rows(amount)).toEqual([[1, 1]])
      })
      await new Promise((resolve) => setTimeout(resolve, 300))
      await stop()
      await client.query('USE `main:-80`; UPDATE accounts SET amount = 2; USE `main:-80@replica`')
      await expect(rows(amount)).rejects.toThrow(/has not got to what the primary has within 500 ms/)
      await start()
      await shards.catchUp('replica1', 'primary')
      expect(await rows(amount)).toEqual([[2, 1]])
      expect(await rows("SELECT RELEASE_LOCK('a')")).toEqual([[1]])
    })

    test('session: what is read in the middle of a transaction does not count for what it has written', async () => {
      await client.query("SET read_after_write = 'session'; USE `main@replica`")
      await client.query(`PREPARE s FROM '${amount}'; USE main; BEGIN; UPDATE accounts SET amount = 1`)
      expect(await rows('EXECUTE s')).toEqual([[0, 1]])
      await lagging(async () => {
        await client.query('COMMIT')
        expect(await rows('EXECUTE s')).toEqual([[1, 1]])
      })
    })

    test('global: what others have written', async () => {
      await client.query("SET read_after_write = 'global'; USE `main@replica`")
      const { host, port, user, password } = shards.proxy
      const other = await createConnection({ host, port, user, password, database: 'main' })
      for (let i = 1; i <= 3; i++)
        await lagging(async () => {
          await other.query('UPDATE accounts SET amount = ?', [i])
          expect(await rows(amount)).toEqual([[i, 1]])
          expect(await rows(all)).toEqual([ON_80, ON_OTHER].map((id) => [id, i]))
        })
      other.destroy()
    }, 20_000)

    test('a client that is gone, and a KILL, end the wait', async () => {
      await client.query("SET read_after_write = 'session', read_after_write_timeout = 60")
      await stop()
      await client.query('UPDATE accounts SET amount = 1; USE `main@replica`')
      const { host, port, user, password } = shards.proxy
      const other = await createConnection({ host, port, user, password })
      const waiting = rows(amount)
      await new Promise((resolve) => setTimeout(resolve, 200))
      await other.query(`KILL QUERY ${client.threadId}`)
      await expect(waiting).rejects.toMatchObject({ errno: 1317 })
      other.destroy()
    })

    test('values that are none are refused', async () => {
      await expect(client.query("SET read_after_write = 'sometimes'")).rejects.toMatchObject({ errno: 1231 })
    })
  })
})
