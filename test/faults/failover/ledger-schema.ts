import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from '../../support/temp-dir.ts'

const VSCHEMA = {
  sharded: true,
  vindexes: { hash: { type: 'hash' } },
  tables: {
    entries: { column_vindexes: [{ column: 'id', name: 'hash' }] },
    accounts: { column_vindexes: [{ column: 'id', name: 'hash' }] },
  },
}
const SCHEMA = `
CREATE TABLE entries (id BIGINT NOT NULL, writer INT NOT NULL, KEY (id));
CREATE TABLE accounts (id BIGINT PRIMARY KEY, amount BIGINT NOT NULL);
`

/** A folder with keyspace `main`, which has the ledger's tables. Its owner removes it. */
export function ledgerSchema(): ReturnType<typeof tempDir> {
  const dir = tempDir('ledger')
  mkdirSync(join(dir.path, 'main'))
  writeFileSync(join(dir.path, 'main', 'vschema.json'), JSON.stringify(VSCHEMA))
  writeFileSync(join(dir.path, 'main', 'schema.sql'), SCHEMA)
  return dir
}
