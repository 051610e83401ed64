import { NEXT_CLAUSE, STARTS_LIST } from './word-classes.ts'
import { wordNumber } from './words.ts'

const BY = wordNumber('BY')
const ORDER = wordNumber('ORDER')
const GROUP = wordNumber('GROUP')
const PARTITION = wordNumber('PARTITION')
const ROLLUP = wordNumber('ROLLUP')
const CONVERT = wordNumber('CONVERT')
const POSITION = wordNumber('POSITION')
const SELECT = wordNumber('SELECT')

const COMMA = 44
const OPEN = 40
const PLUS = 43

/**
 * Where in a statement the fingerprint pass is, as far as the key depends on it: in which lists, at which depth of
 * parentheses. A depth of -1 says "not in one".
 */
export class Clauses {
  depth = 0
  /** Aliases, IN lists and the like are read as in a query: true but in DDL and administration. */
  inQuery = false
  /** Depth of the outermost select list that we are in. */
  listDepth = -1
  /** Depth of the innermost ORDER BY, GROUP BY or PARTITION BY list that we are in. */
  byDepth = -1
  /** Depths of the lists around it: `ORDER BY GROUP_CONCAT(a ORDER BY b), 1`. */
  readonly #outerByDepths: number[] = []
  /** In such a list, while only parentheses and plus signs stand since BY or the last comma: the parentheses; or -1. */
  itemParens = -1
  /** Depth inside the parentheses of a type, `DECIMAL(10,2)`. */
  typeDepth = -1
  /** Depth inside CONVERT(…, type). */
  convertDepth = -1
  /** Depth inside POSITION(… IN …), whose IN takes no list. */
  positionDepth = -1

  /** A keyword with these class bits; `before` is the keyword directly before it, or 0. */
  word(word: number, bits: number, before: number): void {
    if ((bits & STARTS_LIST) !== 0) {
      if (word === SELECT) this.inQuery = true
      if (this.listDepth < 0) this.listDepth = this.depth
      this.#leaveBy()
    } else if ((bits & NEXT_CLAUSE) !== 0) {
      if (this.depth === this.listDepth) this.listDepth = -1
      this.#leaveBy()
    }
    this.itemParens = -1
    if (word !== BY) return
    if (before === ORDER || before === GROUP || before === PARTITION) this.#enterBy()
    if (this.byDepth === this.depth) this.itemParens = 0
  }

  #enterBy(): void {
    if (this.byDepth >= 0 && this.byDepth < this.depth) this.#outerByDepths.push(this.byDepth)
    this.byDepth = this.depth
  }

  #leaveBy(): void {
    if (this.depth === this.byDepth) this.byDepth = this.#outerByDepths.pop() ?? -1
  }

  /** An operator's last byte, inside a list behind BY. */
  operator(byte: number): void {
    if (byte === COMMA) this.itemParens = this.depth === this.byDepth ? 0 : -1
    else if (byte === OPEN && this.itemParens >= 0) this.itemParens++
    else if (byte !== PLUS) this.itemParens = -1
  }

  /** An opening parenthesis, behind the keyword `word` or 0; `isType`: behind the name of a type. */
  open(word: number, isType: boolean): void {
    this.depth++
    if (isType) this.typeDepth = this.depth
    if (word === CONVERT) this.convertDepth = this.depth
    else if (word === POSITION) this.positionDepth = this.depth
    if (word === ROLLUP && this.byDepth === this.depth - 1) {
      this.#enterBy()
      this.itemParens = 0
    } else if (this.byDepth >= 0) this.operator(OPEN)
  }

  close(): void {
    if (this.depth === this.convertDepth) this.convertDepth = -1
    if (this.depth === this.typeDepth) this.typeDepth = -1
    if (this.depth === this.positionDepth) this.positionDepth = -1
    if (this.depth > 0) this.depth--
    if (this.depth < this.listDepth) this.listDepth = -1
    if (this.depth < this.byDepth) this.byDepth = this.#outerByDepths.pop() ?? -1
  }
}
