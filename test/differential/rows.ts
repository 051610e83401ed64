const NAMES = ['Alma', 'boris', 'Chloé', 'chloe', 'Dmitri', 'Eva', 'eva ', 'Ødegård', 'Zoë', 'ähnlich']
const COUNTRIES = ['AT', 'BR', 'CH', 'DE', 'XX']

/**
 * The rows that every list of statements begins with, as statements: `{table}` by `{table}`. They go in through the
 * proxy, too: it must know which shard a row belongs to.
 */
export const TABLES = [
  ...(['users', 'orders', 'things', 'words', 'places', 'slugs', 'tokens', 'prices', 'countries'] as const),
  ...(['codes', 'tags', 'labels', 'texts'] as const),
] as const

/** Of keyspace `linked`, in any order. */
export const LINKED_TABLES = [
  ...(['authors', 'editors', 'books', 'pages', 'loans', 'staff', 'replies', 'mentions'] as const),
  ...(['rooms', 'visits', 'accounts', 'notes', 'marks'] as const),
] as const

export const LINKED_ROWS: readonly string[] = [
  `INSERT INTO linked.authors (id, name) VALUES ${rows(1, 8, (i) => `(${i}, 'author ${i}')`)}`,
  `INSERT INTO linked.editors (code, name) VALUES ('ed', 'Edda'), ('jo', 'Jo'), ('mo', 'Mo'), ('zo', 'Zoe')`,
  `INSERT INTO linked.books (id, author_id, editor, title) VALUES ${rows(1, 16, book)}`,
  `INSERT INTO linked.pages (id, book_id, content) VALUES ${rows(1, 20, (i) => `(${i}, ${(i % 10) + 1}, 'page ${i}')`)}`,
  'INSERT INTO linked.loans (id, book_id) VALUES (1, 5), (2, 6), (3, NULL), (4, 5)',
  'INSERT INTO linked.staff (id, boss) VALUES (1, NULL), (2, 1), (3, 1), (4, 2), (5, 5), (6, NULL)',
  'INSERT INTO linked.replies (id, to_id) VALUES (1, NULL), (2, 1), (3, 2), (4, 3), (5, 1), (6, 6), (7, NULL)',
  'INSERT INTO linked.mentions (id, of_id) VALUES (1, NULL), (2, 1), (3, 1), (4, 2), (5, NULL)',
  'INSERT INTO linked.rooms (house, number) VALUES (1, 1), (1, 2), (2, 1), (3, 1)',
  'INSERT INTO linked.visits (id, house, number) VALUES (1, 1, 1), (2, 1, 2), (3, 2, NULL), (4, 2, 1), (5, NULL, 1)',
  `INSERT INTO linked.accounts (id, name) VALUES ${rows(1, 8, (i) => `(${i}, 'account ${i}')`)}`,
  `INSERT INTO linked.notes (id, account, content) VALUES ${rows(1, 16, (i) => `(${i}, ${(i % 6) + 1}, 'note ${i}')`)}`,
  'INSERT INTO linked.marks (id, account) VALUES (1, 3), (2, 4)',
]

export const ROWS: readonly string[] = [
  `INSERT INTO countries (code, name) VALUES ('AT', 'Austria'), ('BR', 'Brazil'), ('CH', 'Switzerland'), ('DE', 'Germany')`,
  `INSERT INTO users (id, name, email, country, team, score, balance, ratio, born, seen) VALUES ${rows(1, 40, user)}`,
  `INSERT INTO orders (id, user_id, product, quantity, amount, state, note) VALUES ${rows(1, 60, order)}`,
  `INSERT INTO places (region, city, name, people) VALUES ${rows(0, 24, place)}`,
  `INSERT INTO slugs (slug, title, hits) VALUES ('straße', 'Road', 3), ('Ärger', 'Anger', 5), ('zoo', 'Zoo', 7),
    ('éclair', 'Pastry', 2), ('日本', 'Japan', 9), ('plain', 'Plain', 1), ('Über', 'Over', 4), ('naïve', 'Naive', 6)`,
  ...['codes (code, n)', 'tags (tag, n)', 'labels (label, n)'].map(
    (into) => `INSERT INTO ${into} VALUES ${codes()}`,
  ),
  `INSERT INTO tokens (token, fixed, id) VALUES ('Abc', 'x', 1), ('aBC', 'x ', 2), ('ABC', 'X', 3), ('abc', 'y', 4),
    ('abc', 'Y', 5), ('Äbc', 'x', 6), ('abc ', 'z', 7), ('def', 'x', 8), ('DEF', 'y', 9), ('12', 'z', 10), ('012', 'z', 11)`,
  `INSERT INTO prices (price, id) VALUES (1, 1), (1.0, 2), (1.00, 3), ('1', 4), (2.5, 5), (2.50, 6), ('2.5', 7), (-0.0, 8), (0, 9)`,
  `INSERT INTO words (id, general, unicode, bin, latin, cased, fixed, raw) VALUES ${words()}`,
  `INSERT INTO things VALUES
    (1, -128, 255, -32768, -8388608, -2147483648, -9223372036854775808, 18446744073709551615, 42, b'1010101010',
      -12345678901234567890.0123456789, -1.5, 1e300, 1901, '1000-01-01', '-838:59:59.000000', '1000-01-01 00:00:00.000000',
      '1970-01-02 00:00:01.000', 'abc', 'Straße', 'ab', x'00ff10', 'some text', x'0001feff', 'small', 'red,blue', '{"a": 1}', POINT(1, 2)),
    (2, 127, 0, 32767, 8388607, 2147483647, 9223372036854775807, 0, 999999, b'0', 99999999999999999999.9999999999, 3.25, -0.0,
      2155, '9999-12-31', '838:59:59.000000', '9999-12-31 23:59:59.999999', '2037-12-31 23:59:59.999', '', '', 'abcd', '', '',
      '', 'large', '', '[1, 2, 3]', NULL),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
      NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (4, 0, 1, 0, 0, 0, 0, 1, 0, b'1', 0, 0, 0, 2000, '2024-02-29', '00:00:00.000000', '2024-02-29 12:34:56.789012',
      '2024-02-29 12:34:56.789', 'x', 'é', x'00000000', x'00', 'ÅÄÖ', 'bytes', 'medium', 'green', 'null', POINT(-1.5, 0)),
    (5, 1, 2, 3, 4, 5, 6, 7, 8, b'11', 1.5, 0.1, 0.1, 1999, '1999-12-31', '12:30:00.500000', '1999-12-31 23:59:59.500000',
      '1999-12-31 23:59:59.500', 'ABC', 'strasse', 'AB', 'abc', 'Some Text', 'BYTES', 'large', 'red,green,blue', '"text"', NULL),
    (18446744073709551615, 1, 2, 3, 4, 5, 6, 7, 8, b'11', 1.5, 0.1, 0.1, 1999, '1999-12-31', '12:30:00.500000',
      '1999-12-31 23:59:59.500000', '1999-12-31 23:59:59.500', 'abc', 'z', 'AB', 'abc', 'tail', 'BYTES', 'small', 'blue', '{}', NULL)`,
]

function rows(first: number, count: number, row: (n: number) => string): string {
  return Array.from({ length: count }, (_, i) => row(first + i)).join(', ')
}

function user(n: number): string {
  const orNull = (when: boolean, text: string) => (when ? 'NULL' : text)
  return `(${[
    n,
    `'${NAMES[n % NAMES.length]}'`,
    orNull(n % 7 === 0, `'u${n}@example.com'`),
    `'${COUNTRIES[n % COUNTRIES.length]}'`,
    orNull(n % 6 === 0, String(n % 4)),
    orNull(n % 5 === 0, String((n * 37) % 11)),
    `${(n * 1234.5678).toFixed(4)}`,
    orNull(n % 9 === 0, `${n / 8}`),
    orNull(n % 8 === 0, `'19${50 + (n % 40)}-0${1 + (n % 9)}-1${n % 10}'`),
    orNull(n % 4 === 0, `'2024-01-${10 + (n % 20)} 10:${10 + n}:00.${100 + n}'`),
  ].join(', ')})`
}

function order(n: number): string {
  const states = ['open', 'paid', 'sent']
  const note = n % 3 === 0 ? 'NULL' : `'note ${n % 10}'`
  return `(${n}, ${1 + ((n * 7) % 40)}, ${1 + (n % 5)}, ${1 + (n % 4)}, ${(n * 3.35).toFixed(2)}, '${states[n % 3]}', ${note})`
}

function place(n: number): string {
  return `(${1 + (n % 4)}, ${1 + Math.floor(n / 4)}, 'place ${n}', ${(n * 977) % 5000})`
}

function words(): string {
  const texts = [
    'a',
    'A',
    'á',
    'a ',
    'b',
    'B',
    'ß',
    'ss',
    'o',
    'ö',
    'Ö',
    'oe',
    'z',
    'Z ',
    '',
    ' ',
    'ab',
    'a\\tb',
    'a b',
    'ñ',
  ]
  return texts.map((text, i) => `(${[i + 1, ...Array(7).fill(`'${text}'`)].join(', ')})`).join(', ')
}

function book(i: number): string {
  const editor = ["'ed'", "'jo'", "'mo'", 'NULL'][i % 4]!
  return `(${i}, ${i % 7 === 0 ? 'NULL' : (i % 6) + 1}, ${editor}, 'book ${i}')`
}

/** What begins alike, in letters of both cases, with wildcards and spaces in it. */
function codes(): string {
  const begins = ['abcd', 'ab_d', 'ab%d', 'aBcd', 'ABcd', 'xycd', 'éacd', '12cd', 'zz\\\\cd']
  const ends = ['', 'x', 'xyz']
  return begins.flatMap((begin, i) => ends.map((end, j) => `('${begin}${end}', ${i * 10 + j})`)).join(', ')
}
