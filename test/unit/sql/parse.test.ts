import { describe, expect, it } from 'vitest'
import type { Ddl, Delete, Expr, Insert, Select, SetStatement, Show } from '../../../src/sql/ast.ts'
import { scan } from '../../../src/sql/fingerprint.ts'
import { parseExpression } from '../../../src/sql/parse.ts'
import { print } from '../../../src/sql/print.ts'
import { HIGH_NOT_PRECEDENCE, IGNORE_SPACE, PIPES_AS_CONCAT } from '../../../src/sql/sql-mode.ts'
import { mariadbStatements } from './statements.ts'
import { binary, mariadb, mysql, nearOf, parse, parseNormalized, withoutSpans } from './support.ts'

function select(text: string): Select {
  const statement = parse(text)
  if (statement.kind !== 'Select') throw new Error(`${statement.kind} instead of Select`)
  return statement
}

function expr(text: string, mode = 0): Expr {
  return parseExpression(binary(text), { ...mysql, mode })
}

/** The tree with every operation in brackets. */
function grouped(text: string, mode = 0): string {
  const show = (node: Expr): string => {
    switch (node.kind) {
      case 'And':
      case 'Or':
        return `[${node.operands.map(show).join(` ${node.operator} `)}]`
      case 'Xor':
        return `[${show(node.left)} XOR ${show(node.right)}]`
      case 'Binary':
      case 'Comparison':
        return `[${show(node.left)} ${node.op} ${show(node.right)}]`
      case 'Not':
        return `[${node.operator} ${show(node.operand)}]`
      case 'Unary':
        return `[${node.op} ${show(node.operand)}]`
      case 'Is':
        return `[${show(node.operand)} IS ${node.test}]`
      case 'Between':
        return `[${show(node.operand)} BETWEEN ${show(node.low)} AND ${show(node.high)}]`
      case 'Collate':
        return `[${show(node.operand)} COLLATE]`
      default:
        return print(node)
    }
  }
  return show(expr(text, mode))
}

describe('precedence', () => {
  it.each([
    ['a OR b AND c', '[a OR [b AND c]]'],
    ['a OR b XOR c', '[a OR [b XOR c]]'],
    ['a AND b AND c', '[a AND b AND c]'],
    ['a && b AND c', '[[a && b] AND c]'],
    ['NOT a = b', '[NOT [a = b]]'],
    ['!a = b', '[[! a] = b]'],
    ['NOT a IS NULL AND b', '[[NOT [a IS NULL]] AND b]'],
    ['a = b = c', '[[a = b] = c]'],
    ['a = b IS NULL', '[[a = b] IS NULL]'],
    ['a = b IS TRUE', '[[a = b] IS TRUE]'],
    ['a + b * c - d', '[[a + [b * c]] - d]'],
    ['a | b & c << d + e', '[a | [b & [c << [d + e]]]]'],
    ['a * b ^ c', '[a * [b ^ c]]'],
    ['- a ^ b', '[[- a] ^ b]'],
    ['- a COLLATE x', '[- [a COLLATE]]'],
    ['a BETWEEN b AND c AND d', '[[a BETWEEN b AND c] AND d]'],
    ['a || b AND c', '[a || [b AND c]]'],
  ])('%s is %s', (text, want) => {
    expect(grouped(text)).toBe(want)
  })

  it('follows sql_mode', () => {
    expect(grouped('a || b = c', PIPES_AS_CONCAT)).toBe('[[a || b] = c]')
    expect(grouped('a || b ^ c', PIPES_AS_CONCAT)).toBe('[[a || b] ^ c]')
    expect(grouped('NOT a = b', HIGH_NOT_PRECEDENCE)).toBe('[[NOT a] = b]')
  })

  it('reads native functions with a blank before the parenthesis only under IGNORE_SPACE', () => {
    expect(expr('count (a)').kind).toBe('Function')
    expect(expr('count (a)', IGNORE_SPACE).kind).toBe('Aggregate')
  })
})

describe('queries', () => {
  it('chains one set operator and nests where it changes', () => {
    const query = parse('SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION ALL SELECT 4')
    expect(query).toMatchObject({
      kind: 'SetOperation',
      quantifier: 'ALL',
      operands: [{ kind: 'SetOperation', operands: [{}, {}, {}] }, { kind: 'Select' }],
    })
  })

  it('lets INTERSECT bind tighter than UNION', () => {
    expect(parse('SELECT 1 UNION SELECT 2 INTERSECT SELECT 3')).toMatchObject({
      op: 'UNION',
      operands: [{ kind: 'Select' }, { op: 'INTERSECT' }],
    })
  })

  it('gives ORDER BY behind a union to the union, behind a parenthesis to a query of its own', () => {
    expect(parse('SELECT 1 UNION SELECT 2 LIMIT 1')).toMatchObject({ kind: 'SetOperation', limit: {} })
    expect(parse('(SELECT 1 LIMIT 2) LIMIT 1')).toMatchObject({
      kind: 'NestedQuery',
      query: { kind: 'Select', parens: 1, limit: {} },
      limit: {},
    })
  })

  it('reads joins from left to right, whatever their conditions', () => {
    const [join] = select('SELECT 1 FROM a JOIN b JOIN c ON 1').from
    expect(join).toMatchObject({
      kind: 'Join',
      left: { kind: 'Join', left: { name: { name: 'a' } }, right: { name: { name: 'b' } } },
      right: { name: { name: 'c' } },
      on: {},
    })
  })

  it('nests joins whose conditions follow later', () => {
    const [join] = select('SELECT 1 FROM a LEFT JOIN b JOIN c ON 1 ON 2').from
    expect(join).toMatchObject({
      type: 'LEFT',
      left: { kind: 'Table' },
      right: { kind: 'Join', type: 'INNER' },
    })
  })

  it('tells a parenthesised query from parenthesised tables and values', () => {
    expect(select('SELECT 1 FROM ((SELECT 1) AS d, t)').from[0]).toMatchObject({ kind: 'TableParens' })
    expect(select('SELECT 1 FROM ((SELECT 1)) AS d').from[0]).toMatchObject({ kind: 'Derived' })
    expect(expr('((SELECT 1) + 1)')).toMatchObject({ kind: 'Binary', parens: 1 })
    expect(expr('((SELECT 1) UNION SELECT 2)')).toMatchObject({
      kind: 'Subquery',
      query: { kind: 'SetOperation' },
    })
    expect(expr('((SELECT 1), 2)')).toMatchObject({ kind: 'Row' })
  })

  it('keeps the target of a qualified table', () => {
    expect(select('SELECT 1 FROM `ks[-80]`.t').from[0]).toMatchObject({
      name: { qualifier: 'ks[-80]', name: 't' },
    })
  })

  it('decodes names from UTF-8, and keeps spans in bytes', () => {
    const [item] = select('SELECT `ä` FROM t').items
    expect(item).toMatchObject({ expr: { kind: 'Column', name: 'ä' }, span: { start: 7, end: 11 } })
  })
})

describe('other statements', () => {
  it('name what DDL concerns', () => {
    const ddl = (text: string): Partial<Ddl> => {
      const statement = parse(text)
      if (statement.kind !== 'Ddl') throw new Error(statement.kind)
      return statement
    }
    expect(ddl('CREATE TEMPORARY TABLE IF NOT EXISTS s.t (a INT)')).toMatchObject({
      verb: 'create',
      object: 'table',
      temporary: true,
      ifNotExists: true,
      names: [{ qualifier: 's', name: 't' }],
    })
    expect(ddl('CREATE INDEX i ON t (a)')).toMatchObject({
      object: 'index',
      names: [{ name: 't' }],
      objectName: { name: 'i' },
    })
    expect(ddl('CREATE EXTERNAL TABLE s.t (a INT)')).toMatchObject({
      object: 'table',
      names: [{ name: 't' }],
    })
    for (const kind of ['JSON DUALITY', 'JSON RELATIONAL DUALITY', 'MATERIALIZED', 'SQL SECURITY INVOKER']) {
      expect(ddl(`CREATE OR REPLACE ${kind} VIEW s.v AS SELECT 1`)).toMatchObject({
        object: 'view',
        orReplace: true,
        names: [{ qualifier: 's', name: 'v' }],
        query: { kind: 'Select' },
      })
    }
    expect(ddl('RENAME TABLE a TO b')).toMatchObject({
      verb: 'rename',
      names: [{ name: 'a' }, { name: 'b' }],
    })
    expect(ddl('DROP TABLE IF EXISTS a, b')).toMatchObject({
      ifExists: true,
      names: [{ name: 'a' }, { name: 'b' }],
    })
    expect(ddl('CREATE TABLE t (a INT REFERENCES u (b)) SELECT 1')).toMatchObject({
      references: [{ name: 'u' }],
      query: { kind: 'Select' },
    })
  })

  it('take apart SET, SHOW, INSERT and DELETE', () => {
    expect((parse('SET autocommit=1, @@global.x = ON') as SetStatement).items).toMatchObject([
      { kind: 'SetVariable', at: false, name: 'autocommit' },
      { at: true, scope: 'GLOBAL', value: { kind: 'WordValue', word: 'ON' } },
    ])
    expect(parse("SHOW SESSION VARIABLES LIKE 'x%'") as Show).toMatchObject({
      what: 'VARIABLES',
      scope: 'SESSION',
      like: { text: "'x%'" },
    })
    expect(parse('SHOW VITESS_SHARDS') as Show).toMatchObject({ what: 'VITESS_SHARDS' })
    expect((parse('INSERT INTO t (a) VALUES (1), (2)') as Insert).source).toMatchObject({
      kind: 'InsertValues',
      rows: [{ values: [{ text: '1' }] }, {}],
    })
    expect(parse('DELETE a.* FROM a JOIN b') as Delete).toMatchObject({
      form: 'from',
      targets: [{ name: { name: 'a' }, star: true }],
    })
  })

  it('tell what XA and HANDLER do', () => {
    expect(parse("XA START 'g', 'b', 5 JOIN")).toMatchObject({
      verb: 'XA',
      detail: {
        action: 'START',
        option: 'JOIN',
        xid: { gtrid: { text: "'g'" }, bqual: { text: "'b'" }, formatId: { text: '5' } },
      },
    })
    expect(parse('XA RECOVER')).toMatchObject({ detail: { action: 'RECOVER' } })
    expect(parse('HANDLER s.t OPEN AS h')).toMatchObject({
      verb: 'HANDLER',
      detail: { action: 'OPEN', table: { qualifier: 's', name: 't' }, alias: 'h' },
    })
    expect(nearOf("XA START 'a' 'b'")).toBe("near ''b'' at line 1")
    expect(nearOf('XA PREPARE')).toBe("near '' at line 1")
    expect(nearOf('HANDLER h READ')).toBe("near '' at line 1")
  })

  it('tell what ALTER VSCHEMA changes', () => {
    const change = (text: string) => (parse(text) as Ddl).vschema
    expect(change("ALTER VSCHEMA CREATE VINDEX k.v USING lookup WITH owner=t, a='b', n=5")).toMatchObject({
      kind: 'CreateVindex',
      vindex: { qualifier: 'k', name: 'v' },
      using: {
        type: 'lookup',
        params: [
          { name: 'owner', value: 't' },
          { name: 'a', value: { text: "'b'" } },
          { name: 'n', value: { text: '5' } },
        ],
      },
    })
    expect(change('ALTER VSCHEMA ON t ADD VINDEX v (a, b)')).toMatchObject({
      kind: 'AddColumnVindex',
      table: { name: 't' },
      vindex: { name: 'v' },
      columns: ['a', 'b'],
    })
    expect(change('ALTER VSCHEMA ON t ADD AUTO_INCREMENT a USING k.s')).toMatchObject({
      kind: 'AddAutoIncrement',
      column: 'a',
      sequence: { qualifier: 'k', name: 's' },
    })
    expect(change('ALTER VSCHEMA DROP SEQUENCE s')).toMatchObject({ kind: 'DropSequence' })
  })

  it('read targets of USE', () => {
    for (const target of ['ks', 'ks@replica', 'ks:-80@replica', 'ks:80-', 'ks[-80]', 'ks/-80', '@rdonly']) {
      expect(parse(`USE \`${target}\``)).toMatchObject({ kind: 'Use', target })
    }
    for (const target of ['ks', 'ks@replica', 'ks:-80@replica', 'ks:80-']) {
      expect(parse(`USE ${target}`)).toMatchObject({ kind: 'Use', target })
    }
  })

  it('tell an empty text from a comment', () => {
    expect(parse('')).toMatchObject({ kind: 'Empty', comment: false })
    expect(parse(' /* x */ ')).toMatchObject({ kind: 'Empty', comment: true })
  })
})

describe('servers', () => {
  it('reserve different words', () => {
    expect(nearOf('SELECT rank FROM t')).toBe("near 'FROM t' at line 1")
    expect(nearOf('SELECT rank FROM t', mariadb)).toBe('no error')
    expect(nearOf('SELECT offset FROM t')).toBe('no error')
    expect(nearOf('SELECT offset FROM t', mariadb)).toBe("near 'offset FROM t' at line 1")
    expect(nearOf('SELECT qualify FROM t', { mode: 0, serverVersion: 80036 })).toBe('no error')
  })

  // As MariaDB answers them: SELECT '1' LIKE 'x' NOT LIKE 'x' is 0, SELECT '0' LIKE 'x' IN ('x') is 1.
  it.each([
    ['a LIKE b LIKE c', '(a LIKE b) LIKE c'],
    ['a LIKE b IN (1) REGEXP c', '((a LIKE b) IN (1)) REGEXP c'],
    ['a LIKE b NOT LIKE c', 'a LIKE (b NOT LIKE c)'],
    ['a REGEXP b NOT LIKE c LIKE d', '(a REGEXP (b NOT LIKE c)) LIKE d'],
    ['a NOT LIKE b NOT IN (1) NOT REGEXP c', 'a NOT LIKE ((b NOT IN (1)) NOT REGEXP c)'],
    ['a IN (1) NOT LIKE b', '(a IN (1)) NOT LIKE b'],
    ['a BETWEEN b AND c LIKE d', 'a BETWEEN b AND c LIKE d'],
    ['a LIKE b + 1', 'a LIKE (b + 1)'],
    ['a IS TRUE = b IS FALSE', '(a IS TRUE) = b IS FALSE'],
    ['a IS TRUE IS NULL IS UNKNOWN', '(a IS TRUE) IS NULL IS UNKNOWN'],
    ['a LIKE b ESCAPE c * 2 = d', 'a LIKE b ESCAPE (c * 2) = d'],
  ])('of MariaDB have predicates of predicates: %s', (sql, text) => {
    expect(print(parse(`SELECT ${sql}`, mariadb))).toBe(`SELECT ${text}`)
  })

  it.each(mariadbStatements)('of MariaDB accept %s', (text) => {
    const tree = parse(text, mariadb)
    expect(withoutSpans(parse(print(tree), mariadb))).toEqual(withoutSpans(tree))
  })
})

it('reads a number that no integer type holds as a DECIMAL in what is passed on word for word, too', () => {
  const text = 'SHOW REPLICA STATUS 18446744073709551616'
  const parsed = parseNormalized(text, scan(text, 0, 90_700), { mode: 0, serverVersion: 90_700 })
  expect(JSON.stringify(parsed)).toContain('"type":"Decimal"')
})
