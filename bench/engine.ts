/** Time of routing a point query, of splitting an INSERT, and of merging and aggregating rows of four shards; nanoseconds. */
import { AggregateStream } from '../src/engine/aggregate.ts'
import { bindTemplate } from '../src/engine/bind.ts'
import type { Bindings } from '../src/engine/bindings.ts'
import { Gather } from '../src/engine/gather.ts'
import { InsertSplit } from '../src/engine/insert-split.ts'
import { MergeSort } from '../src/engine/merge-sort.ts'
import { resolveRouting } from '../src/engine/resolve.ts'
import type { RowBatch, RowStream, StreamColumn } from '../src/engine/row-stream.ts'
import { generateShardRanges } from '../src/key/key-range.ts'
import { shardRangeOf, tileShards } from '../src/key/shard-ranges.ts'
import type { Routing } from '../src/plan/routing.ts'
import type { SplitInsert } from '../src/plan/write-primitives.ts'
import { StatementBindings } from '../src/session/statements/statement-bindings.ts'
import { scan } from '../src/sql/fingerprint.ts'
import { fieldTypes } from '../src/values/types.ts'
import { value } from '../src/values/value.ts'
import { createVindex } from '../src/vindex/registry.ts'

const shards = tileShards(generateShardRanges(4).map(shardRangeOf))
const shardsOf = () => shards
const ids = Array.from({ length: 1024 }, (_, i) => value('INT64', String(i * 7919 + 123_456)))

for (const type of ['hash', 'xxhash']) {
  const vindex = createVindex(type, type, {}, { readFile: () => new Uint8Array() })
  const equal: Routing = { kind: 'Equal', keyspace: 'ks', vindex, values: [{ kind: 'Slot', slot: 0 }] }
  const list: Routing = { kind: 'In', keyspace: 'ks', vindex, list: { kind: 'Slot', slot: 0 } }
  const bindings = bindingsOf()
  report(
    `route by ${type}`,
    measure(1_000_000, () => resolveRouting(equal, bindings, shardsOf)),
  )
  report(
    `route by ${type}, list of 10`,
    measure(100_000, () => resolveRouting(list, bindings, shardsOf)),
  )
}
const template = ['select c from t where id = ', { slot: 0 }, ' limit 1']
const bindings = bindingsOf()
report(
  'bind a template',
  measure(1_000_000, () => bindTemplate(template, bindings)),
)

measureInsert()

const column = (name: string, type: number): StreamColumn => {
  return { name, type, flags: 0, decimals: 0, collation: 63, length: 20, definition: Buffer.alloc(0) }
}
const columns = [
  column('id', fieldTypes.longLong),
  column('s', fieldTypes.varString),
  column('w', fieldTypes.varString),
]
const byId = [{ column: 0, descending: false }]
const byText = [{ column: 1, weight: 2, descending: false }]
const counts = [{ kind: 'Sum', column: 0 }] as const
const rowsEach = 50_000
const sources = [0, 1, 2, 3].map((shard) => batchesOf(shard))

await reportStream('gather', () => new Gather(open()))
await reportStream('merge by BIGINT', () => new MergeSort(open(), byId))
await reportStream('merge by text', () => new MergeSort(open(), byText))
await reportStream('merge and group by text', () => {
  return new AggregateStream(new MergeSort(open(), byText), { groupBy: byText, aggregates: counts })
})

/** An INSERT of a hundred rows over four shards: its literals, and the statement of each shard. */
function measureInsert(): void {
  const vindex = createVindex('xxhash', 'xxhash', {}, { readFile: () => new Uint8Array() })
  if (vindex.kind !== 'single') throw new Error(vindex.kind)
  const plan: SplitInsert = {
    kind: 'Insert',
    verb: 'insert',
    keyspace: 'ks',
    table: 't',
    head: ['INSERT INTO t (id,k,c,pad) VALUES'],
    tail: [],
    rows: { kind: 'Slot', slot: 0 },
    columnCount: 4,
    vindex,
    vindexColumns: [{ column: 'id', offset: 0, routed: { type: 'INT64', notNull: true } }],
    ignore: false,
  }
  const rows = Array.from(
    { length: 100 },
    (_, i) => `(${1_000_000_000 + i * 7919},1,'${'c'.repeat(25)}','pppp')`,
  )
  const sql = `INSERT INTO t (id,k,c,pad) VALUES ${rows.join(',')}`
  const read = () => scan(sql, 0, 90700)
  report('read an INSERT of 100 rows', measure(10_000, read))
  const text = { sql, scan: read(), mode: 0, charset: 'utf8mb4', isMariadb: false }
  const context = { shardsOf, noAutoValueOnZero: false, isStrict: true }
  report(
    'split an INSERT of 100 rows',
    measure(10_000, () => {
      const bindings = new StatementBindings(text, () => '')
      return new InsertSplit(plan, { ...context, bindings }).bind([])
    }),
  )
}

function bindingsOf(): Bindings {
  let next = 0
  const unused = () => {
    throw new Error('not part of this benchmark')
  }
  return {
    isMariadb: false,
    statementBytes: 100,
    slotValue: () => ids[next++ & 1023],
    slotText: () => '12345',
    listValues: () => ids.slice(0, 10),
    rows: unused,
    paramValue: unused,
    paramText: unused,
    sessionText: unused,
    computedValue: unused,
    lookedUp: unused,
    textWith: unused,
    withSlotTexts: unused,
  }
}

function batchesOf(shard: number): readonly RowBatch[] {
  const rows = Array.from({ length: rowsEach }, (_, i) => {
    const cells = [String(4 * i + shard), `name${i}`, `name${String(i).padStart(8, '0')}`]
    return Buffer.concat(cells.map((cell) => Buffer.from([cell.length, ...Buffer.from(cell)])))
  })
  return Array.from({ length: rowsEach / 100 }, (_, i) => rows.slice(100 * i, 100 * i + 100))
}

function open(): RowStream[] {
  return sources.map((batches): RowStream => {
    let at = 0
    return { columns, format: 'text', next: async () => batches[at++], close: async () => {} }
  })
}

/** The best of five rounds. */
function measure(times: number, run: () => unknown): number {
  const rounds = Array.from({ length: 5 }, () => {
    const start = performance.now()
    for (let i = 0; i < times; i++) run()
    return ((performance.now() - start) * 1e6) / times
  })
  return Math.min(...rounds)
}

async function reportStream(what: string, make: () => RowStream): Promise<void> {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 3; round++) {
    const stream = make()
    const start = performance.now()
    while ((await stream.next()) !== undefined);
    best = Math.min(best, ((performance.now() - start) * 1e6) / (4 * rowsEach))
  }
  report(`${what}, a row`, best)
}

function report(what: string, nanoseconds: number): void {
  console.log(`${what.padEnd(32)} ${nanoseconds.toFixed(0).padStart(6)} ns`)
}
