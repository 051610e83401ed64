const NAMES = ['Ada', 'Boris', 'Chloé', 'Dmitri', 'eva', 'Eva', 'Ødegård', 'Zoë', 'Ines', 'José']
const THINGS = ['teapot', 'kettle', 'cup', 'spade', 'rake', 'grinder', 'filter', 'spoon']
const COUNTRIES = ['AT', 'BR', 'DE', 'IN', 'JP', 'US']
const STATUSES = ['new', 'paid', 'sent', 'returned']
const SEGMENTS = ['retail', 'trade', 'vip']

/** The rows that each application begins with, as statements; tables of the depot are named with it. */
export const SHOP_ROWS: readonly string[] = [
  `INSERT INTO countries VALUES ('AT', 'Austria', 'Europe'), ('BR', 'Brazil', 'America'), ('DE', 'Germany', 'Europe'),
    ('IN', 'India', 'Asia'), ('JP', 'Japan', 'Asia'), ('US', 'United States', 'America'), ('ZZ', 'Nowhere', 'None')`,
  `INSERT INTO categories VALUES (1, 'Kitchen', NULL), (2, 'Tea', 1), (3, 'Coffee', 1), (4, 'Garden', NULL),
    (5, 'Tools', 4), (6, 'Empty', NULL)`,
  `INSERT INTO products VALUES ${list(1, 24, product)}`,
  `INSERT INTO customers VALUES ${list(1, 60, customer)}`,
  `INSERT INTO orders VALUES ${list(1, 180, order)}`,
  `INSERT INTO order_items VALUES ${list(1, 450, item)}`,
  `INSERT INTO depot.warehouses VALUES (1, 'Linz'), (2, 'Recife'), (3, 'Osaka')`,
  `INSERT INTO depot.stock VALUES ${list(1, 24, stock)}`,
]

function list(first: number, last: number, row: (n: number) => string): string {
  return Array.from({ length: last - first + 1 }, (_, i) => row(first + i)).join(', ')
}

function product(n: number): string {
  const name = `${THINGS[n % THINGS.length]} ${n % 3 === 0 ? 'large' : 'small'}`
  return `(${n}, ${1 + (n % 5)}, 'SKU-${1000 + n * 7}', '${name}', ${priceOf(n)}, ${n % 6 === 0 ? 0 : 1})`
}

function priceOf(productId: number): string {
  return (((productId * 733) % 9_000) / 100 + 1).toFixed(2)
}

function customer(n: number): string {
  return `(${[
    n,
    `'${NAMES[n % NAMES.length]} ${String.fromCharCode(65 + (n % 7))}.'`,
    n % 5 === 0 ? 'NULL' : `'c${n}@example.${n % 2 === 0 ? 'com' : 'org'}'`,
    `'${COUNTRIES[(n * 5) % COUNTRIES.length]}'`,
    `'${SEGMENTS[n % SEGMENTS.length]}'`,
    (((n * 7_919) % 100_000) / 100 - 200).toFixed(2),
    `'${dateOf(n * 11)}'`,
    n % 4 === 0 ? `'likes ${THINGS[n % THINGS.length]}s'` : 'NULL',
  ].join(', ')})`
}

/** Customers over 50 have none. */
function customerOf(orderId: number): number {
  return 1 + ((orderId * 17) % 50)
}

function order(n: number): string {
  const status = STATUSES[n % STATUSES.length]
  return `(${[
    n,
    customerOf(n),
    `'${status}'`,
    (((n * 3_571) % 50_000) / 100).toFixed(2),
    n % 6 === 0 ? `'SAVE${n % 4}'` : 'NULL',
    `'${dateOf(n * 3)}'`,
    status === 'sent' || status === 'returned' ? `'${dateOf(n * 3 + 2)}'` : 'NULL',
  ].join(', ')})`
}

/** Products over 20 are never ordered. */
function item(n: number): string {
  const orderId = 1 + ((n * 7) % 170)
  const productId = 1 + ((n * 13) % 20)
  return `(${n}, ${orderId}, ${customerOf(orderId)}, ${productId}, ${1 + (n % 4)}, ${priceOf(productId)})`
}

function stock(n: number): string {
  return `(${n}, ${1 + (n % 3)}, ${(n * 37) % 50})`
}

/** Days into 2023, at a time of day that depends on them. */
function dateOf(days: number): string {
  const at = new Date(Date.UTC(2023, 0, 1, days % 24, (days * 7) % 60, (days * 13) % 60) + days * 86_400_000)
  return at.toISOString().slice(0, 19).replace('T', ' ')
}
