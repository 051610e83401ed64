import { bigintParam, type PreparedInfo, stringParam } from '../../support/protocol-client.ts'
import { type Act, Broken, type ChaosClient, Refused } from './client.ts'

/** One row, one shard: a text. */
const writeOne: Act = async (client) => {
  const id = client.random.pick(client.ledger.ids)
  await acknowledged(client, [id], (number) => client.affected(updateOne(client, id, number)))
}

/** All rows of the client, over all shards, by one statement. */
const writeAll: Act = async (client) => {
  const { ids } = client.ledger
  await acknowledged(client, ids, (number) => client.affected(updateAll(client, number)))
}

/** The same as writeOne, prepared; at times a part of it comes as long data. */
const writePrepared: Act = async (client) => {
  const id = client.random.pick(client.ledger.ids)
  const sql = 'UPDATE users SET name = ?, score = ? WHERE id = ? AND score < ?'
  const prepared = await prepare(client, sql)
  await acknowledged(client, [id], async (number) => {
    const name = client.ledger.nameOf(id, number)
    const isLong = client.random.oneIn(3)
    const [result] = await client.ask(sql, (db) => {
      if (isLong) db.sendLongData(prepared.id, 0, Buffer.from(name))
      const value = isLong ? { type: 'blob' as const, bytes: Buffer.alloc(0) } : stringParam(name)
      return db.execute(prepared.id, [value, bigintParam(number), bigintParam(id), bigintParam(number)])
    })
    return result!.kind === 'ok' ? result!.affectedRows : -1
  })
  ;(await client.db()).closeStatement(prepared.id)
}

/** A transaction over one or several shards, which is committed, rolled back, or left. */
const transaction: Act = async (client) => {
  const { ledger, random } = client
  const ids = ledger.ids.filter(() => random.oneIn(2))
  if (ids.length === 0) return
  const written: number[] = []
  const number = ledger.nextNumber()
  let isLost = false
  try {
    await client.query('BEGIN')
    for (const id of ids) {
      if ((await client.affected(updateOne(client, id, number))) !== 1)
        throw new Broken(`an update in a transaction found no row ${id}`)
      written.push(id)
    }
    const rows = await client.rows(`SELECT id, score FROM users WHERE id IN (${ids.join()}) ORDER BY id`)
    if (rows.some(([, score]) => score !== String(number)) || rows.length !== ids.length)
      throw new Broken(`a transaction does not see its own writes: ${JSON.stringify(rows)}`)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    isLost = true // at times the transaction is committed all the same: then all that was acknowledged must be there
  }
  const ending = random.int(8)
  if (ending === 0) return client.vanish('in a transaction')
  if (ending <= 2 || (isLost && ending < 6)) {
    await client.query('ROLLBACK')
    return
  }
  const failed = isLost ? ids.filter((id) => !written.includes(id)) : []
  for (const id of failed) ledger.perhapsWritten(id, number)
  try {
    await client.query('COMMIT')
  } catch (error) {
    for (const id of written) ledger.perhapsWritten(id, number)
    throw error
  }
  for (const id of written) ledger.written(id, number)
  client.figures.count('commits')
}

/** Rows numbered by a sequence, over several shards, counted and taken away again. */
const insertNumbered: Act = async (client) => {
  const { ledger, random, number } = client
  const note = `c${number}:${ledger.nextNumber()}`
  const rows = Array.from(
    { length: 1 + random.int(5) },
    () => `(${random.pick(ledger.ids)}, 1, 9.5, '${note}')`,
  )
  const sql = `INSERT INTO orders (user_id, product, amount, note) VALUES ${rows.join(', ')}`
  const inserted = await client.affected(sql)
  if (inserted !== rows.length) throw new Broken(`${rows.length} rows inserted, ${inserted} acknowledged`)
  const [[count]] = (await client.rows(`SELECT COUNT(*) FROM orders WHERE note = '${note}'`)) as [[string]]
  if (count !== String(rows.length)) throw new Broken(`${rows.length} rows acknowledged, ${count} there`)
  if (!random.oneIn(8)) await client.affected(`DELETE FROM orders WHERE note = '${note}'`)
}

/** Two statements in one text, in a transaction of their own. */
const multiStatement: Act = async (client) => {
  const id = client.random.pick(client.ledger.ids)
  await acknowledged(client, [id], async (number) => {
    const results = await client.query(
      `SELECT 'c${client.number}' AS who; ${updateOne(client, id, number)}; SELECT SLEEP(0)`,
    )
    return results[1]?.kind === 'ok' ? results[1].affectedRows : -1
  })
}

export const writeActs = { writeOne, writeAll, writePrepared, transaction, insertNumbered, multiStatement }

/** Writes a new number into rows; without an OK it is there or not. */
async function acknowledged(
  { ledger }: ChaosClient,
  ids: readonly number[],
  write: (number: number) => Promise<number>,
): Promise<void> {
  const number = ledger.nextNumber()
  let affected: number
  try {
    affected = await write(number)
  } catch (error) {
    for (const id of ids) ledger.perhapsWritten(id, number)
    throw error
  }
  if (affected !== ids.length) throw new Broken(`an acknowledged write of rows ${ids} affected ${affected}`)
  for (const id of ids) ledger.written(id, number)
}

export async function prepare(client: ChaosClient, sql: string): Promise<PreparedInfo> {
  let prepared: PreparedInfo | undefined
  await client.ask(`prepare ${sql}`, async (db) => {
    const answer = await db.prepare(sql)
    if (answer.kind === 'prepared') prepared = answer
    return answer.kind === 'prepared' ? [] : [answer]
  })
  return prepared!
}

function updateOne({ ledger }: ChaosClient, id: number, number: number): string {
  const name = ledger.nameOf(id, number)
  return `UPDATE users SET name = '${name}', score = ${number} WHERE id = ${id} AND score < ${number}`
}

function updateAll({ ledger, number: client }: ChaosClient, number: number): string {
  const name = `CONCAT('c${client}:', id, ':${number}')`
  return `UPDATE users SET name = ${name}, score = ${number} WHERE id IN (${ledger.ids.join()}) AND score < ${number}`
}
