import type { Table } from '../support/load-tables.ts'
import { centsText, RowRandom } from '../support/row-random.ts'

/** What a population has; the specification's has 100,000 items and, in each district, 3,000 customers with an order each. */
export interface TpccSize {
  readonly warehouses: number
  readonly items: number
  readonly customers: number
}

export const DISTRICTS = 10

/** With as many items and customers as `scale` says; 1 is the specification's, about 100 MB a warehouse. */
export function tpccSize(warehouses: number, scale: number): TpccSize {
  return { warehouses, items: Math.round(100_000 * scale), customers: Math.round(3_000 * scale) }
}

/** Orders of a district that have been delivered, the first ones. */
export function deliveredOrders({ customers }: TpccSize): number {
  return Math.floor(customers * 0.7)
}

/** The nine tables as the specification populates them (section 4.3.3), in an order that foreign keys allow. */
export function tpccTables(size: TpccSize): readonly Table[] {
  const perDistrict = (name: string, rows: (at: District) => Iterable<string>) => ({
    name,
    rows: function* () {
      for (let w = 1; w <= size.warehouses; w++)
        for (let d = 1; d <= DISTRICTS; d++) yield* rows({ w, d, row: (w - 1) * DISTRICTS + d })
    },
  })
  const perCustomer = (name: string, row: (at: District, customer: number) => string) =>
    perDistrict(name, (at) => range(size.customers).map((customer) => row(at, customer)))
  const first = deliveredOrders(size)
  return [
    { name: 'item', rows: () => generate(size.items, item) },
    { name: 'warehouse', rows: () => generate(size.warehouses, (w) => warehouse(w, size)) },
    perDistrict('district', (at) => [district(at, size)]),
    perCustomer('customer', customer),
    perCustomer('history', history),
    {
      name: 'stock',
      rows: function* () {
        for (let w = 1; w <= size.warehouses; w++) yield* generate(size.items, (i) => stock(w, i, size))
      },
    },
    perDistrict('orders', (at) => orders(at, size).map((each) => orderRow(at, each))),
    perDistrict('new_order', (at) =>
      range(size.customers - first).map((n) => `${first + n}, ${at.d}, ${at.w}`),
    ),
    perDistrict('order_line', (at) => orders(at, size).flatMap((each) => orderLines(at, each, size))),
  ]
}

/** The syllables that a last name is made of, one for each of three digits (section 4.3.2.3). */
const SYLLABLES = ['BAR', 'OUGHT', 'ABLE', 'PRI', 'PRES', 'ESE', 'ANTI', 'CALLY', 'ATION', 'EING']

/** `371` is `PRICALLYOUGHT`. */
export function lastName(number: number): string {
  return [...String(number).padStart(3, '0')].map((digit) => SYLLABLES[Number(digit)]).join('')
}

/** How many last names there are: 1,000, where there are customers enough. */
export function lastNames({ customers }: TpccSize): number {
  return Math.min(1_000, customers)
}

interface District {
  readonly w: number
  readonly d: number
  /** Among the districts of all warehouses, from 1. */
  readonly row: number
}

interface Order {
  readonly id: number
  readonly customer: number
  readonly carrier: number | undefined
  readonly lines: number
}

const LOADED_AT = "'2024-01-01 00:00:00'"

function item(id: number): string {
  const random = new RowRandom('item', id)
  const values = [id, random.int(1, 10_000), text(random, 14, 24), random.cents(100, 10_000)]
  return [...values, original(random)].join(', ')
}

function warehouse(w: number, { customers }: TpccSize): string {
  const random = new RowRandom('warehouse', w)
  const values = [w, text(random, 6, 10), ...address(random), ratio(random, 2_000)]
  return [...values, centsText(DISTRICTS * customers * PAID_CENTS)].join(', ')
}

/** What every customer has paid already. */
const PAID_CENTS = 1_000

function district({ w, d, row }: District, { customers }: TpccSize): string {
  const random = new RowRandom('district', row)
  const values = [d, w, text(random, 6, 10), ...address(random), ratio(random, 2_000)]
  return [...values, centsText(customers * PAID_CENTS), customers + 1].join(', ')
}

function customer({ w, d, row }: District, id: number): string {
  const random = new RowRandom(`customer ${row}`, id)
  const name = lastName(id <= 1_000 ? id - 1 : nonUniform(random, { a: 255, low: 0, high: 999, c: 0 }))
  return [
    ...[id, d, w, text(random, 8, 16), "'OE'", `'${name}'`, ...address(random)],
    ...[`'${digits(random, 16)}'`, LOADED_AT, random.int(1, 10) === 1 ? "'BC'" : "'GC'", '50000.00'],
    ...[ratio(random, 5_000), centsText(-PAID_CENTS), centsText(PAID_CENTS), 1, 0, text(random, 300, 500)],
  ].join(', ')
}

function history({ w, d, row }: District, id: number): string {
  const random = new RowRandom(`history ${row}`, id)
  return [id, d, w, d, w, LOADED_AT, centsText(PAID_CENTS), text(random, 12, 24)].join(', ')
}

function stock(w: number, i: number, { items }: TpccSize): string {
  const random = new RowRandom('stock', w * items + i)
  const districts = range(DISTRICTS).map(() => text(random, 24, 24))
  return [i, w, random.int(10, 100), ...districts, 0, 0, 0, original(random)].join(', ')
}

/** One for each customer, in any order of theirs. */
function orders({ row }: District, size: TpccSize): readonly Order[] {
  const random = new RowRandom('orders', row)
  const customers = range(size.customers)
  for (let last = customers.length - 1; last > 0; last--) {
    const other = random.int(0, last)
    ;[customers[last], customers[other]] = [customers[other]!, customers[last]!]
  }
  const delivered = deliveredOrders(size)
  return customers.map((customer, at) => ({
    id: at + 1,
    customer,
    carrier: at < delivered ? random.int(1, 10) : undefined,
    lines: random.int(5, 15),
  }))
}

function orderRow({ w, d }: District, { id, customer, carrier, lines }: Order): string {
  return [id, d, w, customer, LOADED_AT, carrier ?? 'NULL', lines, 1].join(', ')
}

function orderLines({ w, d, row }: District, order: Order, size: TpccSize): readonly string[] {
  const random = new RowRandom(`order_line ${row}`, order.id)
  const isDelivered = order.carrier !== undefined
  return range(order.lines).map((number) => {
    const values = [order.id, d, w, number, random.int(1, size.items), w, isDelivered ? LOADED_AT : 'NULL']
    return [...values, 5, isDelivered ? '0.00' : random.cents(1, 999_999), text(random, 24, 24)].join(', ')
  })
}

/** NURand(A, x, y) of section 2.1.6: some of the numbers from `low` to `high` are drawn more often than others. */
export function nonUniform(
  random: RowRandom,
  {
    a,
    low,
    high,
    c,
  }: { readonly a: number; readonly low: number; readonly high: number; readonly c: number },
): number {
  return (((random.int(0, a) | random.int(low, high)) + c) % (high - low + 1)) + low
}

function address(random: RowRandom): readonly string[] {
  const lines = [text(random, 10, 20), text(random, 10, 20), text(random, 10, 20)]
  return [...lines, text(random, 2, 2), `'${digits(random, 4)}11111'`]
}

function text(random: RowRandom, min: number, max: number): string {
  return `'${random.letters(min, max)}'`
}

/** A tenth has the word in it. */
function original(random: RowRandom): string {
  const letters = random.letters(26, 42)
  if (random.int(1, 10) > 1) return `'${letters}'`
  const at = random.int(0, letters.length)
  return `'${letters.slice(0, at)}ORIGINAL${letters.slice(at)}'`
}

/** From 0 to `max` ten-thousandths: `0.0731`. */
function ratio(random: RowRandom, max: number): string {
  return `0.${String(random.int(0, max)).padStart(4, '0')}`
}

function digits(random: RowRandom, count: number): string {
  return Array.from({ length: count }, () => random.int(0, 9)).join('')
}

/** From 1 to `count`. */
function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1)
}

function* generate(count: number, row: (key: number) => string): Generator<string> {
  for (let key = 1; key <= count; key++) yield row(key)
}
