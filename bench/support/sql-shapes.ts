/** Texts of any length, by name: what reads them takes time and memory linear in the length. */
export const shapes: readonly (readonly [name: string, make: (bytes: number) => string])[] = [
  ['IN list', repeated('SELECT a FROM t WHERE b IN (', (i) => `${i}`, ',', ')')],
  ['IN list, no literal at its end', repeated('SELECT a FROM t WHERE b IN (', (i) => `${i}`, ',', ',c)')],
  ['rows of VALUES', repeated('INSERT INTO t VALUES ', (i) => `(${i}, 'name', 1.5)`, ', ')],
  ['rows of VALUES with calls', repeated('INSERT INTO t VALUES ', (i) => `(${i}, now())`, ', ')],
  ['OR chain', repeated('SELECT a FROM t WHERE ', () => 'b = 1234', ' OR ')],
  ['AND in OR', repeated('SELECT a FROM t WHERE ', () => 'b = 1 AND c = 2', ' OR ')],
  ['UNION ALL', repeated('', () => 'SELECT 1', ' UNION ALL ')],
  ['select list', repeated('SELECT ', (i) => `c${i} + 1 AS x${i}`, ', ', ' FROM t')],
  ['WITH', repeated('WITH ', (i) => `a${i} AS (SELECT 1)`, ', ', ' SELECT 1')],
  ['chains of 1,400', repeated('SELECT ', () => `1${' + 1'.repeat(1399)}`, ', ')],
  ['parentheses, 400 deep', repeated('SELECT ', () => `${'('.repeat(400)}1${')'.repeat(400)}`, ', ')],
  ['ORDER BY', repeated('SELECT 1 FROM t ORDER BY ', (i) => `a + ${i}`, ',')],
  ['statements', repeated('', () => 'SELECT 1', ';')],
  ['stored program', repeated('CREATE PROCEDURE p() BEGIN ', () => 'SELECT 1; ', '', 'END')],
  ['columns of a table', repeated('CREATE TABLE t (', (i) => `c${i} INT NOT NULL DEFAULT 1`, ', ', ')')],
  ['one string', (bytes) => `SELECT '${'x'.repeat(bytes)}'`],
  ['strings side by side', repeated('SELECT ', () => "'a'", ' ')],
  ['one comment', (bytes) => `SELECT 1 /* ${'x'.repeat(bytes)} */`],
  ['comments', repeated('SELECT 1', () => '/* x */', ' ')],
  ['versioned comments', repeated('SELECT 1 ', () => '/*!50000 + 1 */', '')],
  ...[
    ';',
    '/*',
    '/*!',
    "'",
    '"',
    '`',
    '@',
    '#',
    '- ',
    '(',
    ')',
    '{',
    '.',
    ':',
    '?',
    '$',
    "x'",
    "b'0",
    '\\',
  ].map((text) => [`nothing but ${text}`, repeated('', () => text, '')] as const),
]

function repeated(
  start: string,
  part: (i: number) => string,
  separator: string,
  end = '',
): (bytes: number) => string {
  return (bytes) => {
    const parts: string[] = []
    for (let i = 0, size = 0; size < bytes; i++) {
      parts.push(part(i))
      size += parts[i].length + separator.length
    }
    return `${start}${parts.join(separator)}${end}`
  }
}
