import type { Random } from './random.ts'

/**
 * Random statements of the query language, most of them valid. Every literal's digits and letters hold the marker
 * `LITERAL`, so that one that leaks into a fingerprint is seen.
 */
export class SqlGrammar {
  readonly #random: Random
  #depth = 0

  constructor(random: Random) {
    this.#random = random
  }

  statement(): string {
    this.#depth = 0
    return this.#one(
      () => this.query(),
      () => this.query(),
      () => this.query(),
      () => this.#insert(),
      () => this.#update(),
      () => this.#delete(),
      () => this.#other(),
    )
  }

  /** One of the productions; deep down the first ones, which should be the short ones. */
  #one(...productions: readonly (() => string)[]): string {
    this.#depth++
    const reach = this.#depth > DEPTH_MAX ? 1 : productions.length
    const text = productions[this.#random.int(reach)]()
    this.#depth--
    return text
  }

  #maybe(make: () => string, times = 3): string {
    return this.#random.oneIn(times) ? make() : ''
  }

  #list(make: () => string, most = 3): string {
    return Array.from({ length: 1 + this.#random.int(most) }, make).join(this.#random.pick([',', ', ']))
  }

  #name(): string {
    return this.#random.pick(names)
  }

  #column(): string {
    return this.#one(
      () => this.#name(),
      () => `${this.#name()}.${this.#name()}`,
      () => `\`${this.#random.pick(quoted)}\``,
    )
  }

  #table(): string {
    return this.#one(
      () => this.#name(),
      () => `s.${this.#name()}`,
      () => `\`${this.#random.pick(quoted)}\``,
    )
  }

  literal(): string {
    const n = `${LITERAL}${this.#random.int(10)}`
    return this.#random.pick([
      n,
      `-${n}`,
      `'x${n}'`,
      `"y${n}"`,
      `${n}.5`,
      `.${n}`,
      `${n}e-3`,
      `x'0${n}'`,
      `0x${n}`,
      `N'n${n}'`,
      `_utf8mb4'u${n}'`,
      `DATE '2024-01-0${n}'`,
      `'a${n}' 'b''${n}'`,
      `'\\'${n}'`,
      'NULL',
      'TRUE',
    ])
  }

  expr(): string {
    return this.#one(
      () => this.literal(),
      () => this.#column(),
      () => this.literal(),
      () => this.#column(),
      () => `${this.expr()} ${this.#random.pick(operators)} ${this.expr()}`,
      () => `${this.expr()} ${this.#random.pick(operators)} ${this.expr()}`,
      () => `(${this.expr()})`,
      () => `${this.#random.pick(prefixes)}${this.expr()}`,
      () => `(NOT ${this.expr()})`,
      () => `${this.expr()} IN (${this.#list(() => this.literal(), 5)})`,
      () => `${this.expr()} NOT IN (${this.#list(() => this.expr())})`,
      () => `(${this.expr()}, ${this.expr()}) IN ((${this.literal()}, ${this.literal()}), (1, 2))`,
      () => `${this.expr()} IN (${this.query()})`,
      () => `${this.expr()} BETWEEN ${this.expr()} AND ${this.expr()}`,
      () => `${this.expr()} LIKE ${this.literal()}${this.#maybe(() => " ESCAPE '|'")}`,
      () => `${this.expr()} IS ${this.#maybe(() => 'NOT ')}${this.#random.pick(['NULL', 'TRUE', 'UNKNOWN'])}`,
      () => `${this.#random.pick(functions)}(${this.#list(() => this.expr())})`,
      () => `count(${this.#random.pick(['*', 'DISTINCT a', 'ALL b', 'a'])})`,
      () => `group_concat(DISTINCT ${this.expr()} ORDER BY ${this.#byItem()} SEPARATOR '${LITERAL}')`,
      () => `CASE WHEN ${this.expr()} THEN ${this.expr()} ELSE ${this.expr()} END`,
      () => `CASE ${this.expr()} WHEN ${this.expr()} THEN ${this.expr()} END`,
      () => `CAST(${this.expr()} AS ${this.#random.pick(types)})`,
      () => `CONVERT(${this.expr()} USING utf8mb4)`,
      () => `${this.#column()} COLLATE utf8mb4_bin`,
      () => `(${this.query()})`,
      () => `EXISTS (${this.query()})`,
      () => `${this.expr()} ${this.#random.pick(['=', '>', '<>'])} ANY (${this.query()})`,
      () => `${this.#column()} + INTERVAL ${this.expr()} ${this.#random.pick(units)}`,
      () => `DATE_ADD(${this.expr()}, INTERVAL ${this.expr()} ${this.#random.pick(units)})`,
      () => `EXTRACT(${this.#random.pick(units)} FROM ${this.expr()})`,
      () => `TRIM(LEADING ${this.literal()} FROM ${this.expr()})`,
      () => `SUBSTRING(${this.expr()} FROM ${this.expr()} FOR ${this.literal()})`,
      () => `POSITION(${this.literal()} IN ${this.expr()})`,
      () => `MATCH (a, b) AGAINST ('${LITERAL}' IN BOOLEAN MODE)`,
      () => `${this.#name()}->'$.k${LITERAL}'`,
      () => `sum(${this.expr()}) OVER (${this.#window()})`,
      () => `ROW_NUMBER() OVER (${this.#window()})`,
      () => `(@v${this.#maybe(() => ` := ${this.expr()}`)})`,
      () => this.#random.pick(['@@sql_mode', '@@global.x', "@'q'", 'CURRENT_TIMESTAMP', 'now(3)', '?']),
    )
  }

  /** A bare number would be a position, which stays in the key. */
  #byItem(): string {
    const item = this.expr()
    return /^[(+]*\d+\)*$/.test(item) ? 'a' : item
  }

  #window(): string {
    return [
      this.#maybe(() => `PARTITION BY ${this.#list(() => this.#byItem(), 2)}`, 2),
      this.#maybe(() => this.#orderBy(), 2),
      this.#maybe(() => 'ROWS BETWEEN 1 PRECEDING AND CURRENT ROW'),
    ].join(' ')
  }

  #orderBy(): string {
    return `ORDER BY ${this.#list(() => `${this.#byItem()}${this.#random.pick(['', ' ASC', ' DESC'])}`, 2)}`
  }

  query(): string {
    return this.#one(
      () => this.#select(),
      () => this.#select(),
      () => this.#select(),
      () => `${this.#operand()} ${this.#random.pick(setOperators)} ${this.#operand()}${this.#tail()}`,
      () => `WITH ${this.#maybe(() => 'RECURSIVE ')}c (a) AS (${this.query()}) ${this.query()}`,
      () => `(${this.query()})${this.#tail()}`,
      () => `VALUES ROW(${this.#list(() => this.expr())})`,
      () => `TABLE ${this.#table()}${this.#tail()}`,
    )
  }

  #operand(): string {
    return this.#one(
      () => this.#select(),
      () => `(${this.query()})`,
    )
  }

  #select(): string {
    const clauses = [
      `SELECT ${this.#random.pick(['', '', '', 'DISTINCT ', '/*+ NO_ICP(t) */ ', 'SQL_CALC_FOUND_ROWS '])}`,
      this.#list(() => `${this.expr()}${this.#maybe(() => ` ${this.#random.pick(aliases)}`)}`),
      this.#random.oneIn(6) ? '' : ` FROM ${this.#list(() => this.#tableExpr(), 2)}`,
      this.#maybe(() => ` WHERE ${this.expr()}`, 2),
      this.#maybe(() => ` GROUP BY ${this.#list(() => this.#byItem())}${this.#maybe(() => ' WITH ROLLUP')}`),
      this.#maybe(() => ` HAVING ${this.expr()}`, 4),
      this.#tail(),
    ]
    return clauses.join('')
  }

  #tail(): string {
    return [
      this.#maybe(() => ` ${this.#orderBy()}`),
      this.#maybe(
        () => ` LIMIT ${this.#random.pick([LITERAL, `${LITERAL}, 7`, `7 OFFSET ${LITERAL}`, '?'])}`,
      ),
      this.#maybe(() => this.#random.pick([' FOR UPDATE', ' LOCK IN SHARE MODE', ' FOR SHARE NOWAIT']), 12),
    ].join('')
  }

  #tableExpr(): string {
    return this.#one(
      () => this.#table(),
      () => `${this.#table()} ${this.#random.pick(['AS x', 'y', 'AS `z z`'])}`,
      () => `${this.#tableExpr()} ${this.#random.pick(joins)} ${this.#tableExpr()} ON ${this.expr()}`,
      () => `${this.#tableExpr()} JOIN ${this.#tableExpr()}${this.#maybe(() => ' USING (a, b)', 2)}`,
      () => `(${this.#list(() => this.#tableExpr(), 2)})`,
      () => `(${this.query()}) AS d`,
      () => `LATERAL (${this.query()}) AS l (a, b)`,
      () => `${this.#table()} PARTITION (p0) USE INDEX (i) IGNORE INDEX FOR JOIN (j)`,
      () => `JSON_TABLE(${this.expr()}, '$[*]' COLUMNS (a INT PATH '$.${LITERAL}')) AS jt`,
    )
  }

  #insert(): string {
    const rows = this.#one(
      () => `VALUES ${this.#list(() => `(${this.literal()}, ${this.literal()})`, 4)}`,
      () => `VALUES ${this.#list(() => `(${this.#list(() => this.expr())})`)}`,
      () => `SET a = ${this.expr()}, b = DEFAULT`,
      () => this.query(),
    )
    const verb = this.#random.pick(['INSERT INTO', 'INSERT IGNORE', 'REPLACE INTO', 'INSERT'])
    const reaction = verb.startsWith('REPLACE')
      ? ''
      : this.#maybe(() => ` ON DUPLICATE KEY UPDATE a = ${this.expr()}, b = VALUES(b)`)
    return `${verb} ${this.#table()}${this.#maybe(() => ' (a, `b`)')} ${rows}${reaction}`
  }

  #update(): string {
    const set = this.#list(() => `${this.#column()} = ${this.expr()}`)
    return `UPDATE ${this.#tableExpr()} SET ${set}${this.#maybe(() => ` WHERE ${this.expr()}`, 2)}${this.#maybe(
      () => ` LIMIT ${LITERAL}`,
    )}`
  }

  #delete(): string {
    const where = this.#maybe(() => ` WHERE ${this.expr()}`, 2)
    return this.#one(
      () => `DELETE FROM ${this.#table()}${where}${this.#maybe(() => ` ${this.#orderBy()}`)}`,
      () => `DELETE x, y FROM ${this.#tableExpr()}${where}`,
      () => `DELETE FROM x USING ${this.#tableExpr()}${where}`,
    )
  }

  #other(): string {
    return this.#one(
      () => `SET @a = ${this.expr()}, SESSION x = ${this.expr()}`,
      () => `DO ${this.#list(() => this.expr())}`,
      () => `CALL p(${this.#list(() => this.expr())})`,
      () => `EXPLAIN ${this.query()}`,
      () => `SHOW TABLES LIKE 'x${LITERAL}'`,
      () => `SHOW FULL COLUMNS FROM ${this.#table()} WHERE ${this.expr()}`,
      () => `CREATE TABLE ${this.#table()} (a INT DEFAULT 5, b VARCHAR(10)) ${this.query()}`,
      () => `CREATE VIEW v AS ${this.query()}`,
      () => `CREATE PROCEDURE p() BEGIN ${this.statement()}; IF ${this.expr()} THEN SELECT 1; END IF; END`,
    )
  }
}

/** Stands in every literal of a generated statement, and nowhere else. */
export const LITERAL = '770077'

const DEPTH_MAX = 5

const names = [
  'a',
  'b',
  'c',
  't',
  'u',
  'id',
  'Name',
  'status',
  'date',
  'value',
  'offset',
  'x1',
  'user',
  'path',
]
const quoted = ['select', 'a b', 'a``b', 'ä', '1a', "a'b"]
const operators =
  '= <> < <= > >= <=> != + - * / % DIV MOD | & ^ << >> AND OR XOR && || REGEXP LIKE RLIKE'.split(' ')
const prefixes = ['-', '- ', '+', '~', '!', 'BINARY ', '- -']
const functions = [
  'coalesce',
  'concat',
  'IF',
  's.f',
  '`q`',
  'left',
  'f',
  'json_extract',
  'count',
  'max',
  'char',
]
const types = ['CHAR(10)', 'DECIMAL(10,2)', 'SIGNED', 'UNSIGNED', 'JSON', 'DATETIME(6)', 'BINARY(3)']
const units = ['DAY', 'HOUR_MINUTE', 'YEAR', 'MICROSECOND']
const setOperators = ['UNION', 'UNION ALL', 'EXCEPT', 'INTERSECT', 'UNION DISTINCT', 'INTERSECT ALL']
const aliases = ['AS x', 'y', "AS 'z z'", '"w"', 'AS `v v`', 'AS date', 'value']
const joins = ['JOIN', 'LEFT JOIN', 'RIGHT OUTER JOIN', 'INNER JOIN', 'STRAIGHT_JOIN', 'CROSS JOIN']
