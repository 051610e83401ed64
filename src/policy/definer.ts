import type { Denial } from '../plan/needs.ts'
import type { PassedOn } from './judge-tokens.ts'

const SET_ANY_DEFINER: Denial = { kind: 'Privilege', privileges: 'SUPER or SET_ANY_DEFINER' }

/** A program or view that runs as somebody else: DEFINER may only be CURRENT_USER, which is also what it is without. */
export function denialOfDefiner(text: PassedOn): Denial | undefined {
  for (let at = 0; at < text.length; at++) {
    if (text.bare(at) !== 'DEFINER' || text.word(at + 1) !== '=') continue
    if (text.bare(at + 2) !== 'CURRENT_USER') return SET_ANY_DEFINER
  }
  return undefined
}
