import type { Table } from '../support/load-tables.ts'
import { centsText, RowRandom } from '../support/row-random.ts'
import * as words from './words.ts'

/** Dates are numbers of days since 1992-01-01. */
const FIRST_DAY = Date.UTC(1992, 0, 1)
const LAST_ORDER = day('1998-12-31') - 151
const CURRENT = day('1995-06-17')

/**
 * The rows of TPC-H as its specification has them (section 4.2.3), as far as what the queries select depends on it: keys
 * and how they refer to each other, ranges and distributions of values, dates that follow from each other. The texts and
 * the random numbers are not dbgen's, so that the answers are not the published ones.
 *
 * The eight tables at a scale factor; 1 is 6,000,000 rows of lineitem and, as SQL, about 1 GB.
 */
export function tpchTables(scale: number): readonly Table[] {
  const size: Sizes = {
    suppliers: Math.max(Math.round(10_000 * scale), 4), // a part has four
    parts: Math.round(200_000 * scale),
    customers: Math.round(150_000 * scale),
    orders: Math.round(1_500_000 * scale),
  }
  const table = (name: string, count: number, first: number, row: (key: number) => readonly string[]) => ({
    name,
    rows: function* () {
      for (let key = first; key < first + count; key++) yield* row(key)
    },
  })
  return [
    table('region', words.REGIONS.length, 0, region),
    table('nation', words.NATIONS.length, 0, nation),
    table('supplier', size.suppliers, 1, (key) => [supplier(key, size)]),
    table('part', size.parts, 1, (key) => [part(key)]),
    table('partsupp', size.parts, 1, (key) => partSuppliers(key, size)),
    table('customer', size.customers, 1, (key) => [customer(key)]),
    table('orders', size.orders, 0, (row) => [order(row, size).sql]),
    table('lineitem', size.orders, 0, (row) => order(row, size).lines.map(({ sql }) => sql)),
  ]
}

interface Sizes {
  readonly suppliers: number
  readonly parts: number
  readonly customers: number
  readonly orders: number
}

function region(key: number): readonly string[] {
  return [`${key}, '${words.REGIONS[key]}', '${sentence(new RowRandom('region', key), 31, 115)}'`]
}

function nation(key: number): readonly string[] {
  const [name, regionKey] = words.NATIONS[key]
  return [`${key}, '${name}', ${regionKey}, '${sentence(new RowRandom('nation', key), 31, 114)}'`]
}

function supplier(key: number, { suppliers }: Sizes): string {
  const random = new RowRandom('supplier', key)
  const nationKey = random.int(0, 24)
  const text = sentence(random, 25, 62)
  // Five of 10,000 have complaints and five are recommended; one each where there are fewer.
  const period = Math.min(2_000, suppliers)
  const word = key % period === 1 ? 'Complaints' : key % period === 2 ? 'Recommends' : undefined
  const comment = word === undefined ? text : `${text} Customer ${random.pick(words.ADVERBS)} ${word}`
  return [
    key,
    `'Supplier#${padded(key)}'`,
    `'${random.letters(10, 40)}'`,
    nationKey,
    phone(random, nationKey),
    random.cents(-99_999, 999_999),
    `'${comment}'`,
  ].join(', ')
}

function part(key: number): string {
  const random = new RowRandom('part', key)
  const maker = random.int(1, 5)
  return [
    key,
    `'${random.sample(words.COLOURS, 5).join(' ')}'`,
    `'Manufacturer#${maker}'`,
    `'Brand#${maker}${random.int(1, 5)}'`,
    `'${random.pick(words.TYPES)}'`,
    random.int(1, 50),
    `'${random.pick(words.CONTAINERS)}'`,
    centsText(retailCents(key)),
    `'${sentence(random, 5, 22)}'`,
  ].join(', ')
}

function retailCents(partKey: number): number {
  return 90_000 + (Math.floor(partKey / 10) % 20_001) + 100 * (partKey % 1_000)
}

/** The `i`th of a part's four suppliers, which lineitem draws from, too. */
function supplierOf(partKey: number, i: number, { suppliers }: Sizes): number {
  const step = Math.floor(suppliers / 4) + Math.floor((partKey - 1) / suppliers)
  return ((partKey + i * step) % suppliers) + 1
}

/** Below 10,000 suppliers the rule may name one twice. */
function partSuppliers(key: number, size: Sizes): readonly string[] {
  const keys = new Set([0, 1, 2, 3].map((i) => supplierOf(key, i, size)))
  return [...keys].map((supplierKey, i) => {
    const random = new RowRandom('partsupp', key * 4 + i)
    const values = [random.int(1, 9_999), random.cents(100, 100_000), `'${sentence(random, 49, 198)}'`]
    return [key, supplierKey, ...values].join(', ')
  })
}

function customer(key: number): string {
  const random = new RowRandom('customer', key)
  const nationKey = random.int(0, 24)
  return [
    key,
    `'Customer#${padded(key)}'`,
    `'${random.letters(10, 40)}'`,
    nationKey,
    phone(random, nationKey),
    random.cents(-99_999, 999_999),
    `'${random.pick(words.SEGMENTS)}'`,
    `'${sentence(random, 29, 116)}'`,
  ].join(', ')
}

interface Line {
  readonly sql: string
  readonly status: 'O' | 'F'
  /** With tax and discount, in cents. */
  readonly priceCents: number
}

function order(row: number, size: Sizes): { readonly sql: string; readonly lines: readonly Line[] } {
  const random = new RowRandom('orders', row)
  const key = (Math.floor(row / 8) << 5) + (row % 8) + 1 // eight keys of each 32 are used
  let customerKey = random.int(1, size.customers)
  while (customerKey % 3 === 0) customerKey = random.int(1, size.customers) // a third of the customers never orders
  const date = random.int(0, LAST_ORDER)
  const count = random.int(1, 7)
  const lines = Array.from({ length: count }, (_, i) => line(row * 8 + i, { key, number: i + 1, date }, size))
  const open = lines.filter(({ status }) => status === 'O').length
  const sql = [
    key,
    customerKey,
    open === count ? "'O'" : open === 0 ? "'F'" : "'P'",
    centsText(lines.reduce((sum, { priceCents }) => sum + priceCents, 0)),
    dateText(date),
    `'${random.pick(words.PRIORITIES)}'`,
    `'Clerk#${padded(random.int(1, Math.max(1, Math.round(size.orders / 1_500))))}'`,
    0,
    `'${sentence(random, 19, 78)}'`,
  ].join(', ')
  return { sql, lines }
}

function line(
  row: number,
  { key, number, date }: { readonly key: number; readonly number: number; readonly date: number },
  size: Sizes,
): Line {
  const random = new RowRandom('lineitem', row)
  const partKey = random.int(1, size.parts)
  const quantity = random.int(1, 50)
  const priceCents = quantity * retailCents(partKey)
  const [discount, tax] = [random.int(0, 10), random.int(0, 8)] // percent
  const shipDate = date + random.int(1, 121)
  const receiptDate = shipDate + random.int(1, 30)
  const status = shipDate > CURRENT ? 'O' : 'F'
  const sql = [
    key,
    partKey,
    supplierOf(partKey, random.int(0, 3), size),
    number,
    quantity,
    centsText(priceCents),
    centsText(discount),
    centsText(tax),
    receiptDate <= CURRENT ? `'${random.pick(['R', 'A'])}'` : "'N'",
    `'${status}'`,
    dateText(shipDate),
    dateText(date + random.int(30, 90)),
    dateText(receiptDate),
    `'${random.pick(words.INSTRUCTIONS)}'`,
    `'${random.pick(words.MODES)}'`,
    `'${sentence(random, 10, 43)}'`,
  ].join(', ')
  return { sql, status, priceCents: Math.round((priceCents * (100 + tax) * (100 - discount)) / 10_000) }
}

/** Words of the specification's grammar, cut to a length. */
function sentence(random: RowRandom, min: number, max: number): string {
  const length = random.int(min, max)
  let text = ''
  while (text.length < length) {
    const subject = `${random.pick(words.ADJECTIVES)} ${random.pick(words.NOUNS)}`
    text += `${subject} ${random.pick(words.VERBS)} ${random.pick(words.ADVERBS)} `
  }
  return text.slice(0, length).trim()
}

function phone(random: RowRandom, nationKey: number): string {
  const parts = [nationKey + 10, random.int(100, 999), random.int(100, 999), random.int(1_000, 9_999)]
  return `'${parts.join('-')}'`
}

function padded(key: number): string {
  return String(key).padStart(9, '0')
}

function day(text: string): number {
  return (Date.parse(text) - FIRST_DAY) / 86_400_000
}

function dateText(days: number): string {
  return `'${new Date(FIRST_DAY + days * 86_400_000).toISOString().slice(0, 10)}'`
}
