import { tokenize } from '../../src/sql/lexer.ts'
import type { Random } from './random.ts'

/** A text with one to four changes of tokens or bytes; `other` lends tokens. */
export function mutate(text: string, other: string, random: Random): string {
  let changed = text
  for (let times = 1 + random.int(4); times > 0; times--) {
    changed = random.oneIn(3) ? changeBytes(changed, random) : changeTokens(changed, other, random)
  }
  return changed
}

/** A text with one or two changes of tokens. */
export function mutateTokens(text: string, other: string, random: Random): string {
  const changed = changeTokens(text, other, random)
  return random.oneIn(3) ? changeTokens(changed, other, random) : changed
}

function changeTokens(text: string, other: string, random: Random): string {
  const parts = split(text)
  const at = random.int(parts.length)
  const lent = split(other)
  switch (random.int(6)) {
    case 0: // lost
      parts.splice(at, 1)
      break
    case 1: // doubled
      parts.splice(at, 0, parts[at])
      break
    case 2: // swapped
      parts.push(...parts.splice(at, 1))
      break
    case 3: // another's
      parts[at] = random.pick(lent)
      break
    case 4: {
      // a piece of another
      const from = random.int(lent.length)
      parts.splice(at, 0, ...lent.slice(from, from + 1 + random.int(6)))
      break
    }
    default:
      parts.splice(at, 0, random.pick(spices))
  }
  return parts.join('')
}

/** Tokens, each with the blanks and comments before it. */
function split(text: string): string[] {
  const { starts, ends } = tokenize(text, { mode: 0, serverVersion: 90700 })
  const parts = starts.map((_, i) => text.slice(i === 0 ? 0 : ends[i - 1], ends[i]))
  return parts.length > 0 ? parts : ['']
}

const spices = [
  ' ',
  '\n',
  '\t',
  '/**/',
  '/* c */',
  '-- x\n',
  '#\n',
  '--',
  '/*! ',
  '/*!99999 ',
  '/*!50000 ',
  '*/',
  '/*M! ',
  '/*+ x */',
  '/*vt+ A=1 */',
  ';',
  "'",
  '"',
  '`',
  '\\',
  '\\N',
  '(',
  ')',
  ',',
  '.',
  '@',
  '@@',
  ':',
  ':=',
  '$$',
  '{',
  '}',
  '?',
  '0x',
  "x'",
  '1e',
  '-1',
  ' - 1',
  " 'a'",
  " N'a'",
  " _latin1'a'",
  ' IN (1,2)',
  ' AS ',
  ' NOT ',
  ' COLLATE x',
]

function changeBytes(text: string, random: Random): string {
  const at = random.int(text.length + 1)
  const byte = String.fromCharCode(random.oneIn(2) ? random.int(256) : 32 + random.int(95))
  switch (random.int(3)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1)
    case 1:
      return text.slice(0, at) + byte + text.slice(at + 1)
    default:
      return text.slice(0, at) + byte + text.slice(at)
  }
}
