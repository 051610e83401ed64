import { mapInputs, type Operator, printOperator } from '../operators/operator.ts'
import type { PlanContext } from '../plan-context.ts'
import type { Rule } from './rule.ts'
import type { Trace } from './trace.ts'

/** Rules that run together to a fixed point. */
export interface Phase {
  readonly name: string
  readonly rulesOf: ReadonlyMap<Operator['kind'], readonly Rule[]>
}

export function phase(name: string, rules: readonly Rule[]): Phase {
  const rulesOf = new Map<Operator['kind'], readonly Rule[]>()
  for (const rule of rules) rulesOf.set(rule.kind, [...(rulesOf.get(rule.kind) ?? []), rule])
  return { name, rulesOf }
}

/** A tree at which no rule of the last phase has anything left to do. */
export interface Rewritten {
  readonly root: Operator
  /** What error 1235 names, of the operators that stay where they are because several shards cannot do them. */
  readonly refusals: ReadonlyMap<Operator, string>
}

/**
 * A pass goes from the leaves upwards and stays at an operator until no rule applies to it, so that one pass does all
 * there is to do and a second one finds nothing. A third means that a rule undoes what another does.
 */
const PASSES_MAX = 3

/**
 * Rewritings at one operator: each puts something under a route, makes one route of two, or settles something, so that
 * there are hardly more than the 61 tables that MySQL joins.
 */
const STEPS_MAX = 200

/** Runs the phases one after the other; what is under a route is left alone. */
export function runPhases(
  phases: readonly Phase[],
  start: Operator,
  context: PlanContext,
  trace?: Trace,
): Rewritten {
  let root = start
  let refusals: ReadonlyMap<Operator, string> = new Map()
  for (const phase of phases) {
    trace?.begin(phase.name, root)
    const done = new PhaseRun(phase, context, trace).run(root)
    root = done.root
    refusals = done.refusals
  }
  trace?.begin('finish', root)
  return { root, refusals }
}

class PhaseRun {
  readonly #phase: Phase
  readonly #context: PlanContext
  readonly #trace: Trace | undefined
  /** Of the pass that is under way. */
  #refusals = new Map<Operator, string>()
  #left: (() => void)[] = []

  constructor(phase: Phase, context: PlanContext, trace: Trace | undefined) {
    this.#phase = phase
    this.#context = context
    this.#trace = trace
  }

  run(start: Operator): Rewritten {
    let root = start
    for (let pass = 1; ; pass++) {
      if (pass > PASSES_MAX) this.#fail('rules undo each other', root)
      this.#refusals = new Map()
      this.#left = []
      const rewritten = this.#pass(root)
      if (rewritten === root) break
      root = rewritten
    }
    for (const note of this.#left) note()
    return { root, refusals: this.#refusals }
  }

  #pass(before: Operator): Operator {
    let op = before.kind === 'Route' ? before : mapInputs(before, (input) => this.#pass(input))
    for (let step = 1; ; step++) {
      if (step > STEPS_MAX) this.#fail('rules do not end', op)
      const rewritten = this.#step(op)
      if (rewritten === undefined) return op
      op = rewritten
    }
  }

  /** With what has been done, if somebody has asked for that. */
  #fail(problem: string, op: Operator): never {
    const lines = this.#trace?.lines ?? [printOperator(op)]
    throw new Error(`assertion failed: ${[problem, ...lines].join('\n')}`)
  }

  /** What the first rule that applies makes of the operator; undefined when none does. */
  #step(op: Operator): Operator | undefined {
    for (const rule of this.#phase.rulesOf.get(op.kind) ?? []) {
      const result = rule.apply(op, this.#context)
      if (result.kind === 'rewrote') {
        this.#trace?.rewrote(rule.name, op, result.op, result.reason)
        return result.op
      }
      const reason = result.kind === 'refused' ? result.construct : result.reason
      if (result.kind === 'refused' && !this.#refusals.has(op)) this.#refusals.set(op, reason)
      const trace = this.#trace
      if (trace !== undefined && op.kind !== 'Route') this.#left.push(() => trace.left(rule.name, op, reason))
    }
    return undefined
  }
}
