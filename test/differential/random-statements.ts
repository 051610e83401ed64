import fc from 'fast-check'

/**
 * Statements of the shapes that a sharded keyspace answers, over the tables of `schema/main`. Every ORDER BY is total,
 * and no result depends on which of several equal values a server happens to keep.
 */

interface Source {
  readonly from: string
  /** Columns that make a row's place in an order unique. */
  readonly keys: readonly string[]
  readonly numbers: readonly string[]
  readonly texts: readonly string[]
  /** Columns whose equal values look alike: what may be grouped and selected at once. */
  readonly groups: readonly string[]
}

const USERS: Source = {
  from: 'users u',
  keys: ['u.id'],
  numbers: ['u.id', 'u.team', 'u.score', 'u.balance', 'u.ratio'],
  texts: ['u.name', 'u.email', 'u.country'],
  groups: ['u.country', 'u.team', 'u.score', 'u.born', 'u.ratio', 'u.id'],
}

const ORDERS: Source = {
  from: 'orders o',
  keys: ['o.id'],
  numbers: ['o.id', 'o.user_id', 'o.product', 'o.quantity', 'o.amount'],
  texts: ['o.state', 'o.note'],
  groups: ['o.product', 'o.quantity', 'o.state', 'o.user_id', 'o.note'],
}

const PLACES: Source = {
  from: 'places p',
  keys: ['p.region', 'p.city'],
  numbers: ['p.region', 'p.city', 'p.people'],
  texts: ['p.name'],
  groups: ['p.region', 'p.city'],
}

const JOINED: Source = {
  from: 'users u JOIN orders o ON o.user_id = u.id',
  keys: ['u.id', 'o.id'],
  numbers: [...USERS.numbers, ...ORDERS.numbers],
  texts: [...USERS.texts, ...ORDERS.texts],
  groups: [...USERS.groups, ...ORDERS.groups],
}

const SOURCES: readonly Source[] = [
  USERS,
  ORDERS,
  PLACES,
  JOINED,
  { ...JOINED, from: 'users u LEFT JOIN orders o ON o.user_id = u.id AND o.quantity > 2' },
  { ...JOINED, from: 'users u JOIN orders o ON o.user_id = u.id JOIN countries c ON c.code = u.country' },
]

const number = fc.oneof(
  fc.integer({ min: -1, max: 45 }).map(String),
  // No fractions: MariaDB looks `int_column = 2.5` up in an index as 3, or not, as its optimizer has it.
  fc.constantFrom('2.0', '1e1', "'7'", '100', 'NULL', '0'),
)
const text = fc.constantFrom(`'eva'`, `'Chloé'`, `'BR'`, `'at'`, `'paid'`, `'note 4'`, `'x'`, `''`, 'NULL')
const comparison = fc.constantFrom('=', '<', '>', '<=', '>=', '<>', '<=>')

function condition(source: Source): fc.Arbitrary<string> {
  const simple = fc.oneof(
    fc.tuple(fc.constantFrom(...source.numbers), comparison, number).map((parts) => parts.join(' ')),
    fc.constantFrom('10000.5', '2.5').map((value) => `${source.numbers.at(-1)} > ${value}`),
    fc.tuple(fc.constantFrom(...source.texts), comparison, text).map((parts) => parts.join(' ')),
    fc.tuple(fc.constantFrom(...source.keys), number).map(([key, value]) => `${key} = ${value}`),
    fc
      .tuple(fc.constantFrom(...source.numbers), fc.array(number, { minLength: 1, maxLength: 5 }))
      .map(([column, list]) => `${column} IN (${list.join(', ')})`),
    fc
      .tuple(fc.constantFrom(...source.numbers), fc.nat(20), fc.nat(20))
      .map(([column, low, more]) => `${column} BETWEEN ${low} AND ${low + more}`),
    fc.constantFrom(...source.numbers, ...source.texts).map((column) => `${column} IS NOT NULL`),
    fc.constantFrom(...source.texts).map((column) => `${column} LIKE '%e%'`),
  )
  return fc.oneof(
    { weight: 4, arbitrary: simple },
    { weight: 2, arbitrary: fc.tuple(simple, simple).map(([a, b]) => `${a} AND ${b}`) },
    { weight: 2, arbitrary: fc.tuple(simple, simple).map(([a, b]) => `(${a} OR ${b})`) },
    { weight: 1, arbitrary: simple.map((a) => `NOT (${a})`) },
  )
}

const direction = fc.constantFrom('', ' DESC')
const limit = fc.oneof(
  fc.constant(''),
  fc.nat(30).map((count) => ` LIMIT ${count}`),
  fc.tuple(fc.nat(20), fc.nat(10)).map(([count, offset]) => ` LIMIT ${count} OFFSET ${offset}`),
)

function where(source: Source): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constant(''),
    condition(source).map((c) => ` WHERE ${c}`),
  )
}

function plain(source: Source): fc.Arbitrary<string> {
  const columns = [...source.numbers, ...source.texts]
  return fc
    .tuple(
      fc.subarray(columns, { minLength: 1, maxLength: 4 }),
      where(source),
      fc.array(fc.tuple(fc.constantFrom(...columns), direction), { maxLength: 2 }),
      direction,
      limit,
      fc.boolean(),
    )
    .map(([selected, filter, order, last, cut, isOrdered]) => {
      const items = selected.map((column) => `${column} AS ${column.replace('.', '_')}`)
      const keys = [...order.map((part) => part.join('')), ...source.keys.map((key) => key + last)]
      const tail = isOrdered ? ` ORDER BY ${keys.join(', ')}${cut}` : ''
      return `SELECT ${items.join(', ')} FROM ${source.from}${filter}${tail}`
    })
}

function distinct(source: Source): fc.Arbitrary<string> {
  return fc
    .tuple(fc.subarray([...source.groups], { minLength: 1, maxLength: 2 }), where(source), direction, limit)
    .map(([columns, filter, last, cut]) => {
      const keys = columns.map((column) => column + last)
      return `SELECT DISTINCT ${columns.join(', ')} FROM ${source.from}${filter} ORDER BY ${keys.join(', ')}${cut}`
    })
}

function aggregates(source: Source): fc.Arbitrary<string> {
  const column = fc.constantFrom(...source.numbers)
  return fc.oneof(
    fc.constant('COUNT(*)'),
    fc.tuple(fc.constantFrom('COUNT', 'SUM', 'MIN', 'MAX', 'AVG'), column).map(([f, c]) => `${f}(${c})`),
    fc.constantFrom(...source.groups).map((c) => `COUNT(DISTINCT ${c})`),
    fc.constantFrom(...source.groups).map((c) => `MAX(${c})`),
  )
}

function grouped(source: Source): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.subarray([...source.groups], { maxLength: 2 }),
      fc.array(aggregates(source), { minLength: 1, maxLength: 3 }),
      where(source),
      fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined }),
      direction,
      limit,
    )
    .map(([groups, values, filter, having, last, cut]) => {
      const items = [...groups, ...values.map((value, i) => `${value} AS a${i}`)]
      const head = `SELECT ${items.join(', ')} FROM ${source.from}${filter}`
      if (groups.length === 0) return head
      const keep = having === undefined ? '' : ` HAVING COUNT(*) > ${having}`
      const order = groups.map((group) => group + last).join(', ')
      return `${head} GROUP BY ${groups.join(', ')}${keep} ORDER BY ${order}${cut}`
    })
}

const subqueries = fc
  .tuple(condition(USERS), condition(ORDERS), fc.constantFrom('EXISTS', 'NOT EXISTS', 'IN', 'SELECT'))
  .map(([outer, inner, form]) => {
    if (form === 'IN') {
      return `SELECT u.id FROM users u WHERE ${outer} AND u.id IN (SELECT o.user_id FROM orders o WHERE ${inner}) ORDER BY u.id`
    }
    const correlated = `FROM orders o WHERE o.user_id = u.id AND ${inner}`
    if (form === 'SELECT') {
      return `SELECT u.id, (SELECT COUNT(*) ${correlated}) AS n FROM users u WHERE ${outer} ORDER BY u.id`
    }
    return `SELECT u.id FROM users u WHERE ${outer} AND ${form} (SELECT 1 ${correlated}) ORDER BY u.id`
  })

const unions = fc
  .tuple(condition(USERS), condition(USERS))
  .map(
    ([a, b]) =>
      `SELECT u.id, u.name FROM users u WHERE ${a} UNION ALL SELECT u.id, u.name FROM users u WHERE ${b}`,
  )

/** A query. */
export const randomQuery: fc.Arbitrary<string> = fc.oneof(
  ...SOURCES.flatMap((source) => [plain(source), grouped(source)]),
  ...[USERS, ORDERS, PLACES].map(distinct),
  subqueries,
  unions,
)

const UNQUALIFIED_USERS: Source = {
  from: 'users',
  keys: ['id'],
  numbers: ['id', 'team', 'score', 'balance'],
  texts: ['name', 'country'],
  groups: [],
}

const change = fc.constantFrom(
  'team = team + 1',
  "name = CONCAT(name, '!')",
  'score = NULL',
  'balance = balance * 2, team = 3',
  "country = 'DE'",
  'score = IFNULL(score, 0) + id',
)

const row = fc
  .tuple(fc.integer({ min: 1, max: 80 }), fc.constantFrom('new', 'Eva', 'ß'), fc.nat(5))
  .map(([id, name, team]) => `(${id}, '${name}', ${team})`)

/** A statement that changes `users`. */
export const randomWrite: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(change, condition(UNQUALIFIED_USERS))
    .map(([set, filter]) => `UPDATE users SET ${set} WHERE ${filter}`),
  condition(UNQUALIFIED_USERS).map((filter) => `DELETE FROM users WHERE ${filter} AND id % 5 = 1`),
  fc
    .tuple(
      fc.constantFrom('INSERT', 'INSERT IGNORE', 'REPLACE'),
      fc.array(row, { minLength: 1, maxLength: 6 }),
    )
    .map(([verb, rows]) => `${verb} INTO users (id, name, team) VALUES ${rows.join(', ')}`),
  fc
    .array(row, { minLength: 1, maxLength: 4 })
    .map(
      (rows) =>
        `INSERT INTO users (id, name, team) VALUES ${rows.join(', ')} ON DUPLICATE KEY UPDATE team = team + 1`,
    ),
)
