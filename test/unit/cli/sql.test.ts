import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { describeEach, describeSql } from '../../../src/cli/sql/describe-statement.ts'
import { formatDescription, formatJson } from '../../../src/cli/sql/format.ts'
import { describeLine, describeLines } from '../../../src/cli/sql/json-lines.ts'

const options = { mode: 0, serverVersion: 90700 }

describe('shardgate sql', () => {
  it('tells kind, fingerprint, literals, tables and the printed text', () => {
    expect(describeSql("select `a`, 'ä' from s.t where id in (1, 2) and b = -3", options)).toEqual({
      ok: true,
      kind: 'SELECT',
      fingerprint: 'SELECT `a`, :str FROM s.t WHERE id IN (:list) AND b = :int',
      literals: ["'ä'", '1', '2', '-3'],
      tables: ['s.t'],
      printed: "SELECT a, 'ä' FROM s.t WHERE id IN (1, 2) AND b = -3",
    })
  })

  it("gives MySQL's error, for a second statement too", () => {
    expect(describeSql('select from t', options)).toMatchObject({ ok: false, errno: 1064, sqlState: '42000' })
    const second = describeSql('select 1; select 2', options)
    expect(second).toMatchObject({ ok: false, message: expect.stringContaining("near 'select 2' at line 1") })
  })

  it('takes the statements of a text one by one, and reads on behind an error', () => {
    const found = [...describeEach('select 1;; selec 2;\n-- nothing\n; create table t (a int)', options)]
    expect(found.map((one) => (one.ok ? one.kind : one.errno))).toEqual(['SELECT', 1064, 'CREATE TABLE'])
  })

  it('tells on which line of a text a refused statement begins', () => {
    const found = [...describeEach('select\n1;\n\n-- next\nselec\n2; selec 3;\nselec 4', options)]
    expect(found.map((one) => (one.ok ? 'ok' : one.line))).toEqual(['ok', 5, 6, 7])
    expect(formatDescription(found[1]!)).toMatch(/^ERROR 1064 \(42000\) at line 5: You have an error/)
  })

  it.each([
    ['DELIMITER //\nselect 1//', /mysql client/],
    ['select ?', /--prepared/],
    ['select :a', /--bind-variables/],
    ['select from', undefined],
  ])('says what may help: %s', (sql, hint) => {
    const [found] = [...describeEach(sql, { ...options, allowParams: false })]
    const shown = formatDescription(found!)
    if (hint === undefined) expect(shown).not.toContain('hint')
    else expect(shown).toMatch(hint)
  })

  it.each([
    ['with a as (select 1 from b), c as (select * from a) select * from c, A, s.a', ['b', 's.a']],
    ['with recursive a as (select 1 union select * from a join d) table a', ['d']],
    ['select (with a as (table b) table a) from a', ['b', 'a']],
    ['delete x from t as x join u', ['t', 'u']],
    ['insert into t select * from u for update of u', ['t', 'u']],
    ['create index i on s.t (a)', ['s.t']],
    ['rename table a to b, c to d', ['a', 'b', 'c', 'd']],
    ['create table a (b int references c (d)) select * from e', ['a', 'e', 'c']],
    ['call p(1)', []],
    ['drop database d', []],
    ['alter vschema on t add vindex h (id) using hash', ['t']],
  ])('names the tables of %s', (sql, tables) => {
    expect(describeSql(sql, options)).toMatchObject({ tables })
  })

  it('names the tables behind very many WITH clauses in time', () => {
    const clauses = Array.from({ length: 30_000 }, (_, i) => `c${i} as (select 1)`)
    expect(describeSql(`with ${clauses} select * from c7, t`, options)).toMatchObject({ tables: ['t'] })
  })

  it('answers each JSON line with a line, in order', async () => {
    const lines = [
      '{"sql":"select 1"}',
      '{"sql":"select \\"a\\" from t","sqlMode":"ANSI_QUOTES"}',
      'nonsense',
      '{"sql":5}',
      '{"sql":"sel","sqlMode":null}',
    ]
    const output = new PassThrough()
    // Chunks that break lines and characters.
    const bytes = Buffer.from(`${lines.join('\n')}`)
    await describeLines(
      Readable.from([bytes.subarray(0, 25), bytes.subarray(25)]),
      output,
      options,
      formatJson,
    )
    output.end()
    const answers = (await output.toArray())
      .join('')
      .trimEnd()
      .split('\n')
      .map((line: string) => JSON.parse(line))
    expect(answers.map(({ ok, errno, kind }: Record<string, unknown>) => [ok, errno ?? kind])).toEqual([
      [true, 'SELECT'],
      [true, 'SELECT'],
      [false, 1105],
      [false, 1105],
      [false, 1064],
    ])
    expect(answers[1].printed).toBe('SELECT a FROM t')
  })

  it('reads a line under its own sql_mode', () => {
    const line = JSON.stringify({ sql: "select 'a\\' || b", sqlMode: 'NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT' })
    expect(describeLine(line, options)).toMatchObject({ ok: true, printed: "SELECT 'a\\' || b" })
  })

  it('prints for people', () => {
    expect(formatDescription(describeSql('select 1 from t', options))).toBe(
      'SELECT\n  fingerprint  SELECT :int FROM t\n  literals     1\n  tables       t\n  printed      SELECT 1 FROM t\n\n',
    )
    expect(formatDescription(describeSql('selec', options))).toMatch(
      /^ERROR 1064 \(42000\): You have an error/,
    )
    const long = describeSql(`select 1 in (${Array(30).fill('7').join()})`, options)
    expect(formatDescription(long)).toContain('… and 11 more')
  })
})
