// mysql2: the script by both protocols, then what the driver itself offers.
import mysql from 'mysql2/promise'
import { askAll, server } from '../questions.mjs'
import { questionsOf, toldError } from './script.mjs'

const open = (more) =>
  mysql.createConnection({ ...server, database: 'work', timezone: 'Z', supportBigNumbers: true, ...more })
const db = await open({ multipleStatements: true, rowsAsArray: true })
const statements = []

/** In a transaction, autocommit, more results, read only: the rest tells of plans and of what else changed. */
const STATUS = 1 | 2 | 8 | 8192
const fieldsOf = (fields) =>
  fields?.flat().map((field) => field && [field.name, field.columnType, field.decimals])
const toldResult = (result) => {
  if (Array.isArray(result)) return result.map(toldResult)
  if (result?.serverStatus === undefined) return result
  const { stateChanges, serverStatus, ...more } = result
  return { ...more, status: serverStatus & STATUS }
}
const told = ([result, fields]) => [toldResult(result), fieldsOf(fields)]

/** The driver gives no errors of prepared statements that the protocol does not have (1295). */
const prepared = async (sql) => told(await db.execute(sql))

await askAll(
  {
    ...questionsOf(async (sql) => told(await db.query(sql)), 'text'),
    ...questionsOf(prepared, 'prepared'),
    'several at once': async () =>
      told(
        await db.query(
          "INSERT INTO settings (name, value) VALUES ('m1', 1), ('m2', 2); UPDATE settings SET value = 3 WHERE name > 'm'; SELECT name, value FROM settings ORDER BY name; SELECT 1 / 0; SHOW WARNINGS",
        ),
      ),
    'several, of which one fails': () =>
      db
        .query(
          "INSERT INTO settings (name) VALUES ('m3'); INSERT INTO settings (name) VALUES ('m1'); INSERT INTO settings (name) VALUES ('m4')",
        )
        .catch(toldError),
    'what they left': async () => (await db.query('SELECT name FROM settings ORDER BY name'))[0],
    'rows in bulk': async () =>
      told(
        await db.query('INSERT INTO accounts (email, balance) VALUES ?', [
          Array.from({ length: 50 }, (_, i) => [`bulk${i}@x`, `${i}.50`]),
        ]),
      ),
    'their ids': async () => (await db.query('SELECT id, email, balance FROM accounts ORDER BY id'))[0],
    'values by name': async () => {
      const connection = await open({ namedPlaceholders: true })
      const [row] = await connection.execute(
        'SELECT email FROM accounts WHERE balance > :least ORDER BY id LIMIT 2',
        {
          least: 10,
        },
      )
      await connection.end()
      return row
    },
    'values of all kinds': async () => {
      const values = [
        7,
        1.5,
        '12345678901234567890.5',
        true,
        null,
        new Date(1_700_000_000_123),
        Buffer.from([0, 255]),
      ]
      await db.execute(
        'INSERT INTO kinds (id, ratio, decimals, flag, label, moment, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)',
        values,
      )
      await db.execute('UPDATE kinds SET document = ? WHERE id = ?', [JSON.stringify({ a: [1, 'ü'] }), 7])
      return (await db.execute('SELECT * FROM kinds WHERE id = ?', [7]))[0]
    },
    'a transaction': async () => {
      await db.beginTransaction()
      await db.execute('UPDATE accounts SET balance = balance - ? WHERE email = ?', ['1.25', 'bulk1@x'])
      await db.execute('UPDATE accounts SET balance = balance + ? WHERE email = ?', ['1.25', 'bulk2@x'])
      await db.commit()
      await db.beginTransaction()
      await db.query('DELETE FROM accounts')
      await db.rollback()
      return (await db.query('SELECT email, balance FROM accounts WHERE id < 1000000 ORDER BY id LIMIT 3'))[0]
        .length
    },
    'an error in a transaction': async () => {
      await db.beginTransaction()
      await db.query("INSERT INTO settings (name) VALUES ('t1')")
      const error = await db
        .execute('INSERT INTO settings (name) VALUES (?), (?)', ['t2', 't1'])
        .catch(toldError)
      await db.query("INSERT INTO settings (name) VALUES ('t3')")
      await db.commit()
      return [error, (await db.query("SELECT name FROM settings WHERE name LIKE 't%' ORDER BY name"))[0]]
    },
    'the session begun again': async () => {
      await db.query('SET @a = 5, time_zone = "+03:00"')
      await db.query('CREATE TEMPORARY TABLE gone (id INT)')
      await db.changeUser({ database: 'office' })
      return [
        (await db.query('SELECT @a, @@time_zone, DATABASE()'))[0],
        await db.query('SELECT * FROM work.gone').catch(toldError),
      ]
    },
    'tidied up': async () => {
      await db.changeUser({ database: 'work' })
      for (const table of ['settings', 'kinds', 'accounts']) await db.query(`DELETE FROM ${table}`)
    },
  },
  statements,
)
await db.end()
