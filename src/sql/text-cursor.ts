import { blockCommentEnd, isBlank, isDashComment, isVersioned, lineEnd, versionedBody } from './chars.ts'

const VT_DIRECTIVE = 'vt+'

/** A position in a text that knows how to get past blanks and comments, and collects vtgate's directives there. */
export class TextCursor {
  readonly sql: string
  readonly serverVersion: number
  readonly directives: string[] = []
  pos: number
  /** Inside a versioned comment that this server executes. */
  #inVersioned = false
  /** Grows with every beginning or end of such a comment that skipBlanks gets past. */
  borders = 0
  /** A versioned comment has been left out that another server may execute. */
  hasForeign = false
  /** Optimizer hints are no comments here: the last token was the verb of a query. */
  stopsAtHint = false

  constructor(sql: string, serverVersion: number, start: number) {
    this.sql = sql
    this.serverVersion = serverVersion
    this.pos = start
  }

  /** Moves behind blanks and comments; an unclosed comment stays, for the parser to refuse. */
  skipBlanks(): void {
    const { sql } = this
    for (;;) {
      const c = sql.charCodeAt(this.pos)
      if (isBlank(c)) this.pos++
      else if (!this.#skipComment(c)) return
    }
  }

  /** Where skipBlanks would lead from `pos`; the cursor stays as it is. */
  peekBlanksEnd(pos: number): number {
    const { pos: saved, mark } = this
    this.pos = pos
    this.skipBlanks()
    const end = this.pos
    this.pos = saved
    this.rewind(mark)
    return end
  }

  get isInVersioned(): boolean {
    return this.#inVersioned
  }

  /** What to give to `rewind` when the comments from here on are to be read again. */
  get mark(): number {
    return this.#inVersioned ? -1 - this.directives.length : this.directives.length
  }

  rewind(mark: number): void {
    this.#inVersioned = mark < 0
    this.directives.length = mark < 0 ? -1 - mark : mark
  }

  /** Is there a comment, or a border of an executed one, at `pos`? */
  atComment(pos: number): boolean {
    const { sql } = this
    switch (sql.charCodeAt(pos)) {
      case 35: // #
        return true
      case 45: // -
        return isDashComment(sql, pos)
      case 47: // /
        return sql.charCodeAt(pos + 1) === 42
      case 42: // *
        return this.#inVersioned && sql.charCodeAt(pos + 1) === 47
      default:
        return false
    }
  }

  #skipComment(c: number): boolean {
    const { sql, pos } = this
    if (c === 35 || (c === 45 && isDashComment(sql, pos))) this.pos = lineEnd(sql, pos)
    else if (c === 47 && sql.charCodeAt(pos + 1) === 42) return this.#skipBlock()
    else if (c === 42 && this.#inVersioned && sql.charCodeAt(pos + 1) === 47) {
      this.#inVersioned = false
      this.borders++
      this.pos = pos + 2
    } else return false
    return true
  }

  #skipBlock(): boolean {
    const { sql, pos } = this
    if (this.stopsAtHint && sql.charCodeAt(pos + 2) === 43) return false
    const versioned = isVersioned(sql, pos, this.serverVersion)
    if (versioned) {
      const body = versionedBody(sql, pos, this.serverVersion)
      if (body > 0) {
        this.#inVersioned = true
        this.borders++
        this.pos = body
        return true
      }
    }
    const end = blockCommentEnd(sql, pos, versioned)
    if (end < 0) return false
    this.hasForeign ||= versioned || sql.startsWith('M!', pos + 2)
    if (sql.startsWith(VT_DIRECTIVE, pos + 2))
      this.directives.push(sql.slice(pos + 2 + VT_DIRECTIVE.length, end - 2))
    this.pos = end
    return true
  }
}
