import { type Operator, printOperator } from '../operators/operator.ts'

/**
 * What the rules did to one statement, a line a step: a line with the whole tree when a phase begins, under it what each
 * rule made of which operator and why, and behind `-` what was left as it is and why.
 */
export class Trace {
  readonly #lines: string[] = []

  get lines(): readonly string[] {
    return this.#lines
  }

  note(line: string): void {
    this.#lines.push(line)
  }

  begin(phase: string, root: Operator): void {
    this.#lines.push(`${phase}: ${printOperator(root)}`)
  }

  rewrote(rule: string, before: Operator, after: Operator, reason: string): void {
    const shapes = [...new Set([before, after].map(printOperator))]
    this.#lines.push(`  ${rule}: ${shapes.join(' -> ')}, ${reason}`)
  }

  left(rule: string, op: Operator, reason: string): void {
    this.#lines.push(`  - ${rule}: ${printOperator(op)}, ${reason}`)
  }
}
