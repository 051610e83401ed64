/**
 * The tree of a statement: closed unions on `kind`, readonly, each node with its byte range. Names are Unicode
 * strings; literals keep their source bytes. Everything that MySQL's parser sees is in the tree, down to the
 * spelling of optional words, so that printing it gives the same statement (the same STATEMENT_DIGEST).
 */
export type * from './ast/expr.ts'
export type * from './ast/node.ts'
export type * from './ast/query.ts'
export type * from './ast/statement.ts'
