import type { Keyword } from './keywords.ts'

type Block = 'begin' | 'case statement' | 'case' | 'if' | 'loop'

/**
 * Tells where a stored program ends: a `;` inside BEGIN … END, IF, CASE, LOOP, WHILE or REPEAT does not end the
 * statement. Feed it every keyword; only CREATE (or ALTER) PROCEDURE, FUNCTION, TRIGGER and EVENT switch it on.
 */
export class CompoundBlocks {
  readonly #blocks: Block[] = []
  #isProgram = false
  /** A statement of the program may begin with the next word. */
  #statementNext = false
  /** The word behind END belongs to it: END IF. */
  #afterEnd = false

  get isOpen(): boolean {
    return this.#blocks.length > 0
  }

  /** A block that stands by itself, MariaDB's BEGIN NOT ATOMIC, has begun. */
  openBlock(): void {
    this.#isProgram = true
    this.#push('begin')
  }

  semicolon(): void {
    this.#statementNext = true
    this.#afterEnd = false
  }

  /** A label is behind us: a loop or block follows. */
  colon(): void {
    this.#statementNext = this.#isProgram
  }

  word(word: Keyword, at: { readonly isFirstLevel: boolean; readonly afterOperand: boolean }): void {
    const afterEnd = this.#afterEnd
    const statementNext = this.#statementNext
    this.#afterEnd = false
    this.#statementNext = false
    switch (word) {
      case 'PROCEDURE':
      case 'FUNCTION':
      case 'TRIGGER':
      case 'EVENT':
        if (at.isFirstLevel) this.#isProgram = true
        return
      case 'BEGIN':
        if (this.#isProgram) this.#push('begin')
        return
      case 'CASE':
        if (this.#isProgram && !afterEnd) this.#push(statementNext ? 'case statement' : 'case')
        return
      case 'IF':
        // The body itself may be an IF, behind a parenthesis or a name, where no function IF can stand.
        if (this.#isProgram && !afterEnd && (statementNext || (at.afterOperand && !this.isOpen)))
          this.#push('if')
        return
      case 'LOOP':
        if (this.#isProgram && !afterEnd) this.#push('loop')
        return
      case 'WHILE':
      case 'REPEAT':
        if (this.#isProgram && !afterEnd && (statementNext || (at.afterOperand && !this.isOpen)))
          this.#push('loop')
        return
      case 'DO':
      case 'THEN':
      case 'ELSE':
        this.#statementNext = this.#blocks[this.#blocks.length - 1] !== 'case'
        return
      case 'ROW':
      case 'DETERMINISTIC':
        this.#statementNext = this.#blocks.length === 0
        return
      case 'END':
        if (this.#blocks.pop() !== undefined) this.#afterEnd = true
        return
      default:
    }
  }

  #push(block: Block): void {
    this.#blocks.push(block)
    this.#statementNext = block === 'begin' || block === 'loop'
  }
}
