import { DISTRICTS, deliveredOrders, type TpccSize } from './population.ts'
import type { TpccCounts } from './terminals.ts'

/** Runs a SELECT; decimals are text. */
export type Ask = (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>

export interface Condition {
  /** As in clause 3.3.2 of the specification, and two more. */
  readonly name: string
  /** Selects what breaks it: no row when it holds. */
  readonly sql: string
  /** The table whose rows are about warehouses of other shards, too, and what of it matters. */
  readonly gathers?: { readonly table: string; readonly columns: string }
}

/** Customers have paid in the warehouses of others, and order lines are supplied by others. */
const PAYMENTS = { table: 'history', columns: 'h_c_w_id, h_c_d_id, h_c_id, h_amount' }
const LINES = { table: 'order_line', columns: 'ol_w_id, ol_o_id, ol_supply_w_id, ol_i_id, ol_quantity' }

const DELIVERED = `SELECT o_w_id AS w, o_d_id AS d, o_c_id AS c, SUM(ol_amount) AS amount FROM orders
  JOIN order_line ON ol_w_id = o_w_id AND ol_d_id = o_d_id AND ol_o_id = o_id
  WHERE ol_delivery_d IS NOT NULL GROUP BY o_w_id, o_d_id, o_c_id`

/** The consistency conditions (3.3.2.1 to 3.3.2.12), and what a write to another warehouse leaves there. */
export function conditions(size: TpccSize): readonly Condition[] {
  return [
    {
      name: '1: a warehouse has got what its districts have',
      sql: `SELECT w_id, w_ytd, SUM(d_ytd) FROM warehouse JOIN district ON d_w_id = w_id
        GROUP BY w_id, w_ytd HAVING w_ytd <> SUM(d_ytd)`,
    },
    {
      name: '2: the next order follows the last one, also among the new ones',
      sql: `SELECT d_w_id, d_id, d_next_o_id, o.last, n.last AS last_new FROM district
        LEFT JOIN (SELECT o_w_id AS w, o_d_id AS d, MAX(o_id) AS last FROM orders GROUP BY o_w_id, o_d_id) o
          ON o.w = d_w_id AND o.d = d_id
        LEFT JOIN (SELECT no_w_id AS w, no_d_id AS d, MAX(no_o_id) AS last FROM new_order GROUP BY no_w_id, no_d_id) n
          ON n.w = d_w_id AND n.d = d_id
        WHERE o.last IS NULL OR d_next_o_id - 1 <> o.last OR d_next_o_id - 1 <> COALESCE(n.last, o.last)`,
    },
    {
      name: '3: there are no gaps between new orders',
      sql: `SELECT no_w_id, no_d_id, MAX(no_o_id), MIN(no_o_id), COUNT(*) FROM new_order
        GROUP BY no_w_id, no_d_id HAVING MAX(no_o_id) - MIN(no_o_id) + 1 <> COUNT(*)`,
    },
    {
      name: '4: a district has the lines that its orders have',
      sql: `SELECT o.w, o.d, o.lines_told, l.lines_found
        FROM (SELECT o_w_id AS w, o_d_id AS d, SUM(o_ol_cnt) AS lines_told FROM orders GROUP BY o_w_id, o_d_id) o
        LEFT JOIN (SELECT ol_w_id AS w, ol_d_id AS d, COUNT(*) AS lines_found FROM order_line GROUP BY ol_w_id, ol_d_id) l
          ON l.w = o.w AND l.d = o.d
        WHERE l.lines_found IS NULL OR o.lines_told <> l.lines_found`,
    },
    {
      name: '5: an order has no carrier if and only if it is new',
      sql: `SELECT o_w_id, o_d_id, o_id, o_carrier_id, no_o_id FROM orders
        LEFT JOIN new_order ON no_w_id = o_w_id AND no_d_id = o_d_id AND no_o_id = o_id
        WHERE (o_carrier_id IS NULL) <> (no_o_id IS NOT NULL)`,
    },
    {
      name: '6: an order has as many lines as it says',
      sql: `SELECT o_w_id, o_d_id, o_id, o_ol_cnt, COUNT(ol_number) FROM orders
        LEFT JOIN order_line ON ol_w_id = o_w_id AND ol_d_id = o_d_id AND ol_o_id = o_id
        GROUP BY o_w_id, o_d_id, o_id, o_ol_cnt HAVING o_ol_cnt <> COUNT(ol_number)`,
    },
    {
      name: '7: a line has not been delivered if and only if its order has no carrier',
      sql: `SELECT ol_w_id, ol_d_id, ol_o_id, ol_number FROM order_line
        LEFT JOIN orders ON o_w_id = ol_w_id AND o_d_id = ol_d_id AND o_id = ol_o_id
        WHERE o_id IS NULL OR (ol_delivery_d IS NULL) <> (o_carrier_id IS NULL)`,
    },
    {
      name: '8: a warehouse has got what was paid in it',
      sql: `SELECT w_id, w_ytd, SUM(h_amount) FROM warehouse LEFT JOIN history ON h_w_id = w_id
        GROUP BY w_id, w_ytd HAVING w_ytd <> COALESCE(SUM(h_amount), 0)`,
    },
    {
      name: '9: a district has got what was paid in it',
      sql: `SELECT d_w_id, d_id, d_ytd, SUM(h_amount) FROM district LEFT JOIN history ON h_w_id = d_w_id AND h_d_id = d_id
        GROUP BY d_w_id, d_id, d_ytd HAVING d_ytd <> COALESCE(SUM(h_amount), 0)`,
    },
    {
      name: '10: a customer owes what was delivered less what was paid',
      gathers: PAYMENTS,
      sql: `SELECT c_w_id, c_d_id, c_id, c_balance, delivered.amount, paid.amount AS paid FROM customer
        LEFT JOIN (${DELIVERED}) delivered ON delivered.w = c_w_id AND delivered.d = c_d_id AND delivered.c = c_id
        LEFT JOIN (SELECT h_c_w_id AS w, h_c_d_id AS d, h_c_id AS c, SUM(h_amount) AS amount FROM history GROUP BY h_c_w_id, h_c_d_id, h_c_id) paid ON paid.w = c_w_id AND paid.d = c_d_id AND paid.c = c_id
        WHERE c_balance <> COALESCE(delivered.amount, 0) - COALESCE(paid.amount, 0)`,
    },
    {
      // Of a fresh population the specification asks for 2,100; each delivery is one more.
      name: '11: orders that are not new are those delivered',
      sql: `SELECT c.w, c.d, c.deliveries, o.total, n.fresh
        FROM (SELECT c_w_id AS w, c_d_id AS d, SUM(c_delivery_cnt) AS deliveries FROM customer GROUP BY c_w_id, c_d_id) c
        JOIN (SELECT o_w_id AS w, o_d_id AS d, COUNT(*) AS total FROM orders GROUP BY o_w_id, o_d_id) o
          ON o.w = c.w AND o.d = c.d
        LEFT JOIN (SELECT no_w_id AS w, no_d_id AS d, COUNT(*) AS fresh FROM new_order GROUP BY no_w_id, no_d_id) n
          ON n.w = c.w AND n.d = c.d
        WHERE o.total - COALESCE(n.fresh, 0) <> ${deliveredOrders(size)} + c.deliveries`,
    },
    {
      name: '12: what a customer owes and has paid is what was delivered',
      sql: `SELECT c_w_id, c_d_id, c_id, c_balance, c_ytd_payment, delivered.amount FROM customer
        LEFT JOIN (${DELIVERED}) delivered ON delivered.w = c_w_id AND delivered.d = c_d_id AND delivered.c = c_id
        WHERE c_balance + c_ytd_payment <> COALESCE(delivered.amount, 0)`,
    },
    {
      name: 'stock: what order lines of any warehouse have taken from it',
      gathers: LINES,
      sql: `SELECT s_w_id, s_i_id, s_ytd, s_order_cnt, s_remote_cnt, taken.quantity, taken.times, taken.remote FROM stock
        LEFT JOIN (SELECT ol_supply_w_id AS w, ol_i_id AS i, SUM(ol_quantity) AS quantity, COUNT(*) AS times,
            SUM(ol_supply_w_id <> ol_w_id) AS remote
          FROM order_line WHERE ol_o_id > ${size.customers} GROUP BY ol_supply_w_id, ol_i_id) taken
          ON taken.w = s_w_id AND taken.i = s_i_id
        WHERE s_ytd <> COALESCE(taken.quantity, 0) OR s_order_cnt <> COALESCE(taken.times, 0)
          OR s_remote_cnt <> COALESCE(taken.remote, 0)`,
    },
    {
      name: 'customers: what was paid anywhere by each',
      gathers: PAYMENTS,
      sql: `SELECT c_w_id, c_d_id, c_id, c_ytd_payment, c_payment_cnt, paid.amount, paid.times FROM customer
        LEFT JOIN (SELECT h_c_w_id AS w, h_c_d_id AS d, h_c_id AS c, SUM(h_amount) AS amount, COUNT(*) AS times
          FROM history GROUP BY h_c_w_id, h_c_d_id, h_c_id) paid
          ON paid.w = c_w_id AND paid.d = c_d_id AND paid.c = c_id
        WHERE c_ytd_payment <> COALESCE(paid.amount, 0) OR c_payment_cnt <> COALESCE(paid.times, 0)`,
    },
  ]
}

/** What is wrong, in words: rows that break a condition, and what was acknowledged and is not there, or is there twice. */
export async function brokenConditions(ask: Ask, size: TpccSize, counts: TpccCounts): Promise<string[]> {
  const broken: string[] = []
  for (const { name, sql } of conditions(size)) broken.push(...told(name, await ask(sql)))
  const loaded = size.warehouses * DISTRICTS * size.customers
  const expected = {
    orders: loaded + counts.newOrder.committed,
    history: loaded + counts.payment.committed,
  }
  for (const [table, count] of Object.entries(expected)) {
    const [row] = await ask(`SELECT COUNT(*) AS n FROM ${table}`)
    if (Number(row!['n']) !== count) broken.push(`${table}: ${row!['n']} rows, ${count} were acknowledged`)
  }
  return broken
}

/**
 * The same straight on the servers of all shards: each is asked about its own warehouses, with the payments and order lines of
 * all shards in a temporary table beside them. No transaction may be left prepared.
 */
export async function brokenOnShards(shards: readonly Ask[], size: TpccSize): Promise<string[]> {
  const broken: string[] = []
  for (const { name, sql, gathers } of conditions(size)) {
    const gathered = gathers && (await gather(shards, gathers))
    for (const ask of shards) {
      if (gathers && gathered) await keep(ask, gathers, gathered)
      const text = gathers ? sql.replace(`FROM ${gathers.table} `, 'FROM gathered ') : sql
      broken.push(...told(name, await ask(text)))
      if (gathers) await ask('DROP TEMPORARY TABLE gathered')
    }
  }
  for (const ask of shards) broken.push(...told('left prepared', await ask('XA RECOVER')))
  return broken
}

type Gathers = NonNullable<Condition['gathers']>

/** Rows as lists of literals. */
async function gather(shards: readonly Ask[], { table, columns }: Gathers): Promise<readonly string[]> {
  const ofShards = await Promise.all(shards.map((ask) => ask(`SELECT ${columns} FROM ${table}`)))
  return ofShards.flat().map((row) => `(${Object.values(row).join(', ')})`)
}

async function keep(ask: Ask, { table, columns }: Gathers, rows: readonly string[]): Promise<void> {
  await ask(`CREATE TEMPORARY TABLE gathered AS SELECT ${columns} FROM ${table} WHERE FALSE`)
  for (let at = 0; at < rows.length; at += GATHERED_ROWS)
    await ask(`INSERT INTO gathered VALUES ${rows.slice(at, at + GATHERED_ROWS).join(', ')}`)
}

const GATHERED_ROWS = 5_000

function told(name: string, rows: readonly unknown[]): string[] {
  if (rows.length === 0) return []
  return [`${name}: ${rows.length} rows, ${JSON.stringify(rows.slice(0, 3))}`]
}
