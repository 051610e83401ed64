import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, test, vi } from 'vitest'
import { missingPrivileges } from '../../../src/cli/ctl/check/privileges.ts'
import { ctlCommand } from '../../../src/cli/ctl/ctl-command.ts'
import { startCluster, type TestCluster } from '../../support/cluster.ts'
import { mariadbCommand } from '../../support/mysql.ts'
import { tempDir } from '../../support/temp-dir.ts'

describe.skipIf(!mariadbCommand)('ctl check', () => {
  const schema = tempDir('schema')
  let cluster: TestCluster

  beforeAll(async () => {
    const keyspaces = {
      seqs: { vschema: { tables: { t_seq: { type: 'sequence' } } }, sql: SEQUENCE },
      shop: {
        vschema: {
          sharded: true,
          vindexes: { xx: { type: 'xxhash' } },
          tables: {
            t: {
              column_vindexes: [{ column: 'name', name: 'xx' }],
              auto_increment: { column: 'id', sequence: 'seqs.t_seq' },
            },
          },
        },
        sql: 'CREATE TABLE t (id BIGINT PRIMARY KEY, name VARCHAR(20) COLLATE utf8mb4_nopad_bin)',
      },
    }
    for (const [name, { vschema, sql }] of Object.entries(keyspaces)) {
      mkdirSync(join(schema.path, name))
      writeFileSync(join(schema.path, name, 'vschema.json'), JSON.stringify(vschema))
      writeFileSync(join(schema.path, name, 'a.sql'), sql)
    }
    cluster = await startCluster({ schemaDir: schema.path, isOneMysqld: true })
  })
  afterAll(async () => {
    await cluster.close()
    schema.remove()
  })

  async function check(
    account = cluster.account,
    ...flags: readonly string[]
  ): Promise<{ lines: string[]; exitCode: number }> {
    const { topologyConfig } = cluster
    let out = ''
    let exitCode = 0
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      out += String(chunk)
      return true
    })
    try {
      const topology = ['--topology-type', 'files', '--topology-dir', topologyConfig.dir!]
      const backend = ['--backend-user', account.user, '--backend-password', account.password]
      await ctlCommand((code) => {
        exitCode = code
      }).parseAsync([...topology, 'check', ...flags, ...backend], { from: 'user' })
    } finally {
      write.mockRestore()
    }
    return { lines: out.trim().split('\n'), exitCode }
  }

  async function sql(...statements: readonly string[]): Promise<void> {
    const connection = await [...cluster.servers.values()][0]!.connectAsRoot()
    for (const statement of statements) await connection.query(statement)
    await connection.end()
  }

  test('has a line for each thing that it looked at, and 0 when all is well', async () => {
    const { lines, exitCode } = await check()
    assert.equal(exitCode, 0)
    assert.deepEqual(
      lines.map((line) => line.replace(/\(127.*/, '')),
      [
        'ok       topology: 2 keyspaces, 3 shards, 3 tablets',
        'ok       VSchema: no mistakes',
        'ok       tablet zone1-0000000100 of seqs/0 ',
        'ok       tablet zone1-0000000200 of shop/-80 ',
        'ok       tablet zone1-0000000300 of shop/80- ',
        'ok       tables of seqs: as the VSchema says, on 1 shards',
        'ok       tables of shop: as the VSchema says, on 2 shards',
        'ok       sequence seqs.t_seq: next_id 1 is ahead of shop.t.id (0)',
      ],
    )
  })

  test('a sequence behind its table, a column that ignores case, an account with too little', async () => {
    await sql(
      "INSERT INTO `shop_80-`.t VALUES (9007199254740993, 'x')",
      ...['`shop_-80`', '`shop_80-`'].map(
        (db) => `ALTER TABLE ${db}.t MODIFY name VARCHAR(20) COLLATE utf8mb4_general_ci`,
      ),
      "CREATE USER poor@'%' IDENTIFIED BY 'p'",
      "GRANT SLAVE MONITOR ON *.* TO poor@'%'",
      "GRANT SELECT ON *.* TO poor@'%'",
    )
    const { lines, exitCode } = await check()
    assert.equal(exitCode, 1)
    const all = lines.join('\n')
    assert.match(
      all,
      /^error {4}sequence seqs\.t_seq: next_id 1 is behind shop\.t\.id, .* SET next_id = 9007199254740994 WHERE id = 0$/m,
    )
    assert.match(all, /^warning {2}shop\.tables\.t: vindex xx \(xxhash\) hashes bytes, .*utf8mb4_general_ci/m)
    const ofPoor = async (...flags: readonly string[]) =>
      (await check({ user: 'poor', password: 'p' }, ...flags)).lines.join('\n')
    const poor = await ofPoor()
    assert.match(
      poor,
      /^error {4}tablet .* of shop\/-80 .*: the account lacks INSERT, UPDATE, DELETE on shop_-80$/m,
    )
    assert.doesNotMatch(poor, /twopc/)
    assert.match(
      await ofPoor('--twopc'),
      /^warning {2}tablet .*: the account lacks CREATE, INSERT, DELETE ON _shardgate\.\*: transaction_mode twopc will be refused$/m,
    )
  })

  test('a table that is on one shard only, and one that no VSchema names', async () => {
    await sql('DROP TABLE `shop_-80`.t', 'CREATE TABLE `shop_80-`.extra (a INT)')
    const { lines, exitCode } = await check()
    assert.equal(exitCode, 1)
    assert.ok(lines.includes('error    shop.tables.t: there is no such table on shop/-80'))
    assert.ok(lines.includes('warning  shop.extra: the table is in no VSchema: statements get 1146'))
  })
})

const SEQUENCE = `CREATE TABLE t_seq (id INT PRIMARY KEY, next_id BIGINT, cache BIGINT);
  INSERT INTO t_seq VALUES (0, 1, 1000)`

describe('privileges', () => {
  const cases = [
    { grant: 'GRANT ALL PRIVILEGES ON *.* TO `a`@`%`', lacks: [] },
    { grant: 'GRANT SELECT, INSERT, UPDATE, DELETE ON `shop\\_1`.* TO `a`@`%`', lacks: [] },
    { grant: 'GRANT SELECT, INSERT, UPDATE, DELETE ON `sho%`.* TO `a`@`%`', lacks: [] },
    { grant: 'GRANT SELECT ON `shop_1`.* TO `a`@`%`', lacks: ['INSERT', 'UPDATE', 'DELETE'] },
    {
      grant: 'GRANT ALL PRIVILEGES ON `other`.* TO `a`@`%`',
      lacks: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
    },
    {
      grant: 'GRANT ALL PRIVILEGES ON `shop_1`.`t` TO `a`@`%`',
      lacks: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
    },
  ] as const
  for (const { grant, lacks } of cases)
    test(grant, () => assert.deepEqual(missingPrivileges([grant], 'shop_1').data, lacks))

  test('of roles are not seen', () => {
    assert.equal(missingPrivileges(['GRANT `app`@`%` TO `a`@`%`'], 'shop').hasRoles, true)
  })
})
