import { expect, test } from 'vitest'
import { SqlError } from '../../../src/errors/sql-error.ts'
import { type Access, USUAL_ACCESS } from '../../../src/mysql/server/auth/access.ts'
import { needsOf, needsOfComments } from '../../../src/policy/needs-of.ts'
import { withOwnDefiner } from '../../../src/policy/own-definer.ts'
import { permit } from '../../../src/policy/permit.ts'
import { scan } from '../../../src/sql/fingerprint.ts'
import { parseStatement } from '../../../src/sql/parse.ts'
import { encodeBinary } from '../../../src/sql/text.ts'
import { ordinaryStatements } from '../../support/ordinary-statements.ts'

const options = { mode: 0, serverVersion: 90704 }
const servers = {
  isMariadb: false,
  isKeyspaceOrDatabase: (name: string) => name === 'own' || name === 'other',
}

/** Number of the error that a user gets before anything is sent; 0 for none. */
function refusal(text: string, access: Access = USUAL_ACCESS, defaultSchema = 'own'): number {
  const sql = withOwnDefiner(encodeBinary(text), 'app', options)
  const context = {
    sql,
    options,
    defaultSchema,
    isShard: defaultSchema === 'shard',
    isKeyspace: (name: string) => name === 'own' || name === 'other',
    keyspaceOf: ({ qualifier, name }: { qualifier?: string; name: string }) =>
      name === 'routed' ? 'other' : (qualifier ?? defaultSchema),
    tableOf: ({ qualifier, name }: { qualifier?: string; name: string }) =>
      name === 'alias_of_pay'
        ? { keyspace: 'own', name: 'pay' }
        : { keyspace: qualifier ?? defaultSchema, name },
  }
  const asker = { identity: { user: 'app', access }, remoteHost: 'localhost' }
  try {
    if (scan(sql, 0, options.serverVersion).hasForeign)
      for (const needs of needsOfComments(context)) permit(needs, asker, servers)
    permit(needsOf(parseStatement(sql, options), context), asker, servers)
    return 0
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    return error.errno
  }
}

/** The session answers these: what is wrong with them is found there. */
const BY_SESSION = /^(USE|PREPARE|SET `|SET sql_mode = `)/

test.each(ordinaryStatements.filter(([sql]) => !BY_SESSION.test(sql)))('%s: %s', (sql, expected) => {
  const errno = refusal(sql)
  if (expected === 'like MySQL') expect(errno).toBeGreaterThan(0)
  else expect(errno).toBe(expected === 'allowed' ? 0 : expected)
})

test.each(ordinaryStatements.filter(([sql]) => !BY_SESSION.test(sql)))('an administrator may: %s', (sql) => {
  expect(refusal(sql, { role: 'admin', keyspaces: undefined })).toBe(0)
})

test('unqualified names are those of the default schema', () => {
  expect(refusal('SELECT * FROM threads', USUAL_ACCESS, 'performance_schema')).toBe(1142)
  expect(refusal('SELECT * FROM processlist', USUAL_ACCESS, 'information_schema')).toBe(0)
  expect(refusal('INSERT INTO own.t SELECT * FROM processlist', USUAL_ACCESS, 'information_schema')).toBe(
    1227,
  )
  expect(refusal('SHOW COLUMNS FROM threads', USUAL_ACCESS, 'performance_schema')).toBe(1142)
  expect(
    refusal('WITH THREADS AS (SELECT 1) SELECT * FROM threads', USUAL_ACCESS, 'performance_schema'),
  ).toBe(1142)
  expect(refusal('SELECT * FROM tables', USUAL_ACCESS, 'information_schema')).toBe(0)
  expect(refusal('SELECT 1 /*!99999 FROM processlist */', USUAL_ACCESS, 'information_schema')).toBe(1227)
})

test.each([
  ['SELECT * FROM own_table', 0],
  ['SELECT * FROM own.own_table', 0],
  ['SELECT * FROM other.t', 1142],
  ['SELECT * FROM routed', 1142], // a routing rule leads there
  ['SELECT * FROM own.routed', 1142],
  ['SELECT 1 FROM own_table WHERE id IN (SELECT id FROM other.t)', 1142],
  ['INSERT INTO own_table SELECT * FROM other.t', 1142],
  ['UPDATE other.t SET a = 1', 1142],
  ['SHOW TABLES FROM other', 1044],
  ['EXPLAIN FOR SCHEMA other SELECT * FROM t', 1044],
  ['SHOW COLUMNS FROM other.t', 1142],
  ['SELECT other.f()', 1044],
  ['CALL other.p()', 1044],
  ['CREATE VIEW v AS SELECT * FROM other.t', 1142],
  ['CREATE PROCEDURE p() SELECT * FROM other.t', 1044],
  ["CREATE PROCEDURE p() BEGIN PREPARE s FROM 'SELECT * FROM other.t'; EXECUTE s; END", 1044],
  [
    "CREATE PROCEDURE p() BEGIN PREPARE s FROM 'SELECT * FROM information_schema.tables'; EXECUTE s; END",
    1044,
  ],
  ['CREATE PROCEDURE p() SELECT a.id FROM own_table AS a', 0],
  ['ALTER DATABASE other CHARACTER SET utf8mb4', 1044],
  ['SELECT * FROM information_schema.tables', 0],
  ['SELECT 1 /*!99999 FROM other.t */', 1044],
  ['CREATE VIEW v AS SELECT * FROM information_schema.tables', 1044],
  ['SELECT * FROM `İnformation_schema`.tables', 1142],
] as const)('keyspaces: %s → %i', (sql, errno) => {
  expect(refusal(sql, { role: 'app', keyspaces: new Set(['own']) })).toBe(errno)
})

test.each([
  ['SELECT * FROM t', 0],
  ['SELECT * FROM own.t', 0],
  ['SELECT * FROM alien.t', 1142],
  ['INSERT INTO alien.t VALUES (1)', 1142],
  ['DROP TABLE alien.t', 1142],
  ['CREATE TABLE alien.u (a INT)', 1142],
  ['CREATE TABLE u LIKE alien.t', 1142],
  ['SHOW TABLES FROM alien', 1044],
  ['SHOW COLUMNS FROM t FROM alien', 1044],
  ['CREATE PROCEDURE alien.p() SELECT 1', 1044],
  ['CALL alien.p()', 1044],
  ['CREATE DATABASE alien', 1044],
  ['DROP DATABASE own', 1044],
  ['ALTER DATABASE CHARACTER SET utf8mb4', 1044],
] as const)('databases that are no keyspaces, on one shard: %s → %i', (sql, errno) => {
  expect(refusal(sql, USUAL_ACCESS, 'shard')).toBe(errno)
})

test.each([
  ['SELECT alien.f()', 1370],
  ['CREATE TABLE u (a INT, FOREIGN KEY (a) REFERENCES alien.t (a))', 1142],
  ['HANDLER alien.t OPEN', 1142],
  ['SELECT own.f()', 0],
  ['CREATE DATABASE alien', 0], // the session has its own words for it
] as const)('databases that are no keyspaces: %s → %i', (sql, errno) => {
  expect(refusal(sql)).toBe(errno)
})

const PAY = [
  { keyspace: 'own', name: 'pay', isPrefix: false, rights: [] },
  { keyspace: 'own', name: 'read_', isPrefix: true, rights: ['read'] },
  { keyspace: 'own', name: 'write_', isPrefix: true, rights: ['write'] },
  { keyspace: 'own', name: 'ddl_', isPrefix: true, rights: ['ddl'] },
] as const

test.each([
  ['SELECT * FROM t', 0],
  ['SELECT pay FROM t AS pay', 0],
  ['SELECT * FROM pay', 1142],
  ['SELECT * FROM own.PAY', 1142],
  ['SELECT * FROM `own`/* */./* */`pay` x', 1142],
  ['TABLE pay', 1142],
  ['SELECT * FROM alias_of_pay', 1142], // a routing rule leads there
  ['SELECT 1 FROM t WHERE EXISTS (SELECT 1 FROM pay)', 1142],
  ['SELECT (SELECT MAX(a) FROM pay)', 1142],
  ['SELECT * FROM (SELECT * FROM pay) d', 1142],
  ['WITH x AS (SELECT * FROM pay) SELECT * FROM x', 1142],
  ['WITH pay AS (SELECT 1) SELECT * FROM pay', 0],
  ['SELECT * FROM t UNION SELECT * FROM pay', 1142],
  ['SELECT * FROM t JOIN pay USING (a)', 1142],
  ['SELECT * FROM t FOR UPDATE OF t', 0],
  ['DO (SELECT a FROM pay LIMIT 1)', 1142],
  ['SET @a = (SELECT MAX(a) FROM pay)', 1142],
  ['SELECT a FROM pay INTO @a', 1142],
  ['EXPLAIN SELECT * FROM pay', 1142],
  ['VEXPLAIN PLAN SELECT * FROM pay', 1142],
  ['DESCRIBE pay', 1142],
  ['SHOW COLUMNS FROM pay', 1142],
  ['SHOW CREATE TABLE own.pay', 1142],
  ['SHOW INDEX FROM pay', 1142],
  ['SHOW TABLES WHERE (SELECT 1 FROM pay)', 1142],
  ['HANDLER pay OPEN', 1142],
  ['HANDLER own.pay OPEN AS h', 1142],
  ['LOCK TABLES pay READ', 1142],
  ['LOCK TABLES t WRITE', 0],
  ['CHECKSUM TABLE t, pay', 1142],
  ['CREATE VIEW v AS SELECT * FROM pay', 1142],
  ['CREATE TABLE c LIKE pay', 1142],
  ['CREATE TABLE c AS SELECT * FROM pay', 1142],
  ['CREATE TEMPORARY TABLE c AS SELECT * FROM pay', 1142],
  ['CREATE TABLE c (a INT, FOREIGN KEY (a) REFERENCES pay (a))', 1142],
  ['CREATE TABLE c (a INT) ENGINE=MERGE UNION=(t, pay)', 1142],
  ['ALTER TABLE t EXCHANGE PARTITION p0 WITH TABLE pay', 1142],
  ['RENAME TABLE pay TO x', 1142],
  ['RENAME TABLE t TO x', 0],
  ['ALTER TABLE t ADD COLUMN pay INT', 0],
  ['CREATE PROCEDURE p() SELECT * FROM pay', 1142],
  ['CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a = (SELECT MAX(a) FROM pay)', 1142],
  ["CREATE PROCEDURE p() BEGIN PREPARE s FROM 'SELECT * FROM pay'; EXECUTE s; END", 1142],
  ['CREATE PROCEDURE p() SELECT * FROM t', 0],
  ['SELECT 1 /*!99999 FROM pay */', 1142],
  ['INSERT INTO t SELECT * FROM pay', 1142],
  ['REPLACE INTO pay VALUES (1)', 1142],
  ['LOAD DATA LOCAL INFILE "x" INTO TABLE pay', 1142],
  ['TRUNCATE pay', 1142],
  ['DELETE t FROM t JOIN pay USING (a)', 1142],
  ['SELECT * FROM read_a', 0],
  ['INSERT INTO read_a VALUES (1)', 1142],
  ['UPDATE read_a SET a = 1', 1142],
  ['SELECT * FROM read_a FOR UPDATE', 0],
  ['LOCK TABLES read_a WRITE', 1142],
  ['ALTER TABLE read_a ADD COLUMN b INT', 1142],
  ['INSERT INTO write_a VALUES (1)', 0],
  ['INSERT INTO write_a SELECT * FROM read_a', 0],
  ['INSERT INTO write_a VALUES (1) ON DUPLICATE KEY UPDATE a = a + 1', 1142],
  ['UPDATE write_a SET a = 1', 0],
  ['UPDATE write_a SET a = 1 WHERE b > 5', 1142], // how many they are would tell
  ['DELETE FROM write_a WHERE a = 1', 1142],
  ['DELETE FROM write_a', 0],
  ['SELECT * FROM write_a', 1142],
  ['DROP TABLE write_a', 1142],
  ['DROP TABLE ddl_a', 0],
  ['CREATE TABLE ddl_a (a INT, pay INT)', 0],
  ['CREATE INDEX i ON ddl_a (a)', 0],
  ['CREATE VIEW ddl_v AS SELECT * FROM ddl_a', 1142],
  ['SELECT * FROM ddl_a', 1142],
  ['SHOW TABLES', 0],
  ['SELECT 1', 0],
] as const)('rights to tables: %s → %i', (sql, errno) => {
  expect(refusal(sql, { role: 'app', keyspaces: undefined, tables: PAY })).toBe(errno)
  expect(refusal(sql, { role: 'admin', keyspaces: undefined, tables: PAY })).toBe(0)
})

test('programs in other languages send what they like', () => {
  const body = 'CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS $$ return 1 $$'
  expect(refusal(body)).toBe(1227)
  expect(refusal('CREATE PROCEDURE p() LANGUAGE SQL SELECT language FROM own_table')).toBe(0)
})

/** What the server refuses in a stored program, or what is harmless there: it has no default schema but its own. */
const NOT_IN_PROGRAMS =
  /^(USE|SHOW TABLE|\w+ (INTO )?information_schema|PREPARE|SET `|SET sql_mode = `|CREATE (PROCEDURE|FUNCTION|TRIGGER|EVENT|DEFINER)|DROP PROCEDURE|ALTER PROCEDURE)/

const inProgram: readonly (readonly [where: string, wrap: (sql: string) => string])[] = [
  ['a body', (sql) => `CREATE PROCEDURE p() ${sql}`],
  ['a block', (sql) => `CREATE PROCEDURE p() BEGIN SELECT 1; ${sql}; END`],
  ['a branch', (sql) => `CREATE PROCEDURE p() IF 1 THEN ${sql}; ELSE SELECT 1; END IF`],
  ['ELSE', (sql) => `CREATE PROCEDURE p() IF 1 THEN SELECT 1; ELSE ${sql}; END IF`],
  ['a loop', (sql) => `CREATE PROCEDURE p() l: LOOP ${sql}; END LOOP l`],
  [
    'a handler',
    (sql) => `CREATE PROCEDURE p() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION ${sql}; SELECT 1; END`,
  ],
  ['an event', (sql) => `CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO ${sql}`],
  ['a trigger', (sql) => `CREATE TRIGGER t BEFORE INSERT ON own_table FOR EACH ROW BEGIN ${sql}; END`],
  [
    'PREPARE',
    (sql) => `CREATE PROCEDURE p() BEGIN PREPARE s FROM '${sql.replaceAll("'", "''")}'; EXECUTE s; END`,
  ],
]

test.each(inProgram)('no stored program does it for a user: %s', (_where, wrap) => {
  const refused = ordinaryStatements.filter(
    ([sql, expected]) => expected !== 'allowed' && !NOT_IN_PROGRAMS.test(sql),
  )
  const passed = refused.map(([sql]) => sql).filter((sql) => refusal(wrap(sql)) === 0)
  expect(passed).toEqual([])
})

const written: readonly (readonly [how: string, write: (sql: string) => string])[] = [
  ['behind a comment', (sql) => `/* a */ ${sql}`],
  ['in a versioned comment', (sql) => `/*!50000 ${sql} */`],
  ['with its beginning in one', (sql) => sql.replace(/^\w+/, '/*!$& */')],
  ['with a line break for each space', (sql) => sql.replaceAll(/ (?=[^']*(?:'[^']*'[^']*)*$)/g, '\n')],
  ['with a comment for each space', (sql) => sql.replaceAll(/ (?=[^']*(?:'[^']*'[^']*)*$)/g, '/**/')],
  ['in lower case', (sql) => (/[`'"İ]/.test(sql) ? sql : sql.toLowerCase())],
  ['before a semicolon', (sql) => `${sql} ; `],
]

test.each(written)('it is the same statement %s', (_how, write) => {
  const refused = ordinaryStatements.filter(
    ([sql, expected]) => expected !== 'allowed' && !BY_SESSION.test(sql),
  )
  const passed = refused.map(([sql]) => write(sql)).filter((sql) => refusal(sql) === 0)
  expect(passed).toEqual([])
})
