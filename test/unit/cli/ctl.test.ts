import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test, vi } from 'vitest'
import { ctlCommand } from '../../../src/cli/ctl/ctl-command.ts'
import { tempDir } from '../../support/temp-dir.ts'

let dir: ReturnType<typeof tempDir>
beforeEach(() => {
  dir = tempDir('ctl')
})
afterEach(() => {
  vi.restoreAllMocks()
  dir.remove()
})

/** Runs a command as the shell would and returns what it printed. */
async function ctl(...args: readonly string[]): Promise<string> {
  let out = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    out += String(chunk)
    return true
  })
  try {
    const topology = ['--topology-type', 'files', '--topology-dir', dir.path]
    await ctlCommand(() => {})
      .exitOverride()
      .parseAsync([...topology, ...args], { from: 'user' })
  } finally {
    write.mockRestore()
  }
  return out
}

/** What a command says on stderr. */
async function warningsOf(run: () => Promise<string>): Promise<{ text: string; warnings: string }> {
  let warnings = ''
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    warnings += String(chunk)
    return true
  })
  try {
    const text = await run()
    return { text, warnings }
  } finally {
    write.mockRestore()
  }
}

function file(name: string, json: unknown): string {
  const path = join(dir.path, name)
  writeFileSync(path, JSON.stringify(json))
  return path
}

const shopVschema = {
  sharded: true,
  vindexes: { xxhash: { type: 'xxhash' } },
  tables: { customers: { column_vindexes: [{ column: 'id', name: 'xxhash' }] } },
}

test('a cluster is described step by step, and shown in tables', async () => {
  assert.match(
    await ctl('keyspace', 'create', 'shop', '--shards', '2'),
    /created keyspace shop with shards -80 80-/,
  )
  await ctl(
    'tablet',
    'register',
    'zone1-100',
    '--shard',
    'shop/-80',
    '--type',
    'primary',
    '--host',
    '10.0.0.1',
  )
  await ctl(
    'tablet',
    'register',
    'zone1-200',
    '--shard',
    'shop/80-',
    '--socket',
    '/run/mysqld.sock',
    '--tag',
    'disk=ssd',
  )
  await ctl('vschema', 'apply', 'shop', file('shop.json', shopVschema))
  assert.equal(
    await ctl('show'),
    [
      'KEYSPACE  SHARDED  SHARDS  TABLES',
      'shop      yes      2       1',
      '',
      'SHARD     SERVING  PRIMARY           TABLETS',
      'shop/-80  yes      zone1-0000000100  1',
      'shop/80-  yes      (none)            1',
      '',
      'TABLET            TYPE     SHARD     ADDRESS           DATABASE  WEIGHT',
      'zone1-0000000100  PRIMARY  shop/-80  10.0.0.1:3306     shop      1',
      'zone1-0000000200  REPLICA  shop/80-  /run/mysqld.sock  shop      1',
      '',
    ].join('\n'),
  )
  const json = JSON.parse(await ctl('--json', 'show'))
  assert.deepEqual(json.tablets['zone1-0000000200'].tags, { disk: 'ssd' })
  assert.deepEqual(json.vschemas.shop, shopVschema)
})

test('replicas have weights and are drained, and cells have aliases', async () => {
  await ctl('keyspace', 'create', 'shop')
  await ctl('tablet', 'register', 'east1-1', '--shard', 'shop/0', '--host', 'h')
  assert.match(await ctl('tablet', 'set-weight', 'east1-1', '2.5'), /has weight 2.5 now/)
  assert.match(await ctl('tablet', 'list'), /shop +2.5$/m)
  for (const weight of ['0', '-1', 'much', '1e9'])
    await assert.rejects(ctl('tablet', 'set-weight', 'east1-1', weight), /a weight is a number above 0/)
  assert.match(await ctl('tablet', 'drain', 'east1-1'), /gets no new reads/)
  assert.match(await ctl('tablet', 'list'), /shop +2\.5 +draining$/m)
  await ctl('tablet', 'undrain', 'east1-1')
  const [tablet] = JSON.parse(await ctl('--json', 'tablet', 'list'))
  assert.deepEqual([tablet.weight, tablet.draining], [2.5, false])

  await ctl('cell', 'create', 'east2')
  await assert.rejects(ctl('cell', 'alias', 'add', 'east', 'east1', 'east3'), /cell east3 does not exist/)
  await ctl('cell', 'alias', 'add', 'east', 'east1', 'east2')
  assert.equal(await ctl('cell', 'alias', 'list'), 'ALIAS  CELLS\neast   east1, east2\n')
  await assert.rejects(ctl('cell', 'alias', 'add', 'east', 'east1'), /cell alias east exists already/)
  assert.match(await ctl('show'), /^east +east1, east2$/m)
  await ctl('cell', 'alias', 'remove', 'east')
  assert.deepEqual(JSON.parse(await ctl('--json', 'show')).cells_aliases, {})
})

test('a VSchema with a mistake is not put in place', async () => {
  await ctl('keyspace', 'create', 'shop', '--shards', '2')
  const wrong = file('wrong.json', { ...shopVschema, tabels: {} })
  await assert.rejects(ctl('vschema', 'apply', 'shop', wrong), /mistakes; nothing was changed:\n.*tabels/)
  await assert.rejects(ctl('vschema', 'get', 'shop'), /keyspace shop has no VSchema; give it one with/)
  assert.match(await ctl('vschema', 'validate', 'shop', file('right.json', shopVschema)), /no mistakes/)
  await assert.rejects(ctl('vschema', 'get', 'shop'), /has no VSchema/)
})

test('a field that serving passes over is a mistake here, and a warning when allowed', async () => {
  await ctl('keyspace', 'create', 'shop', '--shards', '2')
  // Vitess's own examples have such fields.
  const customers = { name: 'customers', column_vindexes: [{ column: 'id', name: 'xxhash', type: 'xxhash' }] }
  const named = file('named.json', { ...shopVschema, tables: { customers } })
  await assert.rejects(
    ctl('vschema', 'validate', 'shop', named),
    /shop\.tables\.customers: unknown field "name"/,
  )
  const { text, warnings } = await warningsOf(() => ctl('vschema', 'apply', 'shop', named, '--allow-unknown'))
  assert.match(text, /applied the VSchema/)
  assert.match(warnings, /warning: shop\.tables\.customers\.column_vindexes\[0\]: unknown field "type"/)
})

test('what a VSchema names and nobody has is told with its place', async () => {
  await ctl('keyspace', 'create', 'shop', '--shards', '2')
  await ctl('keyspace', 'create', 'lookup')
  const table = (more: object) =>
    file('table.json', {
      ...shopVschema,
      tables: { t: { column_vindexes: [{ column: 'id', name: 'xxhash' }], ...more } },
    })
  const columns = [{ name: 'ident' }]
  await assert.rejects(
    ctl('vschema', 'validate', 'shop', table({ columns, column_list_authoritative: true })),
    /shop\.tables\.t: vindex xxhash is on column 'id', which is not in the list of columns/,
  )
  await assert.rejects(
    ctl('vschema', 'validate', 'shop', table({ auto_increment: { column: 'id', sequence: 'nowhere.seq' } })),
    /shop\.tables\.t: cannot resolve sequence nowhere\.seq: VT05003: unknown database/,
  )
  await assert.rejects(
    ctl(
      'vschema',
      'validate',
      'shop',
      file('ref.json', { tables: { r: { type: 'reference', source: 'lookup.r' } } }),
    ),
    /shop\.tables\.r: source "lookup\.r" references a table "r" that is not present/,
  )
  const sequence = table({ auto_increment: { column: 'id', sequence: 'lookup.seq' } })
  const { warnings } = await warningsOf(() => ctl('vschema', 'validate', 'shop', sequence))
  assert.match(
    warnings,
    /warning: shop\.tables\.t\.auto_increment: the sequence lookup\.seq is in no VSchema/,
  )
})

test('a byte vindex on a column that calls texts of other bytes equal is warned of', async () => {
  await ctl('keyspace', 'create', 'shop', '--shards', '2')
  const vschema = (collation_name: string) =>
    file('case.json', {
      ...shopVschema,
      tables: {
        t: {
          column_vindexes: [{ column: 'id', name: 'xxhash' }],
          columns: [{ name: 'ID', type: 'VARCHAR', collation_name }],
        },
      },
    })
  const insensitive = await warningsOf(() =>
    ctl('vschema', 'validate', 'shop', vschema('utf8mb4_0900_ai_ci')),
  )
  assert.match(
    insensitive.warnings,
    /shop\.tables\.t: vindex xxhash \(xxhash\) hashes bytes, and column 'ID'/,
  )
  const padded = await warningsOf(() => ctl('vschema', 'validate', 'shop', vschema('utf8mb4_bin')))
  assert.match(padded.warnings, /column 'ID' has collation utf8mb4_bin, that pads texts with spaces/)
  assert.equal(
    (await warningsOf(() => ctl('vschema', 'validate', 'shop', vschema('utf8mb4_0900_bin')))).warnings,
    '',
  )
})

test('a lookup table that calls other texts equal than its owner is warned of', async () => {
  await ctl('keyspace', 'create', 'shop', '--shards', '2')
  await ctl('keyspace', 'create', 'seqs')
  const texts = (collation_name: string) => [{ name: 'email', type: 'VARCHAR', collation_name }]
  await ctl(
    'vschema',
    'apply',
    'seqs',
    file('seqs.json', { tables: { email_ids: { columns: texts('utf8mb4_bin') } } }),
  )
  const params = { table: 'seqs.email_ids', from: 'email', to: 'id' }
  const owner = (collation_name: string) =>
    file('owner.json', {
      ...shopVschema,
      vindexes: {
        ...shopVschema.vindexes,
        by_email: { type: 'consistent_lookup_unique', params, owner: 't' },
      },
      tables: {
        t: {
          column_vindexes: [
            { column: 'id', name: 'xxhash' },
            { column: 'email', name: 'by_email' },
          ],
          columns: [...texts(collation_name), { name: 'id', type: 'INT64' }],
        },
      },
    })
  const other = await warningsOf(() => ctl('vschema', 'validate', 'shop', owner('utf8mb4_0900_ai_ci')))
  assert.match(
    other.warnings,
    /column 'email' of seqs\.email_ids, whose collation utf8mb4_bin calls other texts equal/,
  )
  const same = await warningsOf(() => ctl('vschema', 'validate', 'shop', owner('utf8mb4_bin')))
  assert.equal(same.warnings, '')
})

test('a keyspace whose shards leave a gap is not made', async () => {
  await assert.rejects(
    ctl('keyspace', 'create', 'shop', '--shard', '-80', '90-'),
    /--shard -80 90-: no shard holds the ids between -80 and 90-; together they must hold all ids/,
  )
  assert.match(await ctl('keyspace', 'list'), /\(no keyspace\)/)
})

test('rules that point nowhere are not put in place', async () => {
  await ctl('keyspace', 'create', 'shop', '--shards', '2')
  await ctl('vschema', 'apply', 'shop', file('shop.json', shopVschema))
  const nowhere = file('rules.json', { rules: [{ from_table: 'c', to_tables: ['nope.c'] }] })
  await assert.rejects(ctl('routing-rules', 'apply', nowhere), /unknown database 'nope'/)
  await ctl(
    'routing-rules',
    'apply',
    file('good.json', { rules: [{ from_table: 'c', to_tables: ['shop.customers'] }] }),
  )
  assert.match(await ctl('show'), /^c +shop\.customers$/m)
})

test('values are mapped to keyspace ids and to the shards of a keyspace', async () => {
  await ctl('keyspace', 'create', 'shop', '--shard', '-20,20-')
  // Vitess: hash of 1 is 166b40b44aba4bd6.
  assert.deepEqual(
    JSON.parse(await ctl('--json', 'vindex', 'map', '--type', 'hash', '--keyspace', 'shop', '1', '2')),
    [
      { value: '1', ksid: '166b40b44aba4bd6', shards: ['-20'] },
      { value: '2', ksid: '06e7ea22ce92708f', shards: ['-20'] },
    ],
  )
  await assert.rejects(ctl('vindex', 'map', '--type', 'nope', '1'), /vindexType "nope" not found/)
  await assert.rejects(ctl('vindex', 'map', '--type', 'hash', '--params', '{', '1'), /--params is not JSON/)
})

test('mistakes in arguments name the argument and what it takes', async () => {
  await ctl('keyspace', 'create', 'shop')
  const register = ['tablet', 'register', 'zone1-1', '--host', 'h', '--shard']
  await assert.rejects(ctl(...register, 'shop'), /'shop' is no shard; write keyspace\/shard/)
  await assert.rejects(
    ctl(...register, 'shop/0', '--type', 'leader'),
    /'leader' is no tablet type; one of PRIMARY/,
  )
  await assert.rejects(ctl(...register, 'shop/0', '--port', '99999'), /--port takes a number/)
  await assert.rejects(ctl('tablet', 'remove', 'zone1'), /'zone1' is no tablet alias; write cell-uid/)
  await assert.rejects(ctl('keyspace', 'create', 'x', '--shards', 'two'), /--shards takes a number/)
})

test('tablets are managed when somebody says so, and a keyspace is as durable as is wanted', async () => {
  await ctl('keyspace', 'create', 'shop')
  await ctl('tablet', 'register', 'z-1', '--shard', 'shop/0', '--type', 'PRIMARY', '--host', 'a', '--managed')
  await ctl('tablet', 'register', 'z-2', '--shard', 'shop/0', '--host', 'b')
  assert.match(
    await ctl('tablet', 'list'),
    /z-0000000001 .* managed\nz-0000000002 +REPLICA +shop\/0 +b:3306 +shop +1\n$/,
  )
  await ctl('tablet', 'set-managed', 'z-2')
  await ctl('tablet', 'set-managed', 'z-1', 'false')
  assert.match(await ctl('tablet', 'list'), /z-0000000001 .*shop +1\nz-0000000002 .* managed\n$/)
  await assert.rejects(ctl('keyspace', 'set-durability', 'shop', 'high'), /none of none, semi_sync/)
  assert.equal(
    await ctl('keyspace', 'set-durability', 'shop', 'semi_sync'),
    'durability of keyspace shop: semi_sync\n',
  )
  assert.equal(await ctl('events'), '(no events)\n')
})
