import { bigintParam, textRow } from '../../support/protocol-client.ts'
import { type Act, Broken, type ChaosClient } from './client.ts'
import { prepare } from './write-acts.ts'

const readOne: Act = async (client) => {
  const id = client.random.pick(client.ledger.ids)
  checkRows(client, await client.rows(`SELECT id, name, score FROM users WHERE id = ${id}`), [id])
}

/** From all shards, merged in order. */
const readAll: Act = async (client) => {
  const { ids } = client.ledger
  const sql = `SELECT id, name, score FROM users WHERE name LIKE 'c${client.number}:%' ORDER BY id`
  checkRows(client, await client.rows(sql), ids)
}

const readPrepared: Act = async (client) => {
  const id = client.random.pick(client.ledger.ids)
  const sql = "SELECT CONCAT_WS('|', id, name, score) FROM users WHERE id = ?"
  const prepared = await prepare(client, sql)
  for (let times = client.random.int(4); times >= 0; times--) {
    const [result] = await client.ask(sql, (db) => db.execute(prepared.id, [bigintParam(id)]))
    checkRows(client, binaryTexts(result), [id])
  }
  ;(await client.db()).closeStatement(prepared.id)
}

/** A cursor on one shard, read in pieces; at times it is left open. */
const cursor: Act = async (client) => {
  const id = client.random.pick(client.ledger.ids)
  const row = "CONCAT_WS('|', u.id, u.name, u.score)"
  const sql = `SELECT ${row} FROM users u LEFT JOIN orders o ON o.user_id = u.id WHERE u.id = ${id} LIMIT 20`
  const prepared = await prepare(client, sql)
  await client.ask(sql, (db) => db.openCursor(prepared.id))
  if (client.random.oneIn(8)) return client.vanish('with a cursor open')
  for (let isDone = false; !isDone; ) {
    const piece = await client.ask('fetch', (db) => db.fetch(prepared.id, 2))
    for (const text of binaryTexts(piece)) checkRows(client, [text], [id])
    isDone = piece.kind === 'rows' && (piece.status & STATUS_LAST_ROW_SENT) !== 0
  }
  ;(await client.db()).closeStatement(prepared.id)
}

/** Far more than the proxy reads ahead, taken with pauses. */
const slowReader: Act = async (client) => {
  const wanted = client.ledger.ids.filter(() => client.random.oneIn(2))
  if (wanted.length === 0) return
  const times = 10_000 + client.random.int(60_000)
  const sql = `SELECT id, REPEAT(CONCAT('c${client.number}:', id, ';'), ${times}) FROM users WHERE id IN (${wanted.join()})`
  const pauseMs = client.random.int(600)
  const leaves = client.random.oneIn(6)
  const [result] = await client.ask(sql, (db) => {
    const { socket } = db.raw
    socket.once('data', () => {
      socket.pause()
      setTimeout(() => (leaves ? client.vanish('in the middle of rows') : socket.resume()), pauseMs)
    })
    return db.query(sql)
  })
  const rows = result!.kind === 'rows' ? result!.rows.map(textRow) : []
  if (rows.length !== wanted.length) throw new Broken(`${rows.length} rows instead of ${wanted.length}`)
  for (const [id, text] of rows)
    if (text !== `c${client.number}:${id};`.repeat(times)) throw new Broken(`row ${id} of ${sql} is damaged`)
}

export const readActs = { readOne, readAll, readPrepared, cursor, slowReader }

const STATUS_LAST_ROW_SENT = 0x0080

/** The wanted rows, each once, each with what it may hold. */
export function checkRows(
  { ledger }: ChaosClient,
  rows: readonly (readonly (string | null)[])[],
  wanted: readonly number[],
): void {
  const got = rows.map(([id]) => Number(id)).sort((a, b) => a - b)
  if (got.join() !== [...wanted].sort((a, b) => a - b).join())
    throw new Broken(`client ${ledger.client} asked for rows ${wanted} and got ${got}`)
  for (const [id, name, number] of rows) ledger.check(Number(id), name ?? null, Number(number))
}

/** Binary rows of one text column, `a|b|c`. */
function binaryTexts(result: unknown): string[][] {
  const { rows } = result as { rows: readonly Buffer[] }
  // A row is 0x00, one byte of NULL bits, and the text with its length.
  return rows.map((row) => textRow(row.subarray(2))[0]!.split('|'))
}
