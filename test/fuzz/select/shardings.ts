import type { Random } from '../random.ts'
import { type ColumnType, type Flavor, WORDS } from './column-types.ts'

/** How a table's rows find their shards. */
export interface Sharding {
  readonly columns: readonly string[]
  readonly vindex: { readonly type: string; readonly params?: Readonly<Record<string, string>> }
  /** Types of `id` and `code`, where the vindex asks for certain ones. */
  readonly types: Readonly<Record<string, ColumnType>>
}

export function randomSharding(random: Random, flavor: Flavor): Sharding {
  return random.pick([...numeric, ...textual(random, flavor)])
}

const ids = Array.from({ length: 30 }, (_, i) => String(i + 1))
/** Small numbers and, for vindexes that keep the order, some of the other half. */
const spreadIds = [...ids.slice(0, 12), ...ids.map((id) => String(2n ** 63n + BigInt(id)))]

const UNSIGNED: ColumnType = { sql: 'BIGINT UNSIGNED', family: 'integer', values: ids, isTame: true }
const SPREAD: ColumnType = { sql: 'BIGINT UNSIGNED', family: 'integer', values: spreadIds, isTame: false }

const numeric: readonly Sharding[] = [
  { columns: ['id'], vindex: { type: 'hash' }, types: {} },
  { columns: ['id'], vindex: { type: 'hash' }, types: {} },
  { columns: ['ref'], vindex: { type: 'hash' }, types: {} },
  { columns: ['ref'], vindex: { type: 'xxhash' }, types: {} },
  { columns: ['id'], vindex: { type: 'numeric' }, types: { id: SPREAD } },
  { columns: ['id'], vindex: { type: 'reverse_bits' }, types: { id: UNSIGNED } },
  {
    columns: ['ref', 'id'],
    vindex: { type: 'multicol', params: { column_count: '2', column_vindex: 'hash,hash' } },
    types: {},
  },
]

function textual(random: Random, flavor: Flavor): readonly Sharding[] {
  const byCode = (type: string, code: ColumnType, params?: Readonly<Record<string, string>>): Sharding => ({
    columns: ['code'],
    vindex: params === undefined ? { type } : { type, params },
    types: { code },
  })
  const newest = flavor === 'mysql' ? 'utf8mb4_0900_ai_ci' : 'utf8mb4_unicode_ci'
  const collation = random.pick([newest, 'utf8mb4_general_ci', 'utf8mb4_bin', 'latin1_swedish_ci'])
  return [
    byCode('xxhash', text(collation)),
    byCode('unicode_loose_xxhash', text(newest)),
    byCode('unicode_loose_md5', text('utf8mb4_unicode_ci')),
    byCode('binary_md5', random.pick([bytes, text('utf8mb4_bin')])),
    byCode('binary', bytes),
    byCode('xxhash', random.pick([DAY, PRICE])),
    byCode('cfc', parts, { hash: 'md5', offsets: '[1,2]' }),
  ]
}

const TEXTS = ['', 'a', 'A', 'á', 'a ', 'b', 'B ', 'ss', 'ß', 'zebra', 'Zebra', '12', '012']

function text(collation: string): ColumnType {
  const charset = collation.slice(0, collation.indexOf('_'))
  const sql = `VARCHAR(24) CHARACTER SET ${charset} COLLATE ${collation}`
  return { sql, family: 'text', collation, values: TEXTS.map((each) => `'${each}'`), isTame: false }
}

const bytes: ColumnType = {
  sql: 'VARBINARY(24)',
  family: 'binary',
  values: ["'a'", "'A'", "x'00'", "x'ff'", "x'80'", "x'7fff'", "x'00ff'", "'bee'", "x'c0'", "x'40'"],
  isTame: true,
}
const parts: ColumnType = {
  ...bytes,
  values: [...WORDS.filter((word) => word.length > 2), 'zz9', 'ab', 'a_c', 'abc'].map((word) => `'${word}'`),
}
const DAY: ColumnType = {
  sql: 'DATE',
  family: 'date',
  values: ["'2024-02-29'", "'1999-12-31'", "'2020-01-01'", "'2024-03-01'"],
  isTame: true,
}
const PRICE: ColumnType = {
  sql: 'DECIMAL(8, 2)',
  family: 'decimal',
  values: ['1', '1.50', '2.5', '10', '0', '-3.25'],
  isTame: true,
}
