import type { AggregateColumn } from '../../../plan/primitives.ts'
import type { AggregateCall, Expr } from '../../../sql/ast.ts'
import { sameTree } from '../../../sql/visit.ts'
import { isNumber } from '../../../values/value.ts'
import type { BoundSelect } from '../../binding/bound.ts'
import { type Digits, digitsOf } from '../../binding/digits.ts'
import { isPlainExpr } from '../../binding/expr-type.ts'
import { hasFloatingType } from '../../binding/floating-type.ts'
import { holdsVindex } from '../../binding/holds-vindex.ts'
import { knownColumn } from '../../binding/live-column.ts'
import { isQuiet } from '../../binding/quiet.ts'
import { makeAggregate } from '../../make-node.ts'
import type { MergedAggregate, MergedGroups } from '../../operators/aggregate.ts'
import type { MergeKey, SelectList, ShownColumn } from '../../operators/select-list.ts'
import { isRefusal, type Refusal, refused } from '../../refusal.ts'
import { ColumnPicker, numericAggregates } from './column-picker.ts'

type Merged = AggregateColumn<ShownColumn>

/** Groups of several shards while it is found out what shards must show of them. */
export class GroupDraft {
  readonly columns: ColumnPicker
  readonly #block: BoundSelect
  #keys: readonly MergeKey[]
  readonly #aggregates: MergedAggregate[]
  #distinct: MergeKey | undefined
  #isDistinctOnShards: boolean

  constructor(block: BoundSelect, list: SelectList, groups?: MergedGroups) {
    const { keys = [], distinct } = groups ?? {}
    const groupedBy = distinct === undefined ? keys : [...keys, distinct]
    this.columns = new ColumnPicker(
      list,
      block.scope,
      groupedBy.map(({ expr }) => expr),
    )
    this.#block = block
    this.#keys = groups?.keys ?? []
    this.#aggregates = [...(groups?.aggregates ?? [])]
    this.#distinct = groups?.distinct
    this.#isDistinctOnShards = groups?.isDistinctOnShards ?? false
  }

  get groups(): MergedGroups {
    return {
      keys: this.#keys,
      aggregates: [...this.#aggregates],
      isDistinctOnShards: this.#isDistinctOnShards,
      ...(this.#distinct === undefined ? {} : { distinct: this.#distinct }),
    }
  }

  get keys(): readonly MergeKey[] {
    return this.#keys
  }

  /** The keys, in the order in which groups are to come. */
  set keys(keys: readonly MergeKey[]) {
    this.#keys = keys
  }

  /** The column that holds the aggregate of whole groups. */
  pick(call: AggregateCall): ShownColumn | Refusal {
    const known = this.#aggregates.find((aggregate) => sameTree(aggregate.call, call))
    if (known !== undefined) return known.column.column
    const column = this.columns.pick(call)
    if (isRefusal(column)) return column
    return this.add(call, column) ?? column
  }

  /** Puts the shards' parts of an aggregate together in `column`, which shows it. */
  add(call: AggregateCall, column: ShownColumn): Refusal | undefined {
    const merged = this.#merge(call, column)
    if (isRefusal(merged)) return merged
    this.#aggregates.push({ call, column: merged })
    return undefined
  }

  #merge(call: AggregateCall, column: ShownColumn): Merged | Refusal {
    const { name, args } = call
    const isDistinct = call.quantifier === 'DISTINCT'
    if (isDistinct && name !== 'min' && name !== 'max') return this.#mergeDistinct(call, column)
    switch (name) {
      case 'count':
        return { kind: 'Count', column }
      case 'sum':
        return hidesDigits(digitsOf(args[0], this.#block.scope)) ?? { kind: 'Sum', column }
      case 'avg':
        return this.#average(args, column, undefined)
      case 'min':
        return this.#extreme('Min', call, column)
      case 'max':
        return this.#extreme('Max', call, column)
      default:
        return refused(`${call.written.toUpperCase()}() over several shards`)
    }
  }

  #average(args: readonly Expr[], column: ShownColumn, quantifier: 'DISTINCT' | undefined): Merged | Refusal {
    const { scope } = this.#block
    const problem = problemOfAverage(args[0], digitsOf(args[0], scope), isQuiet(args[0], scope))
    if (problem !== undefined) return problem
    const sum = this.columns.hide(makeAggregate('SUM', args, quantifier))
    const count = this.columns.hide(makeAggregate('COUNT', args, quantifier))
    return { kind: 'Avg', column, sum, count }
  }

  #extreme(kind: 'Min' | 'Max', call: AggregateCall, column: ShownColumn): Merged | Refusal {
    if (this.isPlainNumber(call)) return { kind, column }
    // Where groups of distinct values are made, a server's temporary table has a BLOB for it.
    if (call.args.some(hasFloatingType))
      return refused(`${call.written.toUpperCase()}() of a ? over several shards`)
    const key = this.columns.sortKey(call, false)
    if (isRefusal(key)) return key
    const { weight, pad } = key
    return { kind, column, ...(weight && { weight }), ...(pad && { pad }) }
  }

  /** Known to give numbers; of MIN and MAX their argument tells. */
  isPlainNumber({ name, args }: AggregateCall): boolean {
    if (numericAggregates.has(name)) return true
    if (args.length === 1 && isPlainExpr(args[0])) return true
    const type = args.length === 1 ? knownColumn(args[0], this.#block.scope)?.type : undefined
    return type !== undefined && isNumber(type)
  }

  // ------------------------------------------------------------------------------------------ DISTINCT

  /** Values that are on one shard each are counted there; others are sent, sorted, and counted above. */
  #mergeDistinct(call: AggregateCall, column: ShownColumn): Merged | Refusal {
    const { name, args, written } = call
    const kind = distinctKinds.get(name)
    if (kind === undefined) return refused(`${written.toUpperCase()}(DISTINCT) over several shards`)
    const { scope, rows, level } = this.#block
    if (holdsVindex(args, scope, rows, level)) {
      this.#isDistinctOnShards = true
      if (kind === 'AvgDistinct') return this.#average(args, column, 'DISTINCT')
      return { kind: kind === 'CountDistinct' ? 'Count' : 'Sum', column }
    }
    const problem = kind === 'CountDistinct' ? undefined : problemOfDistinct(digitsOf(args[0], scope))
    const value = problem ?? this.#distinctKey(args)
    return isRefusal(value) ? value : { kind, column, value }
  }

  #distinctKey(args: readonly Expr[]): MergeKey | Refusal {
    const [arg] = args
    if (args.length !== 1)
      return refused('DISTINCT of several expressions in an aggregate over several shards')
    if (this.#distinct !== undefined && !sameTree(this.#distinct.expr, arg))
      return refused('aggregates of different DISTINCT expressions over several shards')
    if (!isQuiet(arg, this.#block.scope))
      return refused('an aggregate of distinct values that may warn, over several shards')
    if (this.#distinct === undefined) this.columns.groupBy(arg)
    const key = this.#distinct ?? this.columns.sortKey(arg, false)
    if (!isRefusal(key)) this.#distinct = key
    return key
  }
}

export function hidesDigits({ kind }: Digits): Refusal | undefined {
  return kind === 'hidden'
    ? refused('a sum of what has more digits than it shows, over several shards')
    : undefined
}

/** So many digits behind the point, and the four that AVG adds, are fewer than a word of nine, to which it divides at least. */
const MIXED_DIGITS_MAX = 4

/** Sum and count are asked for beside it, and the quotient is to have the same digits. */
export function problemOfAverage(arg: Expr, digits: Digits, quiet: boolean): Refusal | undefined {
  if (hasFloatingType(arg)) return refused('AVG() of a ? over several shards')
  if (digits.kind === 'text') return refused('AVG() of text over several shards')
  if (digits.kind === 'mixed' && digits.scale > MIXED_DIGITS_MAX)
    return refused('AVG() of what has more digits in some rows than in others, over several shards')
  return hidesDigits(digits) ?? (quiet ? undefined : refused('AVG() of what may warn, over several shards'))
}

export function problemOfDistinct(digits: Digits): Refusal | undefined {
  if (digits.kind === 'text') return refused('a sum of distinct texts over several shards')
  return hidesDigits(digits)
}

const distinctKinds: ReadonlyMap<string, 'CountDistinct' | 'SumDistinct' | 'AvgDistinct'> = new Map([
  ['count', 'CountDistinct'],
  ['sum', 'SumDistinct'],
  ['avg', 'AvgDistinct'],
])
