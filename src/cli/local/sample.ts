import type { Connection } from 'mysql2/promise'

/** Counts of the sample's rows: enough to see every shard at work, few enough to read. */
const CUSTOMERS = 24
const ORDERS_EACH = 3

const NAMES = [
  'Alma',
  'Boris',
  'Chloé',
  'Dmitri',
  'Eva',
  'Farid',
  'Grace',
  'Hana',
  'Ivo',
  'June',
  'Kofi',
  'Lena',
]
const COUNTRIES = ['AT', 'BR', 'DE', 'IN', 'JP', 'US']
const PRICES = ['24.50', '39.00', '6.75', '2.20']

/**
 * Puts the sample's rows in, through the proxy: it is the proxy that knows which shard a row belongs to. Rows of an
 * earlier try that did not come to its end are removed first.
 */
export async function loadSampleRows(connection: Connection): Promise<void> {
  await connection.query('USE shop')
  await connection.query('DELETE FROM orders')
  await connection.query('DELETE FROM customers')
  const customers = Array.from({ length: CUSTOMERS }, (_, i) => customerRow(i + 1))
  const columns = '(customer_id, name, email, country)'
  await connection.query(`INSERT INTO customers ${columns} VALUES ${customers.join(', ')}`)
  const orders = Array.from({ length: CUSTOMERS * ORDERS_EACH }, (_, i) => orderRow(i + 1))
  const orderColumns = '(order_id, customer_id, product_id, quantity, amount, ordered_at)'
  await connection.query(`INSERT INTO orders ${orderColumns} VALUES ${orders.join(', ')}`)
}

/** Statements to try, with what each shows. */
export const SAMPLE_QUERIES = [
  {
    shows: 'one shard: the sharding key is given',
    sql: 'SELECT name, email FROM customers WHERE customer_id = 7',
  },
  {
    shows: 'all shards, rows merged in order',
    sql: 'SELECT customer_id, name, country FROM customers ORDER BY name, customer_id LIMIT 5',
  },
  {
    shows: 'all shards, added up',
    sql: 'SELECT product_id, COUNT(*) AS orders, SUM(amount) AS total FROM orders GROUP BY product_id ORDER BY product_id',
  },
] as const

function customerRow(id: number): string {
  const name = NAMES[id % NAMES.length]!
  return `(${id}, '${name}', '${name
    .normalize('NFD')
    .replace(/[^A-Za-z]/g, '')
    .toLowerCase()}${id}@example.com', '${COUNTRIES[id % COUNTRIES.length]}')`
}

function orderRow(id: number): string {
  const customer = 1 + (id % CUSTOMERS)
  const product = id % PRICES.length
  const quantity = 1 + (id % 5)
  const day = String(1 + (id % 28)).padStart(2, '0')
  return `(${id}, ${customer}, ${product + 1}, ${quantity}, ${(Number(PRICES[product]) * quantity).toFixed(2)}, '2026-03-${day} 12:00:00')`
}
