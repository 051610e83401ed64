import type { Random } from '../random.ts'

/** What a column's values are to an expression. */
export type Family =
  | 'integer'
  | 'decimal'
  | 'double'
  | 'text'
  | 'binary'
  | 'date'
  | 'time'
  | 'datetime'
  | 'year'
  | 'enum'
  | 'set'
  | 'bit'
  | 'json'

export type Flavor = 'mysql' | 'mariadb'

export interface ColumnType {
  /** `DECIMAL(10, 2) UNSIGNED` */
  readonly sql: string
  readonly family: Family
  /** Of text. */
  readonly collation?: string
  /** SQL literals to choose from; NULL comes by itself. */
  readonly values: readonly string[]
  /**
   * Values that are equal look alike, and sums, products and calendar functions of them stay within all types. What
   * depends on which of several equal values a server happens to keep is only asked of such columns.
   */
  readonly isTame: boolean
}

const SMALL = ['0', '1', '2', '3', '4', '5', '7', '12', '42']
const SMALL_SIGNED = [...SMALL, '-1', '-3']
/** Exact in binary: sums of them do not depend on their order. */
const EIGHTHS = ['0', '0.5', '-1.25', '2.5', '3', '10', '0.125', '-7']
const CENTS = ['0', '1.50', '2.25', '-3.10', '10', '99.99', '1']
/** Lower-case letters and digits: every collation tells them apart. */
export const WORDS = ['', 'ant', 'bee', 'cat', 'dog', 'elk', 'bee2', 'catdog', '7', '12']
const AWKWARD_TEXTS = [
  ...[
    '',
    ' ',
    'a',
    'A',
    'á',
    'a ',
    'A  ',
    'b',
    'B',
    'ß',
    'ss',
    'SS',
    'Ä',
    'ä',
    'z',
    'Z ',
    'ab',
    'a b',
    'a_b',
  ],
  ...['a%', '10', '010', '1e1', '-3', 'ñ', "o'clock", 'a\\\\b', 'bee', 'BEE'],
]
const WIDE_TEXTS = ['日本', '😀', 'İ', 'ﬁ', 'Straße']
const AWKWARD_BYTES = ["''", "x'00'", "x'0000'", "x'61'", "x'6120'", "x'ff'", "x'00ff10'", "'abc'", "'ABC'"]
const DAYS = ["'2024-02-29'", "'1999-12-31'", "'2020-01-01'", "'2024-03-01'", "'1970-01-01'", "'2023-07-15'"]
const MOMENTS = [
  ...["'2024-02-29 12:34:56'", "'1999-12-31 23:59:59'", "'2020-01-01 00:00:00'", "'2023-07-15 08:05:03'"],
  ...["'2024-02-29 00:00:00'", "'1985-10-26 01:21:00'"],
]
const FINE_MOMENTS = [
  "'2024-02-29 12:34:56.789'",
  "'2024-02-29 12:34:56.7'",
  "'1999-12-31 23:59:59.999'",
  ...MOMENTS,
]
const CLOCKS = ["'00:00:00'", "'12:30:00'", "'-01:00:00'", "'23:59:59'", "'100:00:01'"]
const DOCUMENTS = [
  `'{"a": 1, "b": [1, 2, {"c": null}]}'`,
  `'[1, "x", true, null]'`,
  ...[`'"text"'`, `'null'`, `'3'`, `'2.5'`, `'{}'`, `'[]'`, `'{"a": "1"}'`, `'{"b": {"a": [5]}}'`],
]

const numbers: readonly ColumnType[] = [
  tame('INT', 'integer', SMALL_SIGNED),
  tame('INT', 'integer', SMALL_SIGNED),
  tame('INT UNSIGNED', 'integer', SMALL),
  tame('SMALLINT', 'integer', SMALL_SIGNED),
  tame('BIGINT', 'integer', SMALL_SIGNED),
  tame('BIGINT UNSIGNED', 'integer', SMALL),
  tame('INT(6) UNSIGNED ZEROFILL', 'integer', SMALL),
  tame('DECIMAL(10, 2)', 'decimal', CENTS),
  tame('DECIMAL(12, 4) UNSIGNED', 'decimal', ['0', '1.5', '2.25', '10.0001']),
  tame('DOUBLE', 'double', EIGHTHS),
  tame('FLOAT', 'double', EIGHTHS),
  wild('TINYINT', 'integer', ['-128', '127', '0', '1', '-1']),
  wild('TINYINT UNSIGNED', 'integer', ['0', '255', '1', '200']),
  wild('MEDIUMINT', 'integer', ['-8388608', '8388607', '0', '1']),
  wild('INT UNSIGNED', 'integer', ['0', '4294967295', '1', '2147483648']),
  wild('BIGINT', 'integer', ['-9223372036854775808', '9223372036854775807', '0', '1', '-1']),
  wild('BIGINT UNSIGNED', 'integer', ['18446744073709551615', '9223372036854775808', '0', '1']),
  wild('DECIMAL(30, 10)', 'decimal', ['-12345678901234567890.0123456789', '0.0000000001', '0', '1']),
  wild('DECIMAL(65, 30)', 'decimal', [
    '0',
    '1.1',
    '-0.000000000000000000000000000001',
    '99999999999999999999',
  ]),
  wild('DOUBLE', 'double', ['1e300', '-1.5e-10', '-0e0', '0', '0.1', '1e15', '123456789.123456789']),
  wild('FLOAT', 'double', ['0.1', '3.4e38', '-0e0', '0', '16777217', '1.17549e-38']),
]

const moments: readonly ColumnType[] = [
  tame('DATE', 'date', DAYS),
  tame('DATETIME', 'datetime', MOMENTS),
  tame('DATETIME(3)', 'datetime', FINE_MOMENTS),
  tame('TIMESTAMP(2) NULL', 'datetime', MOMENTS),
  tame('TIME', 'time', CLOCKS),
  tame('TIME(6)', 'time', [...CLOCKS, "'01:02:03.000004'"]),
  tame('YEAR', 'year', ['1999', '2000', '2024']),
  wild('DATE', 'date', [...DAYS, "'0000-00-00'", "'1000-01-01'", "'9999-12-31'", "'2024-00-00'"]),
  wild('DATETIME(6)', 'datetime', [...MOMENTS, "'0000-00-00 00:00:00'", "'9999-12-31 23:59:59.499999'"]),
  wild('TIMESTAMP NULL', 'datetime', [...MOMENTS, "'1970-01-02 00:00:01'", "'2037-12-31 23:59:59'"]),
  wild('TIME(3)', 'time', ["'-838:59:59'", "'838:59:59'", "'00:00:00.001'", "'-00:00:00.001'"]),
  wild('YEAR', 'year', ['1901', '2155', '0']),
]

const others: readonly ColumnType[] = [
  tame(
    'BINARY(4)',
    'binary',
    AWKWARD_BYTES.filter((text) => text !== "x'6120'"),
  ),
  tame('VARBINARY(20)', 'binary', AWKWARD_BYTES),
  tame('BLOB', 'binary', AWKWARD_BYTES),
  tame("ENUM('small', 'medium', 'large')", 'enum', ["'small'", "'medium'", "'large'"]),
  tame("SET('red', 'green', 'blue')", 'set', ["'red'", "'red,blue'", "''", "'green'"]),
  tame('BIT(1)', 'bit', ["b'0'", "b'1'"]),
  tame('BIT(10)', 'bit', ["b'1010101010'", "b'0'", "b'1'", "b'11'"]),
  wild('BIT(64)', 'bit', [`b'${'1'.repeat(64)}'`, "b'0'", "b'1'"]),
]

const mysqlCollations = [
  ...['utf8mb4_0900_ai_ci', 'utf8mb4_0900_as_cs', 'utf8mb4_0900_bin', 'utf8mb4_bin', 'utf8mb4_general_ci'],
  ...[
    'utf8mb4_unicode_ci',
    'utf8mb4_de_pb_0900_ai_ci',
    'latin1_swedish_ci',
    'latin1_bin',
    'latin1_german2_ci',
  ],
]
const mariadbCollations = [
  ...[
    'utf8mb4_general_ci',
    'utf8mb4_unicode_ci',
    'utf8mb4_bin',
    'utf8mb4_nopad_bin',
    'utf8mb4_unicode_520_ci',
  ],
  ...['utf8mb4_unicode_nopad_ci', 'latin1_swedish_ci', 'latin1_bin', 'latin1_german2_ci'],
]

/** A random type for a column that is no key. */
export function randomColumnType(random: Random, flavor: Flavor): ColumnType {
  const kind = random.int(20)
  if (kind < 7) return random.pick(numbers)
  if (kind < 13) return randomTextType(random, flavor)
  if (kind < 16) return random.pick(moments)
  if (kind < 19) return random.pick(others)
  return wild('JSON', 'json', DOCUMENTS)
}

export function randomTextType(random: Random, flavor: Flavor): ColumnType {
  const collation = random.pick(flavor === 'mysql' ? mysqlCollations : mariadbCollations)
  const isTame = random.oneIn(2)
  const charset = collation.slice(0, collation.indexOf('_'))
  const length = random.pick([8, 20, 60])
  const base = random.pick([`VARCHAR(${length})`, `VARCHAR(${length})`, `CHAR(${length})`, 'TEXT'])
  const texts = isTame ? WORDS : charset === 'latin1' ? AWKWARD_TEXTS : [...AWKWARD_TEXTS, ...WIDE_TEXTS]
  const values = texts.map((text) => `'${text.replaceAll("'", "''")}'`)
  return {
    sql: `${base} CHARACTER SET ${charset} COLLATE ${collation}`,
    family: 'text',
    collation,
    values,
    isTame,
  }
}

function tame(sql: string, family: Family, values: readonly string[]): ColumnType {
  return { sql, family, values, isTame: true }
}

function wild(sql: string, family: Family, values: readonly string[]): ColumnType {
  return { sql, family, values, isTame: false }
}
