import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ORACLE } from '../../../src/sql/sql-mode.ts'
import { randomProgram } from './random-programs.ts'
import { mariadb, mysql, parse, scanText } from './support.ts'
import { accepted } from './syntax/statements/programs.ts'

/** Where the first statement of the text ends, without its `;`. */
function firstOf(text: string, options = mysql): string {
  const { end, hasMore } = scanText(text, options.mode, options.serverVersion)
  return hasMore ? text.slice(0, end - 1) : text
}

const oracle = { ...mariadb, mode: ORACLE }

describe('a stored program ends where MySQL ends it', () => {
  it.each(accepted)('%s', (sql) => {
    expect(firstOf(`${sql}; SELECT 1`)).toBe(sql)
    expect(firstOf(`${sql};SELECT 1; SELECT IF(1, 2, 3); END`)).toBe(sql)
  })
})

it('random programs are accepted, and end where they end', () => {
  fc.assert(
    fc.property(randomProgram, (sql) => {
      expect(firstOf(`${sql}; SELECT 1`)).toBe(sql)
      expect(parse(`${sql};`, { ...mysql, passedOn: 'check' })).toMatchObject({ kind: 'Ddl' })
    }),
    { numRuns: 300 },
  )
})

/** Accepted by MariaDB 10.11. */
const ofMariaDb = [
  'IF 1 THEN SELECT 1; END IF',
  'IF 1 THEN BEGIN SELECT 1; END; ELSE SELECT IF(1, 2, 3); END IF',
  'CASE 1 WHEN 1 THEN SELECT 1; ELSE SELECT 2; END CASE',
  'LOOP SELECT CASE WHEN 1 THEN 2 END; END LOOP',
  'WHILE 0 DO SELECT 1; END WHILE',
  'REPEAT SELECT 1; UNTIL 1 END REPEAT',
  'FOR i IN 1..2 DO SELECT i; END FOR',
  'FOR r IN (SELECT 1 AS end) DO SELECT r.end; END FOR',
  'BEGIN NOT ATOMIC DECLARE x INT; SELECT 1; END',
  'begin not atomic a: begin select 1; end a; end',
  'BEGIN NOT ATOMIC FOR i IN REVERSE 1..3 DO SELECT i; END FOR; END',
  'BEGIN NOT ATOMIC DECLARE c CURSOR (a INT) FOR SELECT a; FOR r IN c(2) DO SELECT r.a; END FOR; END',
  'SET STATEMENT max_statement_time = 1 FOR BEGIN NOT ATOMIC SELECT 1; SELECT 2; END',
  'SET STATEMENT max_statement_time = 1 FOR FOR i IN 1..2 DO SELECT i; END FOR',
  'SET STATEMENT max_statement_time = 1 FOR CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END',
  'CREATE OR REPLACE PROCEDURE p() FOR i IN 1..2 DO SELECT i; END FOR',
  'CREATE OR REPLACE AGGREGATE FUNCTION f(a INT) RETURNS INT BEGIN LOOP FETCH GROUP NEXT ROW; END LOOP; END',
]

/** Accepted by MariaDB 10.11 with sql_mode ORACLE. */
const ofOracle = [
  'BEGIN SELECT 1; END',
  'BEGIN NOT ATOMIC SELECT 1; END',
  'DECLARE x INT := 1; CURSOR c IS SELECT 1; BEGIN SELECT x; END',
  'WHILE 0 = 1 LOOP SELECT 1; END LOOP',
  'FOR i IN 1..2 LOOP SELECT i; END LOOP',
  'IF 1 = 1 THEN SELECT 1; ELSIF 2 = 3 THEN NULL; END IF',
  'CREATE OR REPLACE PROCEDURE p AS x INT := 2; BEGIN SELECT x; EXCEPTION WHEN OTHERS THEN SELECT 1; END',
  'CREATE OR REPLACE PROCEDURE p (a IN INT) IS CURSOR c IS SELECT 1; BEGIN OPEN c; CLOSE c; END p',
  'CREATE OR REPLACE FUNCTION f (a INT) RETURN INT DETERMINISTIC AS BEGIN RETURN CASE WHEN 1 = 1 THEN 2 END; END',
  'CREATE OR REPLACE FUNCTION f RETURN INT AS BEGIN RETURN 1; END',
  "CREATE OR REPLACE PROCEDURE p COMMENT 'x' AS BEGIN SELECT 1; END",
  'CREATE OR REPLACE PROCEDURE p AS BEGIN GOTO a; <<a>> SELECT 1; <<b>> LOOP EXIT WHEN 1 = 1; CONTINUE b; END LOOP b; END',
  'CREATE OR REPLACE PACKAGE k AS PROCEDURE a; FUNCTION b(x INT) RETURN INT; END',
  'CREATE OR REPLACE PACKAGE BODY k AS v INT := 1; PROCEDURE a AS BEGIN SELECT 1; END; FUNCTION b(x INT) RETURN INT AS y INT; BEGIN RETURN x; END; BEGIN SET v := 2; END',
  'CREATE OR REPLACE PACKAGE BODY k IS PROCEDURE a IS BEGIN NULL; END a; FUNCTION b(x INT) RETURN INT IS BEGIN RETURN x; END; END k',
  'CREATE OR REPLACE TRIGGER t BEFORE INSERT ON u FOR EACH ROW DECLARE x INT; BEGIN x := 1; END',
  'CREATE OR REPLACE TRIGGER t BEFORE INSERT ON u FOR EACH ROW BEGIN DECLARE x INT; BEGIN x := 1; END; :NEW.a := 1; END',
]

describe("MariaDB's programs and compound statements", () => {
  it.each(ofMariaDb)('%s', (sql) => {
    expect(firstOf(`${sql}; SELECT 1`, mariadb)).toBe(sql)
    expect(parse(sql, mariadb)).toBeDefined()
    expect(parse(`${sql};`, mariadb)).toBeDefined()
  })

  it.each(ofOracle)('in Oracle mode: %s', (sql) => {
    expect(firstOf(`${sql}; SELECT 1`, oracle)).toBe(sql)
    expect(parse(sql, oracle)).toBeDefined()
    expect(parse(`${sql};`, oracle)).toBeDefined()
  })

  it('are passed on whole', () => {
    expect(parse('IF 1 THEN SELECT 1; END IF', mariadb)).toMatchObject({ kind: 'Other', verb: 'IF' })
    expect(parse('BEGIN SELECT 1; END', oracle)).toMatchObject({ kind: 'Other', verb: 'BEGIN' })
    expect(parse('CREATE PACKAGE BODY d.k AS PROCEDURE a AS BEGIN NULL; END; END', oracle)).toMatchObject({
      verb: 'create',
      object: 'package',
      objectName: { qualifier: 'd', name: 'k' },
    })
    expect(parse('DROP PACKAGE BODY IF EXISTS d.k', mariadb)).toMatchObject({
      verb: 'drop',
      object: 'package',
      objectName: { qualifier: 'd', name: 'k' },
    })
    expect(parse('BEGIN', mariadb)).toMatchObject({ kind: 'Begin' })
  })

  it('are none of MySQL', () => {
    expect(() => parse('IF 1 THEN SELECT 1; END IF')).toThrow("near 'IF 1 THEN")
    expect(firstOf('IF 1 THEN SELECT 1; END IF')).toBe('IF 1 THEN SELECT 1')
    expect(firstOf('BEGIN; SELECT 1; END')).toBe('BEGIN')
  })
})
