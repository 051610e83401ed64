import type { Expr, Piece } from '../ast.ts'
import { printTableName } from './print-clauses.ts'
import { printExpr } from './print-expr.ts'
import { printQuery } from './print-query.ts'
import type { Printer } from './printer.ts'

/** A piece of a statement that is passed on word for word: text, or a node in it. */
export function printPiece(out: Printer, piece: Piece): void {
  if (typeof piece === 'string') {
    out.text(piece)
    return
  }
  switch (piece.kind) {
    case 'TableName':
      printTableName(out, piece)
      break
    case 'Select':
    case 'SetOperation':
    case 'ValuesQuery':
    case 'TableQuery':
    case 'NestedQuery':
      printQuery(out, piece)
      break
    default:
      printExpr(out, piece satisfies Expr)
      break
  }
}

export function printPieceList(out: Printer, pieces: readonly Piece[]): void {
  for (const piece of pieces) printPiece(out, piece)
}
