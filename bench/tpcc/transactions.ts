import type { RowRandom } from '../support/row-random.ts'
import { DISTRICTS, lastName, lastNames, nonUniform, type TpccSize } from './population.ts'

/** A connection as transactions use it; everything is a prepared statement. */
export interface TpccSession {
  /** Rows by column; decimals are text. */
  rows(sql: string, values: readonly unknown[]): Promise<readonly Row[]>
  /** Affected rows. */
  change(sql: string, values: readonly unknown[]): Promise<number>
}

type Row = Readonly<Record<string, string | number | null>>

/** With what it was given from the keyboard, so that it can be begun again. Resolves with false when it is to be rolled back. */
export type Transaction = (session: TpccSession) => Promise<boolean>

export const TRANSACTIONS = ['newOrder', 'payment', 'orderStatus', 'delivery', 'stockLevel'] as const
export type TransactionName = (typeof TRANSACTIONS)[number]

export interface Terminal {
  readonly random: RowRandom
  readonly size: TpccSize
  readonly warehouse: number
  readonly shares: Shares
}

/** In percent. */
export interface Shares {
  /** New-Orders whose last item there is not, so that they are rolled back. */
  readonly unusedItem: number
  /** Lines of New-Orders that another warehouse supplies. */
  readonly remoteLine: number
  /** Payments of customers of another warehouse. */
  readonly remotePayment: number
}

/** Sections 2.4.1.4, 2.4.1.5 and 2.5.1.2. */
export const SPECIFIED_SHARES: Shares = { unusedItem: 1, remoteLine: 1, remotePayment: 15 }

/** The five transactions of TPC-C (sections 2.4 to 2.8), each with the inputs that its section has drawn. */
export const makeTransaction: Readonly<Record<TransactionName, (terminal: Terminal) => Transaction>> = {
  newOrder({ random, size, warehouse: w, shares }) {
    const d = random.int(1, DISTRICTS)
    const c = customerId(random, size)
    const lines = Array.from({ length: random.int(5, 15) }, () => ({
      item: itemId(random, size),
      supplier: random.int(1, 100) <= shares.remoteLine ? otherWarehouse(random, size, w) : w,
      quantity: random.int(1, 10),
    }))
    if (random.int(1, 100) <= shares.unusedItem) lines.at(-1)!.item = size.items + 1
    return async (session) => {
      await one(
        session,
        'SELECT c_discount, c_last, c_credit, w_tax FROM customer, warehouse WHERE w_id = ? AND c_w_id = w_id AND c_d_id = ? AND c_id = ?',
        [w, d, c],
      )
      const district = await one(
        session,
        'SELECT d_next_o_id, d_tax FROM district WHERE d_w_id = ? AND d_id = ? FOR UPDATE',
        [w, d],
      )
      const o = Number(district['d_next_o_id'])
      await changeOne(session, 'UPDATE district SET d_next_o_id = ? + 1 WHERE d_w_id = ? AND d_id = ?', [
        o,
        w,
        d,
      ])
      const isLocal = lines.every(({ supplier }) => supplier === w)
      await changeOne(
        session,
        'INSERT INTO orders (o_id, o_d_id, o_w_id, o_c_id, o_entry_d, o_ol_cnt, o_all_local) VALUES (?, ?, ?, ?, NOW(), ?, ?)',
        [o, d, w, c, lines.length, isLocal ? 1 : 0],
      )
      await changeOne(session, 'INSERT INTO new_order (no_o_id, no_d_id, no_w_id) VALUES (?, ?, ?)', [
        o,
        d,
        w,
      ])
      for (const [at, line] of lines.entries()) {
        if (!(await orderLine(session, { w, d, o, number: at + 1, ...line }))) return false
      }
      return true
    }
  },

  payment({ random, size, warehouse: w, shares }) {
    const d = random.int(1, DISTRICTS)
    const isRemote = random.int(1, 100) <= shares.remotePayment
    const customerW = isRemote ? otherWarehouse(random, size, w) : w
    const customerD = isRemote ? random.int(1, DISTRICTS) : d
    const choice = chooseCustomer(random, size)
    const amount = random.cents(100, 500_000)
    return async (session) => {
      await changeOne(session, 'UPDATE warehouse SET w_ytd = w_ytd + ? WHERE w_id = ?', [amount, w])
      const from = await one(session, `SELECT ${address('w')} FROM warehouse WHERE w_id = ?`, [w])
      await changeOne(session, 'UPDATE district SET d_ytd = d_ytd + ? WHERE d_w_id = ? AND d_id = ?', [
        amount,
        w,
        d,
      ])
      const at = await one(session, `SELECT ${address('d')} FROM district WHERE d_w_id = ? AND d_id = ?`, [
        w,
        d,
      ])
      const { id, credit, data } = await findCustomer(session, { w: customerW, d: customerD, choice })
      const isBad = credit === 'BC'
      const more = isBad ? ', c_data = ?' : ''
      const noted = `${[id, customerD, customerW, d, w, amount].join(' ')}|${data}`.slice(0, 500)
      await changeOne(
        session,
        `UPDATE customer SET c_balance = c_balance - ?, c_ytd_payment = c_ytd_payment + ?, c_payment_cnt = c_payment_cnt + 1${more} WHERE c_w_id = ? AND c_d_id = ? AND c_id = ?`,
        [amount, amount, ...(isBad ? [noted] : []), customerW, customerD, id],
      )
      await changeOne(
        session,
        'INSERT INTO history (h_c_id, h_c_d_id, h_c_w_id, h_d_id, h_w_id, h_date, h_amount, h_data) VALUES (?, ?, ?, ?, ?, NOW(), ?, ?)',
        [id, customerD, customerW, d, w, amount, `${from['w_name']}    ${at['d_name']}`],
      )
      return true
    }
  },

  orderStatus({ random, size, warehouse: w }) {
    const d = random.int(1, DISTRICTS)
    const choice = chooseCustomer(random, size)
    return async (session) => {
      const { id } = await findCustomer(session, { w, d, choice })
      const order = await one(
        session,
        'SELECT o_id, o_carrier_id, o_entry_d FROM orders WHERE o_w_id = ? AND o_d_id = ? AND o_c_id = ? ORDER BY o_id DESC LIMIT 1',
        [w, d, id],
      )
      await session.rows(
        'SELECT ol_i_id, ol_supply_w_id, ol_quantity, ol_amount, ol_delivery_d FROM order_line WHERE ol_w_id = ? AND ol_d_id = ? AND ol_o_id = ?',
        [w, d, order['o_id']],
      )
      return true
    }
  },

  delivery({ random, warehouse: w }) {
    const carrier = random.int(1, 10)
    return async (session) => {
      for (let d = 1; d <= DISTRICTS; d++) await deliverOldest(session, { w, d, carrier })
      return true
    }
  },

  stockLevel({ random, warehouse: w }) {
    const d = random.int(1, DISTRICTS)
    const threshold = random.int(10, 20)
    return async (session) => {
      const district = await one(session, 'SELECT d_next_o_id FROM district WHERE d_w_id = ? AND d_id = ?', [
        w,
        d,
      ])
      const next = Number(district['d_next_o_id'])
      await one(
        session,
        'SELECT COUNT(DISTINCT s_i_id) AS low FROM order_line, stock WHERE ol_w_id = ? AND ol_d_id = ? AND ol_o_id < ? AND ol_o_id >= ? AND s_w_id = ? AND s_i_id = ol_i_id AND s_quantity < ?',
        [w, d, next, next - 20, w, threshold],
      )
      return true
    }
  },
}

interface OrderLine {
  readonly w: number
  readonly d: number
  readonly o: number
  readonly number: number
  readonly item: number
  readonly supplier: number
  readonly quantity: number
}

/** False when there is no such item. */
async function orderLine(session: TpccSession, line: OrderLine): Promise<boolean> {
  const { w, d, o, number, item, supplier, quantity } = line
  const [found] = await session.rows('SELECT i_price, i_name, i_data FROM item WHERE i_id = ?', [item])
  if (found === undefined) return false
  const info = `s_dist_${String(d).padStart(2, '0')}`
  const stock = await one(
    session,
    `SELECT s_quantity, s_data, ${info} AS info FROM stock WHERE s_w_id = ? AND s_i_id = ? FOR UPDATE`,
    [supplier, item],
  )
  const left = Number(stock['s_quantity']) - quantity
  await changeOne(
    session,
    'UPDATE stock SET s_quantity = ?, s_ytd = s_ytd + ?, s_order_cnt = s_order_cnt + 1, s_remote_cnt = s_remote_cnt + ? WHERE s_w_id = ? AND s_i_id = ?',
    [left >= 10 ? left : left + 91, quantity, supplier === w ? 0 : 1, supplier, item],
  )
  await changeOne(
    session,
    'INSERT INTO order_line (ol_o_id, ol_d_id, ol_w_id, ol_number, ol_i_id, ol_supply_w_id, ol_quantity, ol_amount, ol_dist_info) VALUES (?, ?, ?, ?, ?, ?, ?, ? * ?, ?)',
    [o, d, w, number, item, supplier, quantity, quantity, found['i_price'], stock['info']],
  )
  return true
}

async function deliverOldest(
  session: TpccSession,
  { w, d, carrier }: { readonly w: number; readonly d: number; readonly carrier: number },
): Promise<void> {
  const [oldest] = await session.rows(
    'SELECT no_o_id FROM new_order WHERE no_w_id = ? AND no_d_id = ? ORDER BY no_o_id LIMIT 1 FOR UPDATE',
    [w, d],
  )
  if (oldest === undefined) return // the district has none; the others are delivered all the same
  const key = [w, d, oldest['no_o_id']]
  await changeOne(session, 'DELETE FROM new_order WHERE no_w_id = ? AND no_d_id = ? AND no_o_id = ?', key)
  const order = await one(
    session,
    'SELECT o_c_id, o_ol_cnt FROM orders WHERE o_w_id = ? AND o_d_id = ? AND o_id = ?',
    key,
  )
  await changeOne(
    session,
    'UPDATE orders SET o_carrier_id = ? WHERE o_w_id = ? AND o_d_id = ? AND o_id = ?',
    [carrier, ...key],
  )
  const ofOrder = 'WHERE ol_w_id = ? AND ol_d_id = ? AND ol_o_id = ?'
  const lines = await session.change(`UPDATE order_line SET ol_delivery_d = NOW() ${ofOrder}`, key)
  if (lines !== order['o_ol_cnt']) throw new Error(`an order of ${order['o_ol_cnt']} lines has ${lines}`)
  const sum = await one(session, `SELECT SUM(ol_amount) AS amount FROM order_line ${ofOrder}`, key)
  await changeOne(
    session,
    'UPDATE customer SET c_balance = c_balance + ?, c_delivery_cnt = c_delivery_cnt + 1 WHERE c_w_id = ? AND c_d_id = ? AND c_id = ?',
    [sum['amount'], w, d, order['o_c_id']],
  )
}

function address(prefix: string): string {
  return ['name', 'street_1', 'street_2', 'city', 'state', 'zip']
    .map((part) => `${prefix}_${part}`)
    .join(', ')
}

/** By last name or by id: 60 % and 40 % (sections 2.5.1.2 and 2.6.1.2). */
type CustomerChoice = { readonly last: string } | { readonly id: number }

function chooseCustomer(random: RowRandom, size: TpccSize): CustomerChoice {
  if (random.int(1, 100) > 60) return { id: customerId(random, size) }
  return { last: lastName(nonUniform(random, { a: 255, low: 0, high: lastNames(size) - 1, c: 123 })) }
}

/** Of several with one last name it is the one in the middle, by first name. */
async function findCustomer(
  session: TpccSession,
  { w, d, choice }: { readonly w: number; readonly d: number; readonly choice: CustomerChoice },
): Promise<{ readonly id: number; readonly credit: string; readonly data: string }> {
  const select =
    'SELECT c_id, c_first, c_middle, c_last, c_phone, c_credit, c_credit_lim, c_discount, c_balance, c_since, c_data FROM customer WHERE c_w_id = ? AND c_d_id = ?'
  const rows =
    'id' in choice
      ? await session.rows(`${select} AND c_id = ?`, [w, d, choice.id])
      : await session.rows(`${select} AND c_last = ? ORDER BY c_first`, [w, d, choice.last])
  const row = rows[Math.ceil(rows.length / 2) - 1]
  if (row === undefined) throw new Error(`no customer ${JSON.stringify(choice)} in ${w}/${d}`)
  return { id: Number(row['c_id']), credit: String(row['c_credit']), data: String(row['c_data']) }
}

function customerId(random: RowRandom, { customers }: TpccSize): number {
  return nonUniform(random, { a: 1_023, low: 1, high: customers, c: 259 })
}

function itemId(random: RowRandom, { items }: TpccSize): number {
  return nonUniform(random, { a: 8_191, low: 1, high: items, c: 7_911 })
}

function otherWarehouse(random: RowRandom, { warehouses }: TpccSize, w: number): number {
  if (warehouses === 1) return w
  const other = random.int(1, warehouses - 1)
  return other < w ? other : other + 1
}

async function one(session: TpccSession, sql: string, values: readonly unknown[]): Promise<Row> {
  const rows = await session.rows(sql, values)
  if (rows.length !== 1) throw new Error(`${rows.length} rows: ${sql} ${JSON.stringify(values)}`)
  return rows[0]!
}

async function changeOne(session: TpccSession, sql: string, values: readonly unknown[]): Promise<void> {
  const affected = await session.change(sql, values)
  if (affected !== 1) throw new Error(`${affected} affected rows: ${sql} ${JSON.stringify(values)}`)
}
