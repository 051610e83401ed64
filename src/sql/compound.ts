import type { Keyword } from './keywords.ts'
import type { Word } from './lexer.ts'
import { ORACLE, type SqlMode } from './sql-mode.ts'

/** What is open, up to its END: a statement with statements in it, a CASE expression, parts of MariaDB's programs. */
interface Block {
  kind: BlockKind
  /** Depth of the parentheses that it stands in. */
  readonly depth: number
}

type BlockKind =
  | 'block' // BEGIN … END, also IF, LOOP, CASE: whatever only `END` at the start of a statement closes
  | 'condition' // of WHILE, or the head of MariaDB's FOR: DO or LOOP ends it
  | 'repeat'
  | 'until' // the condition behind UNTIL: END ends it, and REPEAT
  | 'case' // an expression
  | 'declarations' // of MariaDB's Oracle mode: BEGIN ends them
  | 'package'

/** Which part of the statement we are in. */
type Part =
  | 'object' // CREATE or ALTER, and it is not known yet of what
  | 'routine' // name and parameters of a procedure or function
  | 'trigger' // up to FOR EACH ROW
  | 'event' // up to DO
  | 'characteristics' // of a routine, or FOLLOWS of a trigger: the body's first word ends them
  | 'body'
  | 'no program'

/** A keyword's surroundings. */
export interface WordPlace {
  readonly depth: number
  /** The keyword directly before it, or ''. */
  readonly previous: Keyword | ''
  /** What stands directly before it is, or ends, a value or name. */
  readonly afterOperand: boolean
}

/**
 * Tells where a stored program ends: a `;` inside BEGIN … END, IF, CASE, LOOP, WHILE or REPEAT does not end the
 * statement. BEGIN and END may also be names, IF and REPEAT functions, CASE an expression: which it is depends on whether
 * a statement can begin there, and so that is what is followed here. Feed it every keyword from CREATE or ALTER on.
 */
export class CompoundBlocks {
  readonly #blocks: Block[] = []
  #part: Part
  readonly #isOracle: boolean
  /** A statement of the body begins with the next token. */
  #begins: boolean
  /** We are in the conditions of a handler, behind which its statement begins. */
  #inConditions = false
  /** The statement is a DECLARE; of a handler. */
  #declares: 'nothing' | 'something' | 'handler' = 'nothing'
  /** The last keyword was the name of an event. */
  #wasName = false

  /** `isOracle`: of MariaDB's sql_mode ORACLE. `part` 'body': of a compound statement that stands by itself, in MariaDB. */
  constructor(part: 'object' | 'body', isOracle: boolean) {
    this.#part = part
    this.#begins = part === 'body'
    this.#isOracle = isOracle
  }

  get isOpen(): boolean {
    return this.#blocks.length > 0
  }

  semicolon(): void {
    this.#part = 'body'
    this.#begins = true
    this.#inConditions = false
    this.#declares = 'nothing'
  }

  /** A label is behind us. */
  colon(): void {
    if (this.#part === 'characteristics') this.#part = 'body'
    if (this.#part !== 'body') return
    const top = this.#top
    if (top?.kind === 'until') top.kind = 'repeat' // that was a label `until`
    this.#begins = true
    this.#inConditions = false
  }

  /** A parenthesis has closed. */
  close(depth: number): void {
    if (this.#part === 'routine' && depth === 0 && !this.#isOracle) this.#part = 'characteristics'
  }

  word(word: Keyword, at: WordPlace): void {
    switch (this.#part) {
      case 'object':
        return this.#object(word, at)
      case 'routine':
        if (this.#isOracle && (word === 'AS' || word === 'IS')) this.#declarations(at.depth)
        return
      case 'trigger':
        if (word === 'ROW' && at.previous === 'EACH') this.#part = 'characteristics'
        return
      case 'event':
        return this.#event(word, at)
      case 'characteristics':
        if (!beginsBody(word, at)) return
        this.#part = 'body'
        this.#begins = true
        return this.#body(word, at)
      case 'body':
        return this.#body(word, at)
      case 'no program':
    }
  }

  get #top(): Block | undefined {
    return this.#blocks[this.#blocks.length - 1]
  }

  #push(kind: BlockKind, depth: number): void {
    this.#blocks.push({ kind, depth })
  }

  #object(word: Keyword, at: WordPlace): void {
    const isUser = at.previous === '' && !at.afterOperand // behind DEFINER =
    if (isUser) return
    switch (word) {
      case 'CREATE':
      case 'ALTER':
      case 'OR':
      case 'REPLACE':
      case 'DEFINER':
      case 'AGGREGATE':
        return
      case 'PROCEDURE':
      case 'FUNCTION':
        this.#part = 'routine'
        return
      case 'TRIGGER':
        this.#part = 'trigger'
        return
      case 'EVENT':
        this.#part = 'event'
        return
      case 'PACKAGE':
        this.#part = 'body'
        this.#push('package', at.depth)
        return
      default:
        this.#part = 'no program'
    }
  }

  #event(word: Keyword, at: WordPlace): void {
    const follows = at.previous === 'EVENT' || at.previous === 'EXISTS' || at.previous === 'TO'
    const isName = follows && !this.#wasName
    this.#wasName = isName
    if (isName) return
    if (word !== 'DO' || at.depth > 0 || !at.afterOperand) return this.#expression(word, at)
    this.#part = 'body'
    this.#begins = true
  }

  #declarations(depth: number): void {
    this.#part = 'body'
    this.#push('declarations', depth)
    this.#begins = true
  }

  #body(word: Keyword, at: WordPlace): void {
    if (this.#inConditions) {
      if (!endsConditions(word, at)) return
      this.#inConditions = false
      this.#begins = true
    }
    if (this.#top?.kind === 'package' && this.#inPackage(word, at)) return
    const begins = this.#begins
    this.#begins = false
    if (!begins || !this.#opens(word, at.depth)) this.#inside(word, at)
  }

  /** At the start of a statement: whether this is no word of an ordinary one. */
  #opens(word: Keyword, depth: number): boolean {
    const top = this.#top
    switch (word) {
      case 'BEGIN':
        if (top?.kind === 'declarations' || top?.kind === 'package') top.kind = 'block'
        else this.#push('block', depth)
        this.#begins = true
        return true
      case 'LOOP':
        this.#push('block', depth)
        this.#begins = true
        return true
      case 'REPEAT':
        this.#push('repeat', depth)
        this.#begins = true
        return true
      case 'IF':
      case 'CASE':
        this.#push('block', depth)
        return true
      case 'WHILE':
      case 'FOR':
        this.#push('condition', depth)
        return true
      case 'UNTIL':
        if (top?.kind === 'repeat') top.kind = 'until'
        return true
      case 'DECLARE':
        if (this.#isOracle) this.#declarations(depth)
        else this.#declares = 'something'
        return true
      case 'END':
        this.#blocks.pop()
        return true
      default:
        return false
    }
  }

  /** Within a statement. */
  #inside(word: Keyword, at: WordPlace): void {
    const top = this.#top
    switch (word) {
      case 'THEN':
      case 'ELSE':
        this.#begins = top?.kind === 'block'
        return
      case 'DO':
      case 'LOOP':
        if (top?.kind !== 'condition' || !isValueEnd(top, at)) return
        top.kind = 'block'
        this.#begins = true
        return
      case 'HANDLER':
        if (this.#declares === 'something' && isHandlerType(at.previous)) this.#declares = 'handler'
        return
      case 'FOR':
        this.#inConditions = this.#declares === 'handler' && at.previous === 'HANDLER'
        return
      default:
        this.#expression(word, at)
    }
  }

  #expression(word: Keyword, at: WordPlace): void {
    const top = this.#top
    if (word === 'CASE' && at.previous !== 'END') this.#push('case', at.depth)
    else if (word === 'END' && (top?.kind === 'case' || top?.kind === 'until') && isValueEnd(top, at))
      this.#blocks.pop()
  }

  /** Directly in a package of MariaDB. */
  #inPackage(word: Keyword, at: WordPlace): boolean {
    switch (word) {
      case 'PROCEDURE':
      case 'FUNCTION':
        this.#part = 'routine'
        return true
      case 'AS':
      case 'IS':
        this.#begins = true
        return true
      case 'END':
        if (at.depth === 0) this.#blocks.pop()
        return true
      default:
        return false
    }
  }
}

/**
 * Whether the word begins a compound statement outside of a stored program, of MariaDB, which has them: FOR …, IF …,
 * LOOP …; in Oracle mode also BEGIN and DECLARE. BEGIN NOT ATOMIC is told by its third word.
 */
export function standsAlone(word: Word | '', mode: SqlMode): boolean {
  switch (word) {
    case 'CASE':
    case 'FOR':
    case 'IF':
    case 'LOOP':
    case 'REPEAT':
    case 'WHILE':
      return true
    case 'BEGIN':
    case 'DECLARE':
      return (mode & ORACLE) !== 0
    default:
      return false
  }
}

/** A value, at the block's own depth, has ended. */
function isValueEnd(block: Block, at: WordPlace): boolean {
  return at.afterOperand && at.depth === block.depth
}

function isHandlerType(word: Keyword | ''): boolean {
  return word === 'CONTINUE' || word === 'EXIT' || word === 'UNDO'
}

/** Behind a handler's conditions, which are numbers, SQLSTATE [VALUE] '…', NOT FOUND, … or names. */
function endsConditions(word: Keyword, at: WordPlace): boolean {
  switch (word) {
    case 'NOT':
    case 'SQLSTATE':
    case 'SQLWARNING':
    case 'SQLEXCEPTION':
      return false
    default:
      if (at.previous === 'NOT' || at.previous === 'SQLSTATE') return false
      return at.afterOperand || at.previous === 'SQLWARNING' || at.previous === 'SQLEXCEPTION'
  }
}

/** The first word of a body, behind the characteristics of a routine or trigger. */
function beginsBody(word: Keyword, at: WordPlace): boolean {
  if (at.depth > 0) return false
  switch (at.previous) {
    case 'LANGUAGE':
    case 'FOLLOWS':
    case 'PRECEDES':
    case 'RETURNS': // the type SET
    case 'CHARACTER':
    case 'CHAR':
      return false
    default:
      return verbs.has(word)
  }
}

/** First words of statements. */
const verbs: ReadonlySet<Keyword> = new Set<Keyword>([
  ...(['BEGIN', 'CASE', 'DECLARE', 'FOR', 'IF', 'LOOP', 'REPEAT', 'RETURN', 'WHILE'] as const),
  ...(['SELECT', 'WITH', 'TABLE', 'VALUES', 'INSERT', 'REPLACE', 'UPDATE', 'DELETE', 'LOAD'] as const),
  ...(['CALL', 'DO', 'SET', 'SHOW', 'DESC', 'DESCRIBE', 'EXPLAIN', 'HANDLER', 'KILL', 'USE'] as const),
  ...(['ALTER', 'CREATE', 'DROP', 'RENAME', 'TRUNCATE', 'GRANT', 'REVOKE', 'INSTALL', 'UNINSTALL'] as const),
  ...(['START', 'COMMIT', 'ROLLBACK', 'SAVEPOINT', 'RELEASE', 'XA', 'LOCK', 'UNLOCK'] as const),
  ...(['PREPARE', 'EXECUTE', 'DEALLOCATE', 'SIGNAL', 'RESIGNAL', 'GET'] as const),
  ...(['ANALYZE', 'CHECK', 'CHECKSUM', 'OPTIMIZE', 'REPAIR', 'CACHE', 'FLUSH', 'RESET', 'PURGE'] as const),
])
