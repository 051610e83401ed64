import { isA, type Operator, type OperatorOf } from '../operators/operator.ts'
import type { PlanContext } from '../plan-context.ts'
import type { Refusal } from '../refusal.ts'

/** What a rule makes of a shape, and why; or why it leaves it. */
export type RuleResult = Rewrote | Unchanged | Refusal

interface Rewrote {
  readonly kind: 'rewrote'
  readonly op: Operator
  readonly reason: string
}

export interface Unchanged {
  readonly kind: 'unchanged'
  readonly reason: string
}

export function rewrote(op: Operator, reason: string): Rewrote {
  return { kind: 'rewrote', op, reason }
}

export function unchanged(reason: string): Unchanged {
  return { kind: 'unchanged', reason }
}

/** A rule for operators of one kind; pure. */
type RuleFor<Kind extends Operator['kind']> = (op: OperatorOf<Kind>, context: PlanContext) => RuleResult

/** A rule as a phase lists it. */
export interface Rule {
  readonly name: string
  readonly kind: Operator['kind']
  apply(op: Operator, context: PlanContext): RuleResult
}

/** Lists rules for one kind of operator, in the order in which they are tried: `...on('Limit', { pushLimit })`. */
export function on<Kind extends Operator['kind']>(
  kind: Kind,
  rules: Readonly<Record<string, RuleFor<Kind>>>,
): readonly Rule[] {
  return Object.entries(rules).map(([name, rule]) => ({
    name,
    kind,
    apply: (op, context) => (isA(op, kind) ? rule(op, context) : unchanged(`it is no ${kind}`)),
  }))
}
