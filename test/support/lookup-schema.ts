import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { value } from '../../src/values/value.ts'
import { createVindex } from '../../src/vindex/registry.ts'

const TABLE = `CREATE TABLE people (id BIGINT NOT NULL PRIMARY KEY, email VARCHAR(40) COLLATE utf8mb4_bin, team INT, code INT,
  note VARCHAR(20), born DATE, at TIMESTAMP(3) NULL, price FLOAT, UNIQUE KEY email (email), UNIQUE KEY code (code), KEY team (team));`

const WORDS = `CREATE TABLE words (word VARCHAR(20) NOT NULL PRIMARY KEY, kind VARCHAR(20), KEY kind (kind))
  DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci;`

const SCHEMA = `${TABLE}
${WORDS}
CREATE TABLE word_kinds (kind VARCHAR(20) NOT NULL, id VARBINARY(16) NOT NULL, PRIMARY KEY (kind, id))
  DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE email_ids (email VARCHAR(40) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY, id VARBINARY(16) NOT NULL);
CREATE TABLE team_ids (team INT NOT NULL, id VARBINARY(16) NOT NULL, PRIMARY KEY (team, id));
CREATE TABLE notes (id BIGINT NOT NULL PRIMARY KEY, owner BIGINT NOT NULL, topic INT, body TEXT);
CREATE TABLE topic_owners (topic INT NOT NULL, owner VARBINARY(16) NOT NULL, PRIMARY KEY (topic, owner));`

const PLAIN_SCHEMA = `${TABLE}
${WORDS}
CREATE TABLE notes (id BIGINT NOT NULL PRIMARY KEY, owner BIGINT NOT NULL, topic INT, body TEXT);
CREATE TABLE code_users (code INT NOT NULL PRIMARY KEY, user BIGINT UNSIGNED NOT NULL);`

function vschema(consistent: string) {
  const lookup = (type: string, table: string, from: string, to: string, owner = 'people') => ({
    type,
    owner,
    params: { table, from, to },
  })
  return {
    sharded: true,
    vindexes: {
      hash: { type: 'hash' },
      xxhash: { type: 'xxhash' },
      loose: { type: 'unicode_loose_xxhash' },
      by_email: lookup(`${consistent}lookup_unique`, 'main.email_ids', 'email', 'id'),
      by_team: lookup(`${consistent}lookup`, 'team_ids', 'team', 'id'),
      by_code: lookup('lookup_hash_unique', 'plain.code_users', 'code', 'user'),
      by_topic: lookup(`${consistent}lookup`, 'main.topic_owners', 'topic', 'owner', 'notes'),
      by_kind: lookup(`${consistent}lookup`, 'main.word_kinds', 'kind', 'id', 'words'),
    },
    tables: {
      people: {
        column_vindexes: [
          { column: 'id', name: 'hash' },
          { column: 'email', name: 'by_email' },
          { column: 'team', name: 'by_team' },
          { column: 'code', name: 'by_code' },
        ],
      },
      notes: {
        column_vindexes: [
          { column: 'owner', name: 'hash' },
          { column: 'topic', name: 'by_topic' },
        ],
      },
      words: {
        column_vindexes: [
          { column: 'word', name: 'loose' },
          { column: 'kind', name: 'by_kind' },
        ],
      },
      word_kinds: { column_vindexes: [{ column: 'kind', name: 'loose' }] },
      email_ids: { column_vindexes: [{ column: 'email', name: 'xxhash' }] },
      team_ids: { column_vindexes: [{ column: 'team', name: 'hash' }] },
      topic_owners: { column_vindexes: [{ column: 'topic', name: 'hash' }] },
    },
  }
}

/** Keyspaces `main`, of two shards or more, whose tables own lookup vindexes, and `plain`, one server with the same tables. */
export function writeLookupSchema(dir: string, consistent: '' | 'consistent_'): void {
  write(dir, 'main', SCHEMA, vschema(consistent))
  write(dir, 'plain', PLAIN_SCHEMA, { sharded: false, tables: { code_users: {} } })
}

function write(dir: string, keyspace: string, schema: string, vschemaOf: unknown): void {
  mkdirSync(join(dir, keyspace), { recursive: true })
  writeFileSync(join(dir, keyspace, 'schema.sql'), schema)
  writeFileSync(join(dir, keyspace, 'vschema.json'), JSON.stringify(vschemaOf))
}

const hash = createVindex('hash', 'hash', {}, { readFile: () => new Uint8Array() })

/** The keyspace id of a row, as MySQL's LOWER(HEX()) has it. */
export function idOf(id: string): string {
  const found = hash.kind === 'single' ? hash.hash?.(value('INT64', id)) : undefined
  return Buffer.from(found!).toString('hex')
}
