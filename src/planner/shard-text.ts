import type { QueryPiece, QueryTemplate, QueryText } from '../plan/text.ts'
import type {
  ColumnName,
  Expr,
  FunctionCall,
  OrderItem,
  SelectExpr,
  Star,
  Statement,
  SystemVariable,
  TableLock,
  TableName,
  TableRef,
} from '../sql/ast.ts'
import { columnName } from '../sql/column-name.ts'
import { type Printable, print, printPieces } from '../sql/print.ts'
import { decodeBinary } from '../sql/text.ts'
import { type AnyNode, type Part, rewrite, someNode } from '../sql/visit.ts'
import { isSystemSchema } from '../vschema/system-schemas.ts'
import { findTable } from './binding/find-table.ts'
import { type NamedTables, namedTables, type WrittenByRule, writtenByRule } from './binding/named-tables.ts'
import { unplanned } from './binding/unplanned.ts'
import { cteReferences } from './cte-references.ts'
import { withoutHidingCtes } from './cte-renaming.ts'
import { makeCall, makeCast, makeHole, makeIn, makeNull, makeRow, makeTrue } from './make-node.ts'
import type { PlanContext } from './plan-context.ts'
import { isOfServers, sessionFunctions, sessionIntegers, variableOfSession } from './session-names.ts'

/**
 * Makes of a statement what shards are to see: names as the shard's database has them, and holes for what only the
 * session knows. A hole is a param with a negative number until it is printed.
 */
export class ShardText {
  readonly #context: PlanContext
  readonly #holes: QueryPiece[] = []
  /** DATABASE() is left to the shard. */
  #keepsDatabase = false
  /** The tables that the statement names beside its queries. */
  #named: NamedTables = new Map()
  /** What is looked at is shown to the client, who is told its type. */
  #isShown = false
  #written: WrittenByRule | undefined

  constructor(context: PlanContext) {
    this.#context = context
    for (let column = 0; column < (context.pulledOut ?? 0); column++) this.#holes.push({ rows: [column] })
  }

  /** A place in the tree that prints as `piece`. */
  hole(piece: QueryPiece): Expr {
    return makeHole(-this.#holes.push(piece))
  }

  /** The statement as a shard sees it, unchanged where possible. */
  ofStatement(statement: Statement): QueryText {
    const rewritten = this.#rewrite(statement)
    return rewritten === statement && this.#context.isChanged !== true
      ? { kind: 'Verbatim' }
      : { kind: 'Template', template: this.#print(rewritten) }
  }

  /** A statement that the planner has put together, or a part of one. */
  ofTree(node: Printable): QueryText & { readonly kind: 'Template' } {
    return { kind: 'Template', template: this.templateOf(node) }
  }

  templateOf(node: Printable): QueryTemplate {
    return this.#print(this.#rewrite(node))
  }

  #print(node: Printable): QueryTemplate {
    return this.#pieces(
      rewrite(node, (inner) => (inner.kind === 'SelectExpr' ? this.#itemNamed(inner) : undefined)),
    )
  }

  /**
   * MySQL names a column without alias after its text, blanks and comments and all; printed anew it would get another name.
   * The key of a plan keeps those of select items, so that the name holds for every text of the plan.
   */
  #itemNamed(item: SelectExpr): SelectExpr | undefined {
    const { source } = this.#context
    const { expr, span } = item
    if (source === undefined || item.alias !== undefined || span.end === span.start) return undefined
    if (namesItself(expr)) return undefined
    const { serverVersion = 0, sqlMode = 0 } = this.#context
    const name = columnName(source, span, { serverVersion, sqlMode })
    const printed = this.#print(expr)
    // The item itself: nothing below it would change either, and looking there twice doubles the work a level.
    if (JSON.stringify(printed) === JSON.stringify(name)) return item
    return { ...item, expr: this.hole({ item: printed, name }) }
  }

  #pieces(node: Printable): QueryTemplate {
    return printPieces(node, this.#context.sqlMode ?? 0).map((piece) =>
      typeof piece !== 'string' && 'param' in piece && piece.param < 0
        ? this.#holes[-piece.param - 1]
        : piece,
    )
  }

  #rewrite<T extends Part>(root: T): T {
    const ctes = cteReferences(root)
    this.#keepsDatabase = this.#asksShardAboutItself(root)
    if (root !== undefined && 'kind' in root && this.#context.shard === undefined) {
      this.#named = namedTables(root, this.#context)
      this.#written = writtenByRule(root, this.#context)
    }
    const replace = (node: AnyNode): AnyNode | undefined => {
      switch (node.kind) {
        case 'SelectExpr':
          return this.#item(node, replace)
        case 'OrderItem':
          return this.#sortKey(node, replace)
        case 'Table':
          return this.#withoutVindexHints(this.#table(node, ctes) ?? node, node)
        case 'TableName':
          return this.#tableName(node)
        case 'TableLock':
          return this.#lock(node)
        case 'Column':
        case 'Star':
          return this.#column(node)
        case 'SystemVariable':
          return this.#systemVariable(node)
        case 'Function':
          return this.#function(node, replace)
        default:
          return undefined
      }
    }
    const rewritten = rewrite(root, replace)
    return rewritten === root ? root : withoutHidingCtes(rewritten, ctes)
  }

  /** What the session knows is a value, not the number of a column that is sorted or grouped by. */
  #sortKey(item: OrderItem, replace: (node: AnyNode) => AnyNode | undefined): OrderItem {
    const expr = rewrite(item.expr, replace)
    // The item itself: what is below has been looked at.
    if (expr === item.expr) return item
    return { ...item, expr: isHole(expr) ? makeCall('IF', makeTrue(), expr, makeNull()) : expr }
  }

  /** An item keeps the name that the client's text gives it. */
  #item(item: SelectExpr, replace: (node: AnyNode) => AnyNode | undefined): SelectExpr {
    const isShown = this.#isShown
    this.#isShown = true
    const expr = rewrite(item.expr, replace)
    this.#isShown = isShown
    if (expr === item.expr) return item
    if (item.alias !== undefined || this.#context.source !== undefined) return { ...item, expr }
    if (!hasHole(expr) || hasSlot(item.expr)) return { ...item, expr }
    const name = decodeBinary(print(item.expr, this.#context.sqlMode ?? 0))
    return { ...item, expr, alias: { kind: 'Alias', name, as: true, span: item.span } }
  }

  /**
   * `table_schema = DATABASE()` of information_schema, on shards whose database has another name than the keyspace:
   * there the shard's own answer is the one that finds its tables.
   */
  #asksShardAboutItself(root: Part): boolean {
    const { defaultKeyspace, databaseName } = this.#context
    if (defaultKeyspace === undefined || databaseName(defaultKeyspace) === defaultKeyspace) return false
    return someNode(
      root,
      (node) => node.kind === 'Table' && isSystemSchema(node.name.qualifier ?? defaultKeyspace),
    )
  }

  /** They are for the planner (binding/vindex-hints.ts): no server knows them. */
  #withoutVindexHints(table: TableRef, written: TableRef): TableRef | undefined {
    const { indexHints, ...rest } = table
    const hints = indexHints?.filter(({ keyword }) => keyword !== 'VINDEX')
    if (hints?.length === indexHints?.length) return table === written ? undefined : table
    return hints === undefined || hints.length === 0 ? rest : { ...rest, indexHints: hints }
  }

  #table(node: TableRef, ctes: ReadonlySet<TableName>): TableRef | undefined {
    const { name } = node
    if (ctes.has(name)) return undefined
    if (isSystemSchema(name.qualifier ?? this.#context.defaultKeyspace)) return undefined
    if (this.#context.shard !== undefined) {
      const unqualified = this.#tableName(name)
      return unqualified === undefined ? undefined : { ...node, name: unqualified }
    }
    const table = findTable(name, this.#context)
    if (table.name === name.name) {
      const unqualified = this.#tableName(name, table.keyspace)
      return unqualified === undefined ? undefined : { ...node, name: unqualified }
    }
    if (node === this.#written?.node) return { ...node, name: { ...name, name: table.name } }
    const alias = node.alias ?? { kind: 'Alias', name: name.name, as: true, span: name.span }
    return { ...node, name: { kind: 'TableName', name: table.name, span: name.span }, alias }
  }

  /** A lock holds for the alias under which queries name the table. */
  #lock(node: TableLock): TableLock | undefined {
    const table = this.#tableName(node.table)
    if (table === undefined) return undefined
    if (table.name === node.table.name || node.alias !== undefined) return { ...node, table }
    return {
      ...node,
      table,
      alias: { kind: 'Alias', name: node.table.name, as: true, span: node.table.span },
    }
  }

  /** `keyspace`: where the table is, of which the text may say another one. */
  #tableName(node: TableName, keyspace = this.#named.get(node)?.keyspace): TableName | undefined {
    const { qualifier: _, ...unqualified } = node
    const { name = node.name } = this.#named.get(node) ?? {}
    if (name !== node.name) return { ...unqualified, name }
    if (node.qualifier === undefined) return undefined
    if (keyspace !== undefined && keyspace !== node.qualifier) return unqualified
    if (this.#stays(node.qualifier)) return undefined
    const { shard, defaultKeyspace, vschema } = this.#context
    if (shard === undefined || node.qualifier === defaultKeyspace) return unqualified
    if (!vschema.keyspaces.has(node.qualifier)) return undefined
    return unplanned(
      `a table of keyspace '${node.qualifier}' in a session at a shard of '${defaultKeyspace}'`,
    )
  }

  #column<T extends ColumnName | Star>(node: T): T | undefined {
    const [schema, table] = node.qualifiers
    if (this.#written !== undefined && node.qualifiers.at(-1) === this.#written.from)
      return { ...node, qualifiers: [this.#written.to] }
    if (table === undefined || (this.#stays(schema) && !this.#isElsewhere(schema, table))) return undefined
    // A name that is no keyspace's is the servers' to refuse.
    if (!this.#context.vschema.keyspaces.has(schema)) return undefined
    return { ...node, qualifiers: [table] }
  }

  /** A table that the text says to be in one keyspace is in another one: by a rule, or because no VSchema names it. */
  #isElsewhere(keyspace: string, name: string): boolean {
    if (this.#context.shard !== undefined || isSystemSchema(keyspace)) return false
    const found = this.#context.vschema.findTable(keyspace, name, this.#context.tabletType)
    return found.kind === 'found' && found.table.keyspace !== keyspace
  }

  #stays(qualifier: string): boolean {
    if (isSystemSchema(qualifier)) return true
    return (
      this.#context.vschema.keyspaces.has(qualifier) && this.#context.databaseName(qualifier) === qualifier
    )
  }

  #systemVariable(node: SystemVariable): Expr | undefined {
    const name = variableOfSession(node)
    return name === undefined ? undefined : this.#sessionValue(name, isOfServers(node) ? node : undefined)
  }

  /** `asked`: what stands in the text, where a server knows it: its own value does not matter, but its type does. */
  #sessionValue(name: string, asked: Expr | undefined): Expr {
    const hole = this.hole({ session: name })
    const type = sessionIntegers.get(name)
    const value = type === undefined ? hole : makeCast(hole, type)
    return this.#isShown && asked !== undefined ? makeCall('IF', makeTrue(), value, asked) : value
  }

  #function(node: FunctionCall, replace: (node: AnyNode) => AnyNode | undefined): Expr | undefined {
    if (node.qualifier !== undefined) return this.#stored(node, node.qualifier, replace)
    if (node.name === 'is_used_lock' && node.args.length === 1) return this.#lockHolder(node, replace)
    if (node.args.length > 0) return undefined
    const name = sessionFunctions.get(node.name)
    if (name === undefined || (name === 'database' && this.#keepsDatabase)) return undefined
    return this.#sessionValue(name, node)
  }

  /** A server tells its own number of the connection that has the lock: for that of the session itself stands the session's. */
  #lockHolder(node: FunctionCall, replace: (node: AnyNode) => AnyNode | undefined): Expr {
    const holder = { ...node, args: node.args.map((arg) => rewrite(arg, replace)) }
    const isOwn = makeIn(holder, makeRow([makeCall('CONNECTION_ID')]))
    return makeCall('IF', isOwn, this.#sessionValue('connection_id', undefined), holder)
  }

  /** By its database, for without one it may be MySQL's own. Where shards have several, they refuse it. */
  #stored(
    node: FunctionCall,
    keyspace: string,
    replace: (node: AnyNode) => AnyNode | undefined,
  ): Expr | undefined {
    const { vschema, databaseName, routineDatabase = databaseName } = this.#context
    const database = vschema.keyspaces.has(keyspace) ? routineDatabase(keyspace) : undefined
    if (database === undefined || database === keyspace) return undefined
    return { ...node, qualifier: database, args: node.args.map((arg) => rewrite(arg, replace)) }
  }
}

/** Its own name or text is the column's name; a plus sign before it is nothing. */
function namesItself(expr: Expr): boolean {
  if (expr.kind === 'Unary' && expr.op === '+') return namesItself(expr.operand)
  return expr.kind === 'Column' || expr.kind === 'Literal' || expr.kind === 'Introduced'
}

function hasHole(expr: Expr): boolean {
  return someNode(expr, isHole)
}

function isHole(node: AnyNode): boolean {
  return node.kind === 'Param' && node.index < 0
}

function hasSlot(expr: Expr): boolean {
  return someNode(expr, (node) => 'slot' in node || node.kind === 'Param')
}
