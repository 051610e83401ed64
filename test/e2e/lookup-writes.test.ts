import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { onEachServer } from '../support/each-server.ts'
import { connectTo } from '../support/fault-cluster.ts'
import { idOf, writeLookupSchema } from '../support/lookup-schema.ts'
import { bigintParam, ProtocolClient, type Result, stringParam, textRow } from '../support/protocol-client.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'
import { tempDir } from '../support/temp-dir.ts'

/**
 * Writes of a table that owns lookup vindexes, and of its sharding key: each statement does and says what it does on one server
 * (keyspace `plain`), and whatever happens, lookup tables have exactly the rows of their owner.
 */
onEachServer((server) => {
  for (const consistent of ['', 'consistent_'] as const) {
    const dir = tempDir('lookup-writes')
    let cluster: TestCluster
    let proxy: TestProxy
    let sharded: ProtocolClient
    let plain: ProtocolClient

    beforeAll(async () => {
      writeLookupSchema(dir.path, consistent)
      cluster = await startCluster({ server, shards: 2, isOneMysqld: true, schemaDir: dir.path })
      proxy = await startTestProxy(cluster)
      sharded = await connectTo(proxy)
      plain = await connectTo(proxy)
    }, 120_000)
    afterAll(async () => {
      sharded?.close()
      plain?.close()
      await proxy?.close()
      await cluster?.close()
      dir.remove()
    })

    const ROWS = `INSERT INTO people (id, email, team, code, note, born, at, price) VALUES
      (1, 'a@x', 10, 101, 'one', '2001-01-01', '2020-10-25 02:30:00.125', 0.1), (2, 'b@x', 10, 102, 'two', NULL, NULL, 1.1),
      (3, 'c@x', 20, 103, 'three', '2003-03-03', '2021-01-01 00:00:00', 2.2), (4, 'd@x', 20, 104, 'four', NULL, NULL, NULL),
      (5, NULL, NULL, NULL, 'five', NULL, NULL, NULL), (6, 'f@x', 10, NULL, 'six', NULL, NULL, 3.3)`
    const NOTES =
      "INSERT INTO notes VALUES (1, 1, 7, 'x'), (2, 1, 7, 'y'), (3, 2, 7, 'z'), (4, 2, 8, 'u'), (5, 3, NULL, 'v')"

    beforeEach(async () => {
      for (const [client, name] of [
        [sharded, 'main'],
        [plain, 'plain'],
      ] as const)
        for (const sql of [
          `ROLLBACK`,
          `USE ${name}`,
          'SET sql_select_limit = DEFAULT, sql_mode = DEFAULT',
          'SET SESSION autocommit = 1',
          'DELETE FROM people',
          'DELETE FROM notes',
          ROWS,
          NOTES,
        ])
          expect(outcome((await client.query(sql))[0]!), sql).not.toMatch(/^error/)
      await check()
    })

    async function rows(sql: string, of: ProtocolClient): Promise<readonly (readonly (string | null)[])[]> {
      const [result] = await of.query(sql)
      if (result!.kind !== 'rows') throw new Error(JSON.stringify(result))
      return result!.rows.map((row) => textRow(row))
    }

    /** Tables are as one server's, and lookup tables have the rows of their owner and no others. */
    async function check(): Promise<void> {
      for (const sql of ['SELECT * FROM people ORDER BY id', 'SELECT * FROM notes ORDER BY id'])
        expect(await rows(sql, sharded), sql).toEqual(await rows(sql, plain))
      const people = await rows('SELECT id, email, team, code FROM people', plain)
      const notes = await rows('SELECT owner, topic FROM notes', plain)
      expect(await rows('SELECT email, LOWER(HEX(id)) FROM main.email_ids', sharded)).toEqualRows(
        people.filter(([, email]) => email !== null).map(([id, email]) => [email!, idOf(id!)]),
      )
      expect(await rows('SELECT team, LOWER(HEX(id)) FROM main.team_ids', sharded)).toEqualRows(
        people.filter(([, , team]) => team !== null).map(([id, , team]) => [team!, idOf(id!)]),
      )
      expect(await rows('SELECT code, user FROM plain.code_users', sharded)).toEqualRows(
        people.filter(([, , , code]) => code !== null).map(([id, , , code]) => [code!, id!]),
      )
      expect(await rows('SELECT topic, LOWER(HEX(owner)) FROM main.topic_owners', sharded)).toEqualRows(
        notes.filter(([, topic]) => topic !== null).map(([owner, topic]) => [topic!, idOf(owner!)]),
      )
    }

    /** The statements answer the same in both. */
    async function both(...statements: readonly string[]): Promise<void> {
      for (const sql of statements) {
        const [one] = await sharded.query(sql)
        const [other] = await plain.query(sql)
        expect(outcome(one!), sql).toBe(outcome(other!))
      }
    }

    const named = consistent === '' ? 'lookup' : 'consistent lookup'

    test.each([
      "INSERT INTO people (id, email, team, code) VALUES (11, 'k@x', 30, 111), (12, 'l@x', 30, 112), (13, NULL, NULL, NULL)",
      "INSERT INTO people SET id = 11, email = 'k@x'",
      "INSERT INTO people (id, email) VALUES (11, 'k@x'), (12, 'a@x'), (13, 'm@x')",
      "INSERT INTO people (id, email, team, code) VALUES (12, 'l@x', 30, 112), (11, 'k@x', 30, 111), (13, NULL, NULL, NULL) RETURNING id, email",
      "INSERT INTO people (id, email) VALUES (11, 'k@x'), (12, 'k@x')",
      "INSERT INTO people (id, email, note) VALUES (11, 'k@x', REPEAT('x', 30)), (12, 'a@x', '')",
      "INSERT INTO people (id, email, code) VALUES (11, 'k@x', 103), (12, 'a@x', 112)",
      "INSERT INTO people (id, email) VALUES (1, 'k@x')",
      "INSERT INTO people (id, email) VALUES (1, 'a@x')",
      "INSERT INTO people (id, email) VALUES (1, 'd@x')",
      "INSERT INTO people (id, email) VALUES (4, 'a@x')",
      'INSERT INTO people (id, code) VALUES (11, 103)',
      "INSERT IGNORE INTO people (id, email, code) VALUES (11, 'k@x', 111), (12, 'a@x', 112), (1, 'm@x', 113), (14, 'n@x', 103)",
      "INSERT IGNORE INTO people (id, email) VALUES (12, 'c@x')",
      "INSERT INTO people (id, email, team) VALUES (11, 'k@x', 30), (12, 'a@x', 40) ON DUPLICATE KEY UPDATE team = VALUES(team), note = 'met'",
      "INSERT INTO people (id, email, team) VALUES (1, 'z@x', 30) ON DUPLICATE KEY UPDATE email = VALUES(email), team = VALUES(team)",
      "INSERT INTO people (id, email) VALUES (1, 'z@x') ON DUPLICATE KEY UPDATE email = 'c@x'",
      "INSERT INTO people (id, email, team) VALUES (1, 'q@x', 30) ON DUPLICATE KEY UPDATE note = 'met'",
      "REPLACE INTO people (id, email, team) VALUES (1, 'z@x', 30), (21, 'k@x', 40)",
      "REPLACE INTO people (id, email, team, code) VALUES (21, 'a@x', 30, 103)",
      "REPLACE INTO people (id, email) VALUES (1, 'a@x')",
      "REPLACE INTO people (id, email, note) VALUES (11, 'k@x', 'x'), (12, 'l@x', REPEAT('x', 30))",
      "INSERT INTO people (id, email, team) SELECT id + 100, CONCAT('n', email), team FROM people",
      'INSERT INTO people (id, email) SELECT id + 100, email FROM people ORDER BY id',
      'INSERT IGNORE INTO people (id, email) SELECT id + 100, email FROM people WHERE id < 5',
    ])(`${named}: %s`, async (sql) => {
      await both(sql)
      await check()
    })

    test.each([
      "UPDATE people SET email = 'z@x' WHERE id = 1",
      "UPDATE people SET email = 'c@x' WHERE id = 1",
      'UPDATE people SET email = email WHERE id = 1',
      "UPDATE people SET email = CONCAT(email, 'y'), team = team + 1",
      'UPDATE people SET email = NULL, code = NULL WHERE id < 4',
      "UPDATE people SET email = 'new@x' WHERE email = 'b@x'",
      'UPDATE people SET team = 30 WHERE team = 10',
      'UPDATE people SET team = 30 ORDER BY id DESC LIMIT 3',
      'UPDATE people SET code = code + 1 ORDER BY id DESC',
      'UPDATE people SET code = code + 1',
      "UPDATE people SET note = 'x' WHERE email = 'c@x'",
      'UPDATE people p JOIN notes n ON n.owner = p.id SET p.team = n.topic, n.body = 9 WHERE n.id > 2',
      'DELETE FROM people WHERE id = 1',
      "DELETE FROM people WHERE email = 'c@x'",
      'DELETE FROM people WHERE team = 10',
      'DELETE FROM people ORDER BY id LIMIT 2',
      'DELETE FROM people',
      'DELETE p, n FROM people p JOIN notes n ON n.owner = p.id WHERE n.topic = 7',
      'DELETE FROM notes WHERE id = 1',
      'DELETE FROM notes WHERE id IN (1, 2)',
      'UPDATE notes SET topic = 8 WHERE id = 1',
      'UPDATE people x JOIN people y ON y.id = x.id - 1 SET x.team = y.team, x.code = y.code - 50',
      'UPDATE notes x JOIN notes y ON y.id = x.id + 2 SET x.topic = y.topic',
    ])(`${named}: %s`, async (sql) => {
      await both(sql)
      await check()
    })

    test.each([
      'UPDATE people SET id = 77 WHERE id = 1',
      'UPDATE people SET id = id + 100',
      'UPDATE people SET id = id + 1',
      'UPDATE people SET id = id + 1 ORDER BY id DESC',
      "UPDATE people SET id = 4, note = 'moved' WHERE id = 1",
      "UPDATE people SET id = id + 50, email = CONCAT(email, '2'), team = id WHERE team = 10",
      'UPDATE notes SET owner = 3 WHERE id = 1',
      'UPDATE notes SET owner = owner + 1',
      'UPDATE notes SET owner = 1, id = id + 10, topic = 12 WHERE owner = 2 ORDER BY id DESC',
      'UPDATE notes n JOIN people p ON p.id = n.owner SET n.owner = p.team WHERE p.id < 3',
      "UPDATE people SET id = 'abc' WHERE id = 1",
      'UPDATE notes x JOIN notes y ON y.id = x.id + 2 SET x.owner = y.owner',
      'UPDATE people x JOIN (SELECT 77 AS id) y SET x.id = y.id WHERE x.id = 1',
    ])(`${named}, a key that moves its row: %s`, async (sql) => {
      await both(sql)
      await check()
    })

    test(`${named}: ON DUPLICATE KEY UPDATE changes the row that one server would`, async () => {
      const update = (id: number, email: string, code: number) =>
        `INSERT INTO people (id, email, code) VALUES (${id}, '${email}', ${code}) ON DUPLICATE KEY UPDATE note = 'met'`
      // The primary key is looked at first.
      await both(update(1, 'b@x', 103), update(2, 'c@x', 104), update(3, 'a@x', 102), update(4, 'a@x', 101))
      // Where it is not met: by which of the others a server goes is its order of keys.
      const refused: string[] = []
      for (const id of [11, 12, 13, 14])
        for (const code of [102, 103, 104]) {
          const sql = update(id, 'a@x', code)
          const [one] = await sharded.query(sql)
          if (one!.kind === 'error' && one.errno === 1235) refused.push(sql)
          else expect(outcome(one!), sql).toBe(outcome((await plain.query(sql))[0]!))
        }
      expect(refused).not.toHaveLength(0)
      await check()
    })

    test(`${named}: for a session in no database`, async () => {
      const client = await ProtocolClient.connect({
        port: proxy.port,
        user: proxy.user,
        password: proxy.password,
      })
      for (const sql of [
        "INSERT INTO main.people (id, email, team) VALUES (11, 'k@x', 30)",
        "REPLACE INTO main.people (id, email, team) VALUES (12, 'k@x', 30)",
        'UPDATE main.people SET team = 40 WHERE id = 12',
        'DELETE FROM main.people WHERE id = 12',
      ])
        expect(outcome((await client.query(sql))[0]!), sql).not.toMatch(/^error/)
      client.close()
      await check()
    })

    test(`${named}: a number that is to be text meets the same text`, async () => {
      await both(
        "INSERT INTO people (id, email) VALUES (11, '5x'), (12, '05'), (13, '5.0'), (14, '5 ')",
        'REPLACE INTO people (id, email) VALUES (15, 5)',
        "INSERT INTO people (id, email) VALUES (16, 5) ON DUPLICATE KEY UPDATE note = 'met'",
        'INSERT IGNORE INTO people (id, email) VALUES (16, 6)',
      )
      await check()
    })

    test(`${named}: of values that a column may call equal, entries go with their rows`, async () => {
      const kinds = async () =>
        (await rows('SELECT DISTINCT LOWER(kind) FROM main.word_kinds', sharded)).flat()
      await both(
        'DELETE FROM words',
        "INSERT INTO words VALUES ('a', 'x'), ('b', 'y'), ('c', 'z'), ('d', 'x'), ('e', 'y'), ('f', 'z'), ('g', 'x'), ('h', 'y')",
        "UPDATE words SET kind = CASE kind WHEN 'x' THEN 'Y' WHEN 'y' THEN 'Z' ELSE 'v' END",
      )
      expect((await kinds()).sort()).toEqual(['v', 'y', 'z'])
      await both("REPLACE INTO words VALUES ('A', 'Q'), ('a', 'q'), ('B', 'y')", 'DELETE FROM words')
      expect(await kinds()).toEqual([])
    })

    test.skipIf(server === 'mysql')(`${named}: RETURNING of a value that is there`, async () => {
      const [answer] = await sharded.query(
        "INSERT INTO people (id, email) VALUES (11, 'k@x'), (12, 'a@x') RETURNING id",
      )
      expect(outcome(answer!)).toBe("error 1062 Duplicate entry 'a@x' for key 'email'")
      await check()
    })

    test(`${named}: UPDATE IGNORE of a key that another shard has is refused`, async () => {
      const [answer] = await sharded.query('UPDATE IGNORE people SET id = 2 WHERE id IN (1, 3, 4, 5)')
      expect(outcome(answer!)).toMatch(/^error 1235 /)
      await check()
    })

    test(`${named}: UPDATE IGNORE of a key that another row of the shard has changes no entry`, async () => {
      await sharded.query("SET transaction_mode = 'twopc'")
      let ignored = 0
      for (const [from, to] of [1, 2, 3, 4, 5].flatMap((id) => [1, 2, 3, 4, 5].map((other) => [id, other]))) {
        const sql = `UPDATE IGNORE people SET id = ${to} WHERE id = ${from}`
        const [one] = await sharded.query(sql)
        if (outcome(one!).startsWith('error 1235 ')) continue
        const [other] = await plain.query(sql)
        expect(outcome(one!), sql).toBe(outcome(other!))
        if (from !== to) ignored++
      }
      expect(ignored).toBeGreaterThan(1)
      await check()
      await sharded.query("SET transaction_mode = 'multi'")
    })

    test(`${named}: a temporary table that hides a lookup table`, async () => {
      await sharded.query(
        'CREATE TEMPORARY TABLE email_ids (email VARCHAR(40) PRIMARY KEY, id VARBINARY(16))',
      )
      for (const sql of [
        "INSERT INTO people (id, email) VALUES (11, 'k@x'), (12, 'l@x')",
        "UPDATE people SET email = 'z@x' WHERE id = 1",
        'DELETE FROM people WHERE id = 2',
      ])
        expect(outcome((await sharded.query(sql))[0]!), sql).toMatch(/^error 1235 /)
      await sharded.query('DROP TEMPORARY TABLE email_ids')
      await check()
    })

    if (consistent !== '')
      test(`${named}: under LOCK TABLES`, async () => {
        await both(
          'LOCK TABLES people WRITE',
          "INSERT INTO people (id, email, team) VALUES (11, 'k@x', 30), (12, 'l@x', 30)",
          "UPDATE people SET email = 'm@x', team = 40 WHERE id IN (11)",
          "REPLACE INTO people (id, email) VALUES (12, 'a@x')",
          'DELETE FROM people WHERE id = 2',
          'UNLOCK TABLES',
        )
        await check()
      })

    test(`${named}: under settings of the session`, async () => {
      await both(
        'SET sql_select_limit = 1',
        'UPDATE people SET team = team + 1 ORDER BY id LIMIT 5',
        'DELETE FROM people WHERE team = 11 ORDER BY id LIMIT 2',
        'INSERT INTO people (id, email) SELECT id + 100, CONCAT(email, 2) FROM people ORDER BY id',
        'SET sql_select_limit = DEFAULT',
        "SET sql_mode = ''",
        "UPDATE people SET email = REPEAT('x', 60) WHERE id = 3",
        `INSERT INTO people (id, email) VALUES (21, '${'y'.repeat(60)}'), (22, 5)`,
        "UPDATE people SET id = '23' WHERE id = 22",
        'SET sql_mode = DEFAULT',
      )
      await check()
      await sharded.query("SET transaction_mode = 'single'")
      await both('BEGIN', "UPDATE people SET email = 'single' WHERE id = 3", 'COMMIT')
      await sharded.query("SET transaction_mode = 'multi'")
      await check()
    })

    test(`${named}: where all shards commit alike`, async () => {
      await sharded.query("SET transaction_mode = 'twopc'")
      await both(
        "UPDATE people SET id = 77, email = 'two@x' WHERE id = 1",
        "INSERT INTO people (id, email, team, code) VALUES (78, 'a@x', 1, 1), (79, 'p@x', 1, 2)",
        "REPLACE INTO people (id, email) VALUES (80, 'b@x')",
        'BEGIN',
        "DELETE FROM people WHERE email = 'c@x'",
        'SAVEPOINT s',
        "INSERT INTO people (id, email) VALUES (81, 'c@x')",
        "SELECT id FROM people WHERE email = 'c@x'",
        'ROLLBACK TO s',
        'UPDATE people SET id = id + 200',
        "SELECT id FROM people WHERE email = 'd@x'",
        'COMMIT',
      )
      await check()
      await both('BEGIN', 'DELETE FROM people', 'UPDATE notes SET owner = owner + 1', 'ROLLBACK')
      await check()
      await sharded.query("SET transaction_mode = 'multi'")
    })

    test(`${named}: prepared`, async () => {
      await both(
        "PREPARE s FROM 'INSERT INTO people (id, email, team) VALUES (?, ?, ?), (?, ?, 5)'",
        "SET @a = 61, @b = 'p@x', @c = 9, @d = 62, @e = 'q@x'",
        'EXECUTE s USING @a, @b, @c, @d, @e',
        'EXECUTE s USING @a, @b, @c, @d, @e',
        "PREPARE u FROM 'UPDATE people SET id = ?, email = ? WHERE email = ?'",
        "SET @a = 63, @b = 'r@x', @c = 'p@x'",
        'EXECUTE u USING @a, @b, @c',
      )
      await check()
      const text = (of: string) => stringParam(of)
      for (const [sql, params] of [
        ['UPDATE people SET email = ?, team = ? WHERE id = ?', [text('s@x'), bigintParam(3), bigintParam(1)]],
        ['INSERT INTO people (id, email) VALUES (?, ?)', [bigintParam(71), text('t@x')]],
        ['INSERT INTO people (id, email) VALUES (?, ?)', [bigintParam(72), text('t@x')]],
        ['REPLACE INTO people (id, email) VALUES (?, ?)', [bigintParam(73), text('t@x')]],
        ['UPDATE people SET id = ? WHERE email = ?', [bigintParam(74), text('t@x')]],
        ['DELETE FROM people WHERE email = ?', [text('b@x')]],
      ] as const) {
        const outcomes = []
        for (const client of [sharded, plain]) {
          const prepared = await client.prepare(sql)
          if (prepared.kind === 'error') throw new Error(prepared.message)
          outcomes.push(outcome((await client.execute(prepared.id, [...params]))[0]!))
        }
        expect(outcomes[0], sql).toBe(outcomes[1])
        await check()
      }
    })

    test(`${named}: within a transaction, with savepoints`, async () => {
      await both(
        'BEGIN',
        'DELETE FROM people WHERE id = 1',
        "INSERT INTO people (id, email, team, code) VALUES (31, 'a@x', 10, 101)",
        'SAVEPOINT s',
        "UPDATE people SET email = 'b2@x' WHERE email = 'b@x'",
        "INSERT INTO people (id, email) VALUES (32, 'b@x')",
        "SELECT id FROM people WHERE email = 'b@x'",
        "SELECT id FROM people WHERE email = 'b2@x'",
        "INSERT INTO people (id, email) VALUES (33, 'a@x')",
        'UPDATE people SET id = 99 WHERE id = 31',
        'ROLLBACK TO s',
        "SELECT id FROM people WHERE email = 'b@x'",
        "SELECT id FROM people WHERE email = 'a@x'",
        'COMMIT',
      )
      await check()
      await both(
        'BEGIN',
        "DELETE FROM people WHERE email = 'a@x'",
        "INSERT INTO people (id, email) VALUES (41, 'x')",
        'ROLLBACK',
      )
      await check()
      await both(
        'BEGIN',
        'DELETE FROM people WHERE id = 2',
        "INSERT INTO people (id, email) VALUES (2, 'b@x')",
        'COMMIT',
      )
      await check()
      await both(
        'SET autocommit = 0',
        "UPDATE people SET email = 'q@x' WHERE id = 3",
        "UPDATE people SET email = 'c@x' WHERE id = 3",
        'COMMIT',
        'SET autocommit = 1',
      )
      await check()
    })
  }
})

function outcome(result: Result): string {
  switch (result.kind) {
    case 'error':
      return `error ${result.errno} ${result.message.replace('`plain`', '`main`')}`
    case 'ok':
      return `ok ${result.affectedRows} ${result.info} ${result.warnings}`
    default:
      return JSON.stringify(result.rows.map((row) => textRow(row)))
  }
}

expect.extend({
  toEqualRows(received: readonly unknown[], expected: readonly unknown[]) {
    const texts = (list: readonly unknown[]) => [...new Set(list.map((row) => JSON.stringify(row)))].sort()
    const pass = this.equals(texts(received), texts(expected))
    return { pass, message: () => `${texts(received).join('\n')}\nare not\n${texts(expected).join('\n')}` }
  },
})

declare module 'vitest' {
  interface Assertion {
    toEqualRows(expected: readonly unknown[]): void
  }
}
