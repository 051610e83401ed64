import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { nearOf, parse } from '../support.ts'
import * as admin from './statements/admin.ts'
import * as replication from './statements/replication.ts'

interface Table {
  readonly accepted: readonly string[]
  readonly refused: readonly (readonly [sql: string, near: string])[]
}

const tables = readdirSync(new URL('statements', import.meta.url))
  .map((file) => file.slice(0, -'.ts'.length))
  .sort()
const mysql97 = { mode: 0, serverVersion: 90704, passedOn: 'check' } as const
const mysql80 = { ...mysql97, serverVersion: 80036 } as const

/** Tables tell the bare text, or all of `near '…' at line N`. */
function withLine(near: string): string {
  return near.startsWith("near '") ? near : `near '${near}' at line 1`
}

describe.each(tables)('statements of %s', async (name) => {
  const table: Table = await import(`./statements/${name}.ts`)

  it('are accepted', () => {
    const wrong = table.accepted
      .map((sql) => [sql, nearOf(sql, mysql97)])
      .filter(([, near]) => near !== 'no error')
    expect(wrong).toEqual([])
  })

  it('are refused where MySQL refuses them', () => {
    const found = table.refused.map(([sql]) => [sql, nearOf(sql, mysql97)])
    const wanted = table.refused.map(([sql, near]) => [sql, withLine(near)])
    expect(found).toEqual(wanted)
  })
})

it('statements are left to the server where they are passed on in trust', () => {
  expect(nearOf('CREATE TABLESPACE s WHATEVER')).toBe('no error')
  expect(nearOf('CREATE TABLESPACE s WHATEVER', mysql97)).toBe("near 'WHATEVER' at line 1")
})

describe('statements that MySQL 8.4 dropped', () => {
  it.each([...admin.olderAccepted, ...replication.olderAccepted])('%s', (sql) => {
    expect(nearOf(sql, mysql80)).toBe('no error')
    expect(nearOf(sql, mysql97)).not.toBe('no error')
  })
})

describe("vtgate's statements", () => {
  it('are an error at their second word where vtgate has them not either', () => {
    expect(nearOf("ALTER VITESS_MIGRATION 'a' x", mysql97)).toBe("near 'VITESS_MIGRATION 'a' x' at line 1")
  })

  it.each([
    'ALTER VSCHEMA ADD TABLE t',
    "ALTER VITESS_MIGRATION '0e8a27c8_1d73_11ec_a579_0aa0c75a2a1d' CANCEL",
    "ALTER VITESS_MIGRATION 'a' THROTTLE EXPIRE '1h' RATIO 0.5",
    "ALTER VITESS_MIGRATION 'a' LAUNCH VITESS_SHARDS '-40,40-80'",
    "ALTER VITESS_MIGRATION 'a' SET CUTOVER_THRESHOLD '5s'",
    'ALTER VITESS_MIGRATION THROTTLE ALL RATIO 1',
    'ALTER VITESS_MIGRATION POSTPONE COMPLETE ALL',
    "LOAD DATA FROM S3 MANIFEST 's3://bucket/m' INTO TABLE t (a) SET b = 1",
    "LOAD XML FROM S3 PREFIX 's3://bucket/p' REPLACE INTO TABLE t",
  ])('%s is accepted, and so is what Aurora documents', (sql) => {
    expect(nearOf(sql, mysql97)).toBe('no error')
  })
})

it('LOAD DATA FROM INFILE loads a file as LOAD DATA INFILE does', () => {
  expect(parse("LOAD DATA FROM LOCAL INFILE 'f' INTO TABLE d.t")).toMatchObject({
    kind: 'Load',
    local: true,
    table: { qualifier: 'd', name: 't' },
  })
})
