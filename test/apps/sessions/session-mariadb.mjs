// The mariadb connector: the script by both protocols, then what the driver itself offers.
import * as mariadb from 'mariadb'
import { askAll, server } from '../questions.mjs'
import { questionsOf, toldError } from './script.mjs'

const open = (more) =>
  mariadb.createConnection({
    ...server,
    database: 'work',
    timezone: 'Z',
    allowPublicKeyRetrieval: true,
    bigIntAsNumber: false,
    dateStrings: true,
    // MariaDB's COM_STMT_BULK_EXECUTE is not offered by the proxy: the driver sends rows one behind the other, as to a MySQL.
    bulk: false,
    ...more,
  })
const db = await open({ multipleStatements: true })
const statements = []

await askAll(
  {
    ...questionsOf((sql) => db.query(sql), 'text'),
    ...questionsOf((sql) => db.execute(sql), 'prepared'),
    'several at once': () =>
      db.query(
        "INSERT INTO settings (name, value) VALUES ('m1', 1), ('m2', 2); UPDATE settings SET value = 3 WHERE name > 'm'; SELECT name, value FROM settings ORDER BY name",
      ),
    'rows in a batch': () =>
      db.batch(
        'INSERT INTO accounts (email, balance) VALUES (?, ?)',
        Array.from({ length: 40 }, (_, i) => [`batch${i}@x`, i + 0.5]),
      ),
    'rows in a batch that has one twice': async () => [
      await db
        .batch('INSERT INTO settings (name, value) VALUES (?, ?)', [
          ['b1', 1],
          ['m1', 2],
          ['b2', 3],
        ])
        .catch(toldError),
      await db.query('SELECT name FROM settings ORDER BY name'),
    ],
    'changes in a batch': async () => [
      await db.batch('UPDATE accounts SET balance = balance + ? WHERE email = ?', [
        [1, 'batch1@x'],
        [2, 'batch2@x'],
        [3, 'nobody@x'],
      ]),
      await db.query("SELECT email, balance FROM accounts WHERE email LIKE 'batch1%' ORDER BY email"),
    ],
    'upserts in a batch': async () => [
      await db.batch(
        'INSERT INTO settings (name, value) VALUES (?, ?) ON DUPLICATE KEY UPDATE value = VALUES(value), changes = changes + 1',
        [
          ['m1', 'x'],
          ['m9', 'y'],
          ['m1', 'z'],
        ],
      ),
      await db.query('SELECT * FROM settings ORDER BY name'),
    ],
    'a transaction': async () => {
      await db.beginTransaction()
      await db.query("UPDATE accounts SET balance = balance - 1 WHERE email = 'batch1@x'")
      await db.rollback()
      await db.beginTransaction()
      await db.query("UPDATE accounts SET balance = balance + 1 WHERE email LIKE 'batch1%'")
      await db.commit()
      return db.query('SELECT SUM(balance) FROM accounts')
    },
    'a statement kept': async () => {
      const statement = await db.prepare(
        'INSERT INTO kinds (id, big, moment, bytes, document) VALUES (?, ?, ?, ?, ?)',
      )
      const answers = []
      for (const [id, big] of [
        [1, 2n ** 62n],
        [2, null],
        [2, 3n],
      ]) {
        const values = [id, big, '2024-05-05 05:05:05.050505', Buffer.from([id, 0]), '{"a": 1}']
        answers.push(await statement.execute(values).catch(toldError))
      }
      await statement.close()
      return [answers, await db.query('SELECT id, big, moment, bytes FROM kinds ORDER BY id')]
    },
    'rows one after the other': async () => {
      const rows = []
      for await (const row of db.queryStream('SELECT email FROM accounts ORDER BY id LIMIT 5')) rows.push(row)
      return rows
    },
    'the session begun again': async () => {
      await db.query('SET @a = 5')
      await db.query('CREATE TEMPORARY TABLE gone (id INT)')
      await db.reset()
      return [await db.query('SELECT @a, DATABASE()'), await db.query('SELECT * FROM gone').catch(toldError)]
    },
    'tidied up': async () => {
      for (const table of ['settings', 'kinds', 'accounts']) await db.query(`DELETE FROM ${table}`)
    },
  },
  statements,
)
await db.end()
