import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'vitest'
import { tableText } from '../../../src/cli/ctl/lookup/create.ts'
import {
  fingerprintOf,
  paramsOf,
  readable,
  withLookup,
  withoutLookup,
  withoutTable,
  withTable,
} from '../../../src/cli/ctl/lookup/definition.ts'
import { after } from '../../../src/cli/ctl/lookup/entries.ts'
import { awaitProxies, vschemaDigests } from '../../../src/cli/ctl/lookup/proxies.ts'
import type { DatabaseColumn } from '../../../src/tablet/schema-reader.ts'
import { areEqual } from '../../../src/values/sql-literal.ts'
import { nullValue, value } from '../../../src/values/value.ts'
import { createVindex } from '../../../src/vindex/registry.ts'
import type { LookupVindex } from '../../../src/vindex/vindex.ts'

const definition = {
  keyspace: 'main',
  name: 'by_email',
  type: 'lookup_unique',
  owner: 'people',
  columns: ['email'],
  table: { keyspace: 'main', name: 'email_ids' },
  from: ['email'],
  to: 'id',
  params: { ignore_nulls: 'true' },
}

describe('the VSchema with a lookup vindex', () => {
  const before = {
    sharded: true,
    vindexes: { hash: { type: 'hash' } },
    tables: { people: { columnVindexes: [{ column: 'id', name: 'hash' }], pinned: '' }, other: {} },
  }

  test('has it behind the others, write_only, in the spelling of the table; what was there stays', () => {
    assert.deepEqual(withLookup(before, definition), {
      sharded: true,
      vindexes: {
        hash: { type: 'hash' },
        by_email: {
          type: 'lookup_unique',
          params: {
            table: 'main.email_ids',
            from: 'email',
            to: 'id',
            ignore_nulls: 'true',
            write_only: 'true',
          },
          owner: 'people',
        },
      },
      tables: {
        people: {
          columnVindexes: [
            { column: 'id', name: 'hash' },
            { column: 'email', name: 'by_email' },
          ],
          pinned: '',
        },
        other: {},
      },
    })
    const several = withLookup(before, { ...definition, columns: ['a', 'b'], from: ['a', 'b'] })
    assert.deepEqual((several as typeof before).tables.people.columnVindexes[1], {
      columns: ['a', 'b'],
      name: 'by_email',
    })
  })

  test('does not lose one of the same name', () => {
    const there = withLookup(before, definition)
    assert.throws(
      () => withLookup(there, definition),
      /has a vindex by_email already.*ctl lookup cancel main by_email/,
    )
  })

  test('becomes readable, and goes again, leaving all else', () => {
    const there = withLookup(before, definition)
    const read = readable(there, 'by_email') as { vindexes: { by_email: { params: object } } }
    assert.equal('write_only' in read.vindexes.by_email.params, false)
    assert.deepEqual(withoutLookup(there, 'by_email'), before)
    assert.equal(fingerprintOf(there, 'by_email'), fingerprintOf(read, 'by_email'))
    const other = withLookup(before, { ...definition, columns: ['mail'] })
    assert.notEqual(fingerprintOf(there, 'by_email'), fingerprintOf(other, 'by_email'))
  })

  test('a lookup table is declared with what shards it, and without where nothing does', () => {
    const placedBy = { column: 'email', vindex: 'xxhash', type: 'xxhash' }
    const declared = withTable(before, { name: 'email_ids', placedBy })
    assert.deepEqual(declared['vindexes'], { hash: { type: 'hash' }, xxhash: { type: 'xxhash' } })
    assert.deepEqual((declared['tables'] as Record<string, unknown>)['email_ids'], {
      column_vindexes: [{ column: 'email', name: 'xxhash' }],
    })
    assert.deepEqual(withTable({}, { name: 't' }), { tables: { t: {} } })
    assert.deepEqual(withoutTable(withTable({}, { name: 't' }), 't'), { tables: {} })
  })
})

test('parameters are name=value; those with options of their own are refused by name', () => {
  assert.deepEqual(paramsOf(['ignore_nulls=true', 'read_lock=none']), {
    ignore_nulls: 'true',
    read_lock: 'none',
  })
  assert.throws(() => paramsOf(['x']), /write name=value/)
  assert.throws(() => paramsOf(['table=t']), /give it as --table/)
  assert.throws(() => paramsOf(['write_only=false']), /lookup externalize makes it readable/)
})

test('rows behind a key are a range of its index', () => {
  const [one, a] = [value('INT64', '1'), value('VARCHAR', "a'b")]
  assert.equal(after(['`id`'], [one]), '(`id` > 1)')
  assert.equal(
    after(['`id`', '`name`'], [one, a]),
    "`id` >= 1 AND ((`id` > 1) OR (`id` = 1 AND `name` > 'a''b'))",
  )
  assert.equal(areEqual(['`a`', '`b`'], [one, nullValue]), '(`a` = 1 AND `b` <=> NULL)')
})

describe('the lookup table', () => {
  const column = (name: string, columnType: string, more: Partial<DatabaseColumn> = {}): DatabaseColumn => ({
    ...{ table: 'people', name, dataType: columnType, columnType, characterSet: null, collation: null },
    ...{ srsId: null, nullable: false, extra: '', default: null, expression: '', key: '', isMariadb: false },
    ...more,
  })
  const text = column('email', 'varchar(40)', {
    characterSet: 'latin1',
    collation: 'latin1_bin',
    nullable: true,
  })

  const cases = [
    {
      type: 'lookup_unique',
      columns: [text],
      text: '`email` varchar(40) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL, `id` varbinary(128) NOT NULL, PRIMARY KEY (`email`)',
    },
    {
      type: 'lookup_hash',
      columns: [column('email', 'int unsigned')],
      text: '`email` int unsigned NOT NULL, `id` bigint unsigned NOT NULL, PRIMARY KEY (`email`, `id`)',
    },
    {
      type: 'lookup_unicodeloosemd5_hash_unique',
      columns: [text],
      text: '`email` bigint unsigned NOT NULL, `id` bigint unsigned NOT NULL, PRIMARY KEY (`email`)',
    },
  ]
  for (const { type, columns, text: body } of cases)
    test(type, () => {
      const vindex = createVindex(type, type, {}, { readFile: () => new Uint8Array() }) as LookupVindex
      assert.equal(
        tableText(vindex, definition, columns),
        `CREATE TABLE IF NOT EXISTS \`email_ids\` (${body})`,
      )
    })
})

describe('proxies', () => {
  const metrics = (...lines: readonly string[]) =>
    [
      '# TYPE shardgate_vschema_info gauge',
      ...lines.map((line) => `shardgate_vschema_info{${line}`),
      '',
    ].join('\n')

  test('tell by which VSchema their workers plan', () => {
    const text = metrics(
      'keyspace="main",digest="aa"} 2',
      'keyspace="main",digest="bb"} 1',
      'digest="cc",keyspace="a\\"b"} 1',
    )
    assert.deepEqual(vschemaDigests(text, 'main'), ['aa', 'bb'])
    assert.deepEqual(vschemaDigests(text, 'a"b'), ['cc'])
    assert.deepEqual(vschemaDigests(text, 'other'), [])
  })

  test('are waited for until all workers have it', async () => {
    let asked = 0
    const server = createServer((_request, response) => {
      asked++
      const old = asked < 3 ? ['keyspace="main",digest="old"} 1'] : []
      response.end(metrics('keyspace="main",digest="new"} 1', ...old))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      await awaitProxies([address], { keyspace: 'main', digest: 'new' }, 20_000)
      assert.equal(asked, 3)
      await assert.rejects(
        awaitProxies([address], { keyspace: 'main', digest: 'newer' }, 0),
        /proxy 127\.0\.0\.1:\d+ has not seen the VSchema yet, and would leave rows out/,
      )
      await assert.rejects(
        awaitProxies([address], { keyspace: 'no', digest: 'x' }, 0),
        /does not tell by which VSchema/,
      )
    } finally {
      server.close()
    }
    await assert.rejects(
      awaitProxies([address], { keyspace: 'main', digest: 'new' }, 0),
      /does not answer \(/,
    )
  })
})
