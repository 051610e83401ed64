import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const TABLES = `CREATE TABLE owners (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(20) NOT NULL DEFAULT '');
CREATE TABLE pets (id BIGINT NOT NULL PRIMARY KEY, owner BIGINT, CONSTRAINT pets_owner FOREIGN KEY (owner)
  REFERENCES owners (id) ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE toys (id BIGINT NOT NULL PRIMARY KEY, pet BIGINT, CONSTRAINT toys_pet FOREIGN KEY (pet)
  REFERENCES pets (id) ON DELETE SET NULL ON UPDATE CASCADE);
CREATE TABLE bills (id BIGINT NOT NULL PRIMARY KEY, owner BIGINT NOT NULL, CONSTRAINT bills_owner FOREIGN KEY (owner)
  REFERENCES owners (id));
CREATE TABLE plain (id BIGINT NOT NULL PRIMARY KEY, owner BIGINT, KEY owner (owner));`

/** What refers to what, by the columns. */
export const LINKS = [
  ['pets', 'owner', 'owners'],
  ['toys', 'pet', 'pets'],
  ['bills', 'owner', 'owners'],
] as const

/** A folder with keyspace `main`, whose tables are tied by foreign keys and sharded each by its own id. */
export function writeLinkedSchema(dir: string, foreignKeyMode: 'managed' | 'unmanaged' | 'disallow'): void {
  const own = { column_vindexes: [{ column: 'id', name: 'hash' }] }
  const vschema = {
    sharded: true,
    foreign_key_mode: foreignKeyMode,
    vindexes: { hash: { type: 'hash' } },
    tables: Object.fromEntries(['owners', 'pets', 'toys', 'bills', 'plain'].map((name) => [name, own])),
  }
  mkdirSync(join(dir, 'main'), { recursive: true })
  writeFileSync(join(dir, 'main', 'vschema.json'), JSON.stringify(vschema))
  writeFileSync(join(dir, 'main', 'schema.sql'), TABLES)
}
