import type { Ddl } from '../../sql/ast.ts'
import { type DdlReading, wordsOf } from './ddl-words.ts'

/**
 * Whether a server that has carried out the statement refuses it the second time, or is left by it as it is. Not so where a
 * server gives a name of its own to what is added, or where names change places. Judged by words, and rather false than true.
 */
export function isRepeatable(statement: Ddl, context: DdlReading): boolean {
  const { verb, object, names } = statement
  switch (verb) {
    case 'rename':
      return new Set(names.map(({ qualifier = '', name }) => `${qualifier}.${name}`)).size === names.length
    case 'alter':
      return object !== 'table' || isRepeatableAlter(wordsOf(statement, context).words)
    default:
      return true
  }
}

function isRepeatableAlter(words: readonly string[]): boolean {
  const isPartitioning = ['EXCHANGE', 'COALESCE', 'REORGANIZE', 'PARTITIONS'].some((word) =>
    words.includes(word),
  )
  const renamed = words.filter((word) => word === 'RENAME' || word === 'CHANGE').length
  return (
    !isPartitioning && renamed < 2 && !words.some((word, at) => word === 'ADD' && addsUnnamed(words, at + 1))
  )
}

const KINDS: ReadonlySet<string> = new Set([
  ...['UNIQUE', 'FULLTEXT', 'SPATIAL', 'VECTOR', 'INDEX', 'KEY', 'FOREIGN', 'CHECK', 'CONSTRAINT'],
])

/** `ADD UNIQUE KEY (a)`, `ADD CONSTRAINT FOREIGN KEY (a)`, `ADD INDEX USING BTREE (a)`. A primary key has one name. */
function addsUnnamed(words: readonly string[], start: number): boolean {
  let at = start
  while (KINDS.has(words[at] ?? '')) at++
  const isNamedBefore = words[at - 1] === 'CONSTRAINT' && !KINDS.has(words[at] ?? '')
  return at > start && !isNamedBefore && ['(', 'USING', 'TYPE'].includes(words[at] ?? '')
}
