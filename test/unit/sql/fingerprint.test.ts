import { describe, expect, it } from 'vitest'
import { normalize } from '../../../src/sql/parse.ts'
import { print } from '../../../src/sql/print.ts'
import { ANSI_QUOTES, NO_BACKSLASH_ESCAPES } from '../../../src/sql/sql-mode.ts'
import { binary, mariadb, mysql, parseNormalized, scanText, withoutSpans } from './support.ts'

function key(text: string): string {
  return scanText(text).key
}

function slotTexts(text: string, mode = 0): string[] {
  return scanText(text, mode).slots.map((slot) => text.slice(slot.start, slot.end))
}

describe('the key', () => {
  it('has placeholders for literals by their type', () => {
    expect(key("SELECT c FROM t WHERE a=1 AND b='x' AND c=1.5 AND d=1e5 AND e=x'00' AND f=b'1'")).toBe(
      'SELECT c FROM t WHERE a=:int AND b=:str AND c=:dec AND d=:float AND e=:hex AND f=:bit',
    )
  })

  it('folds keywords, blanks and comments outside select lists', () => {
    const want = 'SELECT a FROM t WHERE b = :int'
    expect(key('select  a from\n t /* x */ where b = 1 -- y')).toBe(want)
    expect(key('SELECT a FROM t WHERE b = 2 ;')).toBe(want)
    expect(key('/* trace 17 */ SELECT /* 18 */ a FROM t WHERE b = 3 # end')).toBe(want)
  })

  it('keeps blanks and case in select items, for they are part of the column name', () => {
    expect(key('SELECT count(*), 1 +  a FROM t')).not.toBe(key('SELECT COUNT(*), 1 + a FROM t'))
    expect(key('SELECT a,   b FROM t')).toBe(key('SELECT a, b FROM t'))
    expect(key('SELECT 1 /* x */ + 2, 3 -- y\n + 4')).toBe('SELECT :int /* x */ + :int, :int -- y\n + :int')
    expect(key('SELECT 1 + 2 /* 17 */')).toBe('SELECT :int + :int')
    expect(key('SELECT 1 /*! + 2 */ + 3, /* x */ a')).toBe('SELECT :int /*! + :int */ + :int, a')
  })

  it('keeps names as they are', () => {
    expect(key('SELECT `a  b` FROM Tbl WHERE T.order = 1')).toBe(
      'SELECT `a  b` FROM Tbl WHERE T.order = :int',
    )
  })

  it('is the same for lists and rows of any length', () => {
    expect(key('SELECT a FROM t WHERE b IN (1)')).toBe('SELECT a FROM t WHERE b IN (:list)')
    expect(key("SELECT a FROM t WHERE b IN (1, -2 ,NULL,'x')")).toBe('SELECT a FROM t WHERE b IN (:list)')
    expect(key('SELECT a FROM t WHERE (a,b) IN ((1,2),(3,4))')).toBe(
      'SELECT a FROM t WHERE (a,b) IN ((:rows2))',
    )
    expect(key("INSERT INTO t VALUES (1,'a'),(2,'b')")).toBe('INSERT INTO t VALUES (:rows2)')
    expect(key("INSERT INTO t VALUES (1,'a')")).toBe('INSERT INTO t VALUES (:rows2)')
  })

  it('keeps apart what does not consist of literals only', () => {
    expect(key('SELECT a FROM t WHERE b IN (1, c)')).toBe('SELECT a FROM t WHERE b IN (:int, c)')
    expect(key('INSERT INTO t VALUES (1,2),(3,NOW())')).toBe('INSERT INTO t VALUES (:int,:int),(:int,NOW())')
    expect(key('INSERT INTO t VALUES (1,2),(3)')).toBe('INSERT INTO t VALUES (:int,:int),(:int)')
    expect(key("SELECT POSITION('a' IN ('b'))")).toBe('SELECT POSITION(:str IN (:str))')
  })

  it('keeps literals that decide a plan', () => {
    expect(key('SELECT a FROM t ORDER BY 1, 2')).toBe('SELECT a FROM t ORDER BY 1, 2')
    expect(key('SELECT a FROM t GROUP BY 1 LIMIT 5')).toBe('SELECT a FROM t GROUP BY 1 LIMIT :int')
    expect(key('SELECT a, -1 FROM t LIMIT -1, -2')).toBe('SELECT a, :int FROM t LIMIT -:int, -:int')
    expect(key('SELECT offset, -1 LIMIT 1 OFFSET -1')).toBe('SELECT offset, :int LIMIT :int OFFSET -:int')
    expect(key('SELECT 18446744073709551615, 18446744073709551616')).toBe('SELECT :int, :dec')
    expect(key('SELECT 000000000000000000001, -18446744073709551616')).toBe('SELECT :int, :dec')
    expect(key('SELECT CAST(a AS DECIMAL(10,2)) FROM t')).toBe('SELECT CAST(a AS DECIMAL(10,2)) FROM t')
    expect(key("SELECT a 'x', b AS 'y' FROM t")).toBe("SELECT a 'x', b AS 'y' FROM t")
    expect(key('SELECT a FROM t WHERE b = NULL')).toBe('SELECT a FROM t WHERE b = NULL')
  })

  it('tells whether a literal of GROUP BY or ORDER BY stands elsewhere too', () => {
    expect(key('SELECT a + 1 FROM t GROUP BY a + 1')).not.toBe(key('SELECT a + 1 FROM t GROUP BY a + 2'))
    expect(key('SELECT a + 1 FROM t GROUP BY a + 1')).toBe(key('SELECT a + 7 FROM t GROUP BY a + 7'))
  })

  it('cannot be forged by a text with placeholders in it', () => {
    expect(key('SELECT a FROM t WHERE b = :str')).toBe('SELECT a FROM t WHERE b = ::str')
    expect(key('SELECT a FROM t WHERE b = ?')).not.toBe(key('SELECT a FROM t WHERE b = 1'))
  })

  it('keeps optimizer hints and leaves directives out', () => {
    const found = scanText('select /*vt+ ALLOW_SCATTER=1 */ /*+ NO_ICP(t) */ a from t')
    expect(found.key).toBe('SELECT /*+ NO_ICP(t) */ a FROM t')
    expect(found.directives).toEqual([' ALLOW_SCATTER=1 '])
    expect(key('select 1 /*+ no hint here */')).toBe('SELECT :int')
  })

  it('reads versioned comments as the server does', () => {
    expect(key("/*!40101 SET NAMES 'utf8' */;")).toBe("SET NAMES 'utf8'")
    expect(key('SELECT 1 /*!99999 , 2 */')).toBe('SELECT :int')
    expect(scanText('SELECT 1 FROM a /*M! , b */', 0, 101106).key).toBe('SELECT :int FROM a , b')
    expect(scanText('SELECT 1 /*!80000 , 2 */', 0, 101106).key).toBe('SELECT :int')
  })
})

describe('slots', () => {
  it('give the source of each literal', () => {
    expect(slotTexts("SELECT 'it''s' 'more', \"x\\\"y\", N'n' FROM t LIMIT 5")).toEqual([
      "'it''s' 'more'",
      '"x\\"y"',
      "N'n'",
      '5',
    ])
  })

  it('take a sign only where no operand stands before it', () => {
    expect(slotTexts('SELECT -1, a -2, a = -3, (4)-5, a - -6')).toEqual(['-1', '2', '-3', '4', '5', '-6'])
  })

  it('follow sql_mode', () => {
    expect(slotTexts('SELECT "a", \'b\'', ANSI_QUOTES)).toEqual(["'b'"])
    expect(slotTexts("SELECT 'a\\', 'b'", NO_BACKSLASH_ESCAPES)).toEqual(["'a\\'", "'b'"])
  })

  it('give rows and their parentheses', () => {
    const text = "INSERT INTO t VALUES (1,'a') , (2, NULL )"
    const [slot] = scanText(text).slots
    expect(slot).toMatchObject({ kind: 'rows', width: 2 })
    if (slot.kind !== 'rows') throw new Error('rows expected')
    expect(slot.items.map(({ type, start, end }) => `${type} ${text.slice(start, end)}`)).toEqual([
      'Int 1',
      "String 'a'",
      'Int 2',
      'Null NULL',
    ])
    expect(text.slice(slot.rowSpans[2], slot.rowSpans[3])).toBe('(2, NULL )')
  })
})

describe('a text with several statements', () => {
  function split(text: string): string[] {
    const parts: string[] = []
    for (let start = 0; ; ) {
      const found = scanText(text.slice(start))
      parts.push(text.slice(start + found.start, start + found.end))
      if (!found.hasMore) return parts
      start += found.end
    }
  }

  it('splits at semicolons outside strings and comments', () => {
    expect(split("SELECT ';' ; /* ; */ SELECT 2;")).toEqual(["SELECT ';' ;", 'SELECT 2;'])
  })

  it('does not split a stored program', () => {
    const body =
      'CREATE PROCEDURE p() BEGIN IF a THEN SELECT 1; ELSE SELECT IF(1, 2, 3); END IF; CASE b WHEN 1 THEN SELECT 1; ' +
      'END CASE; l: LOOP LEAVE l; END LOOP; WHILE 1 DO SELECT CASE WHEN 1 THEN 2 END; END WHILE; REPEAT SELECT 1; ' +
      "UNTIL 1 END REPEAT; SELECT REPEAT('x', 2); END;"
    expect(split(`${body} SELECT 2`)).toEqual([body, 'SELECT 2'])
    expect(
      split("CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS $js$ it's; $js$; SELECT 1"),
    ).toHaveLength(2)
    expect(split('CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW SET @a = 1; SELECT 1')).toHaveLength(2)
    expect(split('CREATE FUNCTION f() RETURNS INT RETURN 1 + IF(1, 2, 3); SELECT 1')).toHaveLength(2)
    expect(split('CREATE PROCEDURE p() l: WHILE a DO SET a = 1; END WHILE l; SELECT 1')).toHaveLength(2)
    expect(split('CREATE TABLE t (event INT, begin INT); SELECT 1')).toHaveLength(2)
  })

  it('names the kind and counts the parameters', () => {
    expect(scanText('select ?a, ?, ?1, ?`b`')).toMatchObject({ params: 2 })
    expect(scanText('(select ?, ?)')).toMatchObject({ kind: 'SELECT', params: 2, hasMore: false })
    expect(scanText(' -- nothing')).toMatchObject({ kind: '', key: '', hasMore: false })
    // The comment is closed behind the `;`, and only with its end the text can be read.
    expect(scanText('DO /*! 1; */ -- x')).toMatchObject({ key: 'DO :int', end: 17, hasMore: false })
    expect(scanText('DO /*! 1; */ 2')).toMatchObject({ end: 9, hasMore: true })
  })

  it.each([
    ["DO 'a' /*! 'b' */", 'DO :str/*!*/', "DO 'a' 'b'"],
    ["DO /*! 'a' */ 'b'", 'DO :str/*!*/', "DO 'a' 'b'"],
    ["DO 'a' /*!50000 'b' */ 'c'", 'DO :str/*!*/', "DO 'a' /*!50000 'b' */ 'c'"],
    ["DO 1 IN ('a' /*! 'b' */, 'c')", 'DO :int IN (:str/*!*/ , :str)', "DO 1 IN ('a' 'b', 'c')"],
    ["ALTER TABLE t COMMENT /*! 'a' */ 'b'", undefined, undefined],
  ])(
    'of strings side by side across the border of a versioned comment shares no plan: %s',
    (sql, key, text) => {
      const found = scanText(sql)
      const { isShared, statement } = normalize(sql, found, mysql)
      expect(isShared).toBe(false)
      if (key !== undefined) expect([found.key, print(statement)]).toEqual([key, text])
    },
  )

  it.each([
    ['DO 1 IN (2 /*! , 3 */)', 'DO 1 IN (2, 3)'],
    ['DO (1, 2) IN ((3, 4) /*! , (5, 6) */)', 'DO (1, 2) IN ((3, 4), (5, 6))'],
    ['INSERT INTO t VALUES (1 /*! ), (2 */)', 'INSERT INTO t VALUES (1), (2)'],
    ['DO /*! 1 */ + 2', 'DO 1 + 2'],
  ])('takes no list or rows in which a versioned comment begins or ends: %s', (sql, text) => {
    const found = scanText(sql)
    expect(found.slots.every(({ kind }) => kind === 'literal')).toBe(true)
    const { isShared, statement } = normalize(sql, found, mysql)
    expect([isShared, print(statement)]).toEqual([true, text])
  })
})

describe('a key', () => {
  const pairs: readonly (readonly [string, string])[] = [
    ['SELECT a FROM t WHERE b = 1 AND c IN (1,2)', 'select a from  t where b = 22 and c in (3)'],
    ["INSERT INTO t VALUES (1,'a')", "insert into t values (2,'b'), (3,NULL)"],
    ['UPDATE t SET a = -1 WHERE b = 1.5 LIMIT 3', 'UPDATE t SET a = 1 WHERE b = 2.5 LIMIT 4'],
    ["SELECT a FROM t WHERE b LIKE 'x' ESCAPE '|'", "SELECT a FROM t WHERE b LIKE 'y' ESCAPE '|'"],
    ['INSERT INTO t VALUES (-1 COLLATE utf8mb4_bin)', 'INSERT INTO t VALUES (-2 COLLATE utf8mb4_bin)'],
    ['USE ks:-80@replica', 'USE  ks:-80@replica'],
    ['SELECT a FROM t WHERE b IN (1,2) INTO @x', 'SELECT a FROM t WHERE b IN (3) INTO @x'],
    [
      'CREATE PROCEDURE p() BEGIN SELECT a FROM t WHERE b IN (1,2); END',
      'CREATE PROCEDURE p() BEGIN SELECT a FROM t WHERE b IN (3,4); END',
    ],
    ["SELECT path 'x', 1 FROM t", "SELECT path 'x', 2 FROM t"],
    ["SELECT DATE'2020-01-01', _utf8mb4'x' FROM t", "SELECT DATE'2021-01-01', _utf8mb4'y' FROM t"],
    ["SHOW TABLES LIKE 'a%'", "SHOW TABLES LIKE 'b'"],
    ["CREATE USER u IDENTIFIED BY 'a'", "CREATE USER u IDENTIFIED BY 'b'"],
    ['ALTER TABLE t ADD COLUMN a INT DEFAULT 1', 'ALTER TABLE t ADD COLUMN a INT DEFAULT 2'],
    ['SHOW WARNINGS LIMIT 1, 2', 'SHOW WARNINGS LIMIT 3, 4'],
    ["SELECT CHAR(77), CONVERT(a, CHAR(3)), 'x' AS b", "SELECT CHAR(78), CONVERT(a, CHAR(3)), 'y' AS b"],
    [
      'SELECT BINARY (5), a + INTERVAL 1 HOUR_MINUTE "x"',
      'SELECT BINARY (6), a + INTERVAL 2 HOUR_MINUTE "x"',
    ],
    ["DO 'a', -1", "DO 'b', -2"],
    [
      'SELECT a FROM t ORDER BY 2 + 1, (3) + 4, (5, 6) = (7, 8)',
      'SELECT a FROM t ORDER BY 9 + 8, (7) + 6, (5, 4) = (3, 2)',
    ],
    [
      "SELECT * FROM JSON_TABLE(a, '$' COLUMNS (b INT PATH '$.x')) c",
      "SELECT * FROM JSON_TABLE(a, '$' COLUMNS (b INT PATH '$.y')) c",
    ],
  ]
  it.each(pairs)('is shared by texts that have one tree: %s', (one, two) => {
    const trees = [one, two].map((text) => {
      const found = scanText(text)
      return { found, tree: parseNormalized(binary(text), found, mysql) }
    })
    expect(trees[0].found.key).toBe(trees[1].found.key)
    expect(withoutSpans(trees[0].tree, 'text', 'written')).toEqual(
      withoutSpans(trees[1].tree, 'text', 'written'),
    )
  })

  it.each([
    ['SELECT a, b FROM t ORDER BY 1', 'SELECT a, b FROM t ORDER BY 2'],
    ['SELECT a, b FROM t ORDER BY (1)', 'SELECT a, b FROM t ORDER BY (2)'],
    ['SELECT a, b FROM t ORDER BY a, ((+ 1)) DESC', 'SELECT a, b FROM t ORDER BY a, ((+ 2)) DESC'],
    [
      'SELECT a, b FROM t ORDER BY GROUP_CONCAT(a ORDER BY b), 1',
      'SELECT a, b FROM t ORDER BY GROUP_CONCAT(a ORDER BY b), 2',
    ],
    [
      'SELECT a, b FROM t ORDER BY (SELECT MAX(c) FROM s GROUP BY d ORDER BY 3), 1',
      'SELECT a, b FROM t ORDER BY (SELECT MAX(c) FROM s GROUP BY d ORDER BY 3), 2',
    ],
    [
      'SELECT a, b FROM t ORDER BY RANK() OVER (PARTITION BY a ORDER BY b), 1',
      'SELECT a, b FROM t ORDER BY RANK() OVER (PARTITION BY a ORDER BY b), 2',
    ],
    ['SELECT a, b FROM t GROUP BY 1 WITH ROLLUP', 'SELECT a, b FROM t GROUP BY 2 WITH ROLLUP'],
    ['SELECT CAST(a AS CHAR(1))', 'SELECT CAST(a AS CHAR(2))'],
    ['SELECT CONVERT(a, CHAR(1))', 'SELECT CONVERT(a, CHAR(2))'],
    ["SELECT a 'x'", "SELECT a 'y'"],
    ["SELECT path 'x'", "SELECT path 'y'"],
    ['SELECT a FROM t WHERE b = NULL', 'SELECT a FROM t WHERE b = TRUE'],
    ['SELECT a FROM t WHERE b = 1', "SELECT a FROM t WHERE b = '1'"],
    ['SELECT a FROM t WHERE b = 1', 'SELECT a FROM t WHERE b = 1.0'],
    ['SELECT a + INTERVAL 1 DAY', 'SELECT a + INTERVAL 1 HOUR'],
  ])('differs where the plan may: %s, %s', (one, two) => {
    expect(key(one)).not.toBe(key(two))
  })

  it('shows no literal', () => {
    const secret = 's3cret'
    for (const text of [
      `CREATE USER u IDENTIFIED BY '${secret}'`,
      `SET PASSWORD = '${secret}'`,
      `SELECT a FROM t WHERE b = '${secret}' OR c IN ('${secret}')`,
      `INSERT INTO t VALUES ('${secret}')`,
      `ALTER USER u IDENTIFIED WITH caching_sha2_password AS '${secret}'`,
      `DO '${secret}', 'a' '${secret}'`,
      `SELECT a LIKE 'x' ESCAPE '${secret}', CAST(a AT TIME ZONE '${secret}' AS DATETIME)`,
      `SELECT * FROM JSON_TABLE(a, '$' COLUMNS (b LONGTEXT PATH '$.${secret}' DEFAULT '${secret}' ON EMPTY)) c`,
      `SELECT a FROM t WHERE b = 'x ${secret}`,
      `SELECT a FROM t WHERE b = x'1' OR c = '${secret}'`,
      `INSERT INTO t VALUES (1 /*! , '${secret}', now() */)`,
    ]) {
      expect(key(text)).not.toContain(secret)
    }
  })

  it.each([['DROP TABLE t WAIT 5', 'DROP TABLE t WAIT 6']])(
    'is shared in MariaDB by texts that have one tree: %s',
    (...texts) => {
      const trees = texts.map((text) => {
        const found = scanText(text, mariadb.mode, mariadb.serverVersion)
        return [found.key, withoutSpans(parseNormalized(binary(text), found, mariadb), 'text')]
      })
      expect(trees[0]).toEqual(trees[1])
    },
  )

  it('tells the function CHAR behind the operator BINARY from a type of two words', () => {
    expect(key('SELECT BINARY CHAR(65)')).not.toContain('65')
    expect(key('SELECT CONVERT(a, NATIONAL CHAR(65))')).toContain('65')
  })

  it('reads a directive among rows once, though the rows are no literals in the end', () => {
    expect(scanText('INSERT INTO t VALUES (1), /*vt+ A=1 */ (now())').directives).toEqual([' A=1 '])
  })

  it("is no statement's that is well-formed when a string is not closed", () => {
    expect(key("SELECT 'a")).toBe('SELECT :unclosed')
  })

  it('keeps the text of what creates stored programs, comments and all', () => {
    const text = 'create procedure p() begin /* why */ select  1; end'
    expect(key(text)).toBe('create procedure p() begin /* why */ select  :int; end')
    expect(print(parseNormalized(text, scanText(text), mysql))).toBe(text)
  })

  it('leaves a tree whose lists print as placeholders', () => {
    const text = 'SELECT a FROM t WHERE b IN (1,2)'
    expect(print(parseNormalized(text, scanText(text), mysql))).toBe('SELECT a FROM t WHERE b IN (:list)')
  })
})
