import type { Bindings } from '../../engine/bindings.ts'
import type { Statement } from '../../sql/ast.ts'
import { type AnyNode, type Part, visit } from '../../sql/visit.ts'

/** Texts that only the statement's conditions hold, as literals or params: WHERE, HAVING, ON and LIMIT. */
export function conditionTexts(statement: Statement, bindings: Bindings): ReadonlySet<string> {
  const inConditions = new Set<AnyNode>()
  visit(statement, (node) => {
    for (const condition of conditionsOf(node))
      visit(condition, (inner) => {
        inConditions.add(inner)
        return undefined
      })
    return undefined
  })
  const found = new Set<string>()
  const elsewhere = new Set<string>()
  visit(statement, (node) => {
    const text = textOf(node, bindings)
    if (text !== undefined) (inConditions.has(node) ? found : elsewhere).add(text)
    return undefined
  })
  for (const text of elsewhere) found.delete(text)
  return found
}

function conditionsOf(node: AnyNode): readonly Part[] {
  switch (node.kind) {
    case 'Select':
      return [node.where, node.having]
    case 'Update':
    case 'Delete':
      return [node.where]
    case 'Join':
      return [node.on]
    case 'Limit':
      return [node.count, node.offset]
    default:
      return []
  }
}

function textOf(node: AnyNode, bindings: Bindings): string | undefined {
  if (node.kind === 'Param') return Buffer.from(bindings.paramValue(node.index).bytes).toString()
  if (node.kind !== 'Literal') return undefined
  return Buffer.from(node.type === 'String' ? node.text.slice(1, -1) : node.text, 'latin1').toString()
}
