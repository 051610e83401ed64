import fc from 'fast-check'

/** Random stored programs that MySQL's parser takes, with names that are words of their grammar. */

const name = fc.constantFrom('a', 'begin', 'end', 'do', 'until', '`end`', 'event', 'open', 't.end')
const alias = fc.constantFrom('a', 'begin', 'end', 'do', 'until', '`begin`', 'event', 'open')
const label = fc.constantFrom('again', 'until', 'open', 'close', '`end`', 'event', 'found')
const table = fc.constantFrom('t', 'begin', 'end', 'do', 'handler', 'event')

/** Joins what its parts make with blanks. */
function text(...parts: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> {
  const arbitraries = parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part))
  return fc.tuple(...arbitraries).map((words) => words.filter((word) => word !== '').join(' '))
}

const maybe = (part: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof(fc.constant(''), part)

const { program } = fc.letrec<
  Record<'expr' | 'query' | 'statement' | 'statements' | 'block' | 'loop' | 'program', string>
>((tie) => ({
  expr: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom('1', "'END'", 'NULL', '@end', 'CURRENT_DATE', '/* END; */ 2'),
    name,
    text(tie('expr'), '+', tie('expr')),
    text('IF (', tie('expr'), ',', tie('expr'), ',', name, ')'),
    text("REPEAT('x',", tie('expr'), ')'),
    text('CASE WHEN', tie('expr'), 'THEN', tie('expr'), maybe(text('ELSE', tie('expr'))), 'END'),
    text('CASE', tie('expr'), 'WHEN', tie('expr'), 'THEN', tie('expr'), 'END'),
    text('(', tie('query'), ')'),
    text('EXISTS (', tie('query'), ')'),
  ),
  query: fc.oneof(
    text('SELECT', tie('expr'), 'AS', alias, ',', name, alias),
    text('SELECT', tie('expr'), alias, 'FROM', table, alias, 'WHERE', tie('expr')),
  ),
  statement: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    tie('query'),
    text('SET @a =', tie('expr'), ', @b :=', tie('expr')),
    text('DO', tie('expr'), ',', tie('expr')),
    text('UPDATE', table, 'SET', name, '=', tie('expr')),
    fc.constantFrom(
      "XA END 'x'",
      'DROP TABLE IF EXISTS begin, end',
      'CREATE TABLE IF NOT EXISTS end (begin INT)',
      'CALL end()',
    ),
    text(
      'IF',
      tie('expr'),
      'THEN',
      tie('statements'),
      'ELSEIF',
      tie('expr'),
      'THEN',
      tie('statements'),
      'END IF',
    ),
    text('IF', tie('expr'), 'THEN', tie('statements'), 'ELSE', tie('statements'), 'END IF'),
    text(
      'CASE WHEN',
      tie('expr'),
      'THEN',
      tie('statements'),
      maybe(text('ELSE', tie('statements'))),
      'END CASE',
    ),
    text('CASE', tie('expr'), 'WHEN', tie('expr'), 'THEN', tie('statements'), 'END CASE'),
    tie('block'),
    tie('loop'),
    fc.tuple(label, tie('loop')).map(([word, loop]) => `${word}: ${loop} ${word}`),
    fc.tuple(label, tie('block')).map(([word, block]) => `${word}:${block}`),
  ),
  statements: fc.array(tie('statement'), { minLength: 1, maxLength: 3 }).map((all) => `${all.join('; ')};`),
  block: text(
    'BEGIN',
    maybe(text('DECLARE begin, do INT DEFAULT', tie('expr'), ';')),
    maybe(text('DECLARE open CURSOR FOR', tie('query'), ';')),
    maybe(
      text(
        'DECLARE CONTINUE HANDLER FOR',
        fc.constantFrom('NOT FOUND', "SQLSTATE '23000', 5", 'SQLWARNING'),
        tie('statement'),
        ';',
      ),
    ),
    maybe(tie('statements')),
    'END',
  ),
  loop: fc.oneof(
    text('LOOP', tie('statements'), 'END LOOP'),
    text('WHILE', tie('expr'), 'DO', tie('statements'), 'END WHILE'),
    text('REPEAT', tie('statements'), 'UNTIL', tie('expr'), 'END REPEAT'),
  ),
  program: text(
    fc.constantFrom(
      'CREATE PROCEDURE p()',
      "CREATE DEFINER = event PROCEDURE end(begin INT, do CHAR(3)) COMMENT 'BEGIN' NOT DETERMINISTIC SQL SECURITY INVOKER",
      'CREATE TRIGGER begin BEFORE INSERT ON end FOR EACH ROW',
      'CREATE TRIGGER t BEFORE INSERT ON do FOR EACH ROW FOLLOWS begin',
      'CREATE EVENT do ON SCHEDULE EVERY CASE WHEN 1 THEN 2 END DAY DO',
      'ALTER EVENT event RENAME TO do DO',
    ),
    tie('statement'),
  ),
}))

export const randomProgram = program
