/** The lists of TPC-H's specification, section 4.2.2.13, and of its grammar for texts, 4.2.2.14. */
const list = (text: string): readonly string[] => text.trim().split(/\s*,\s*|\s*\n\s*/)

export const REGIONS = list('AFRICA, AMERICA, ASIA, EUROPE, MIDDLE EAST')

/** Name and region of each nation, in order of their keys. */
export const NATIONS: readonly (readonly [name: string, region: number])[] = [
  ['ALGERIA', 0],
  ['ARGENTINA', 1],
  ['BRAZIL', 1],
  ['CANADA', 1],
  ['EGYPT', 4],
  ['ETHIOPIA', 0],
  ['FRANCE', 3],
  ['GERMANY', 3],
  ['INDIA', 2],
  ['INDONESIA', 2],
  ['IRAN', 4],
  ['IRAQ', 4],
  ['JAPAN', 2],
  ['JORDAN', 4],
  ['KENYA', 0],
  ['MOROCCO', 0],
  ['MOZAMBIQUE', 0],
  ['PERU', 1],
  ['CHINA', 2],
  ['ROMANIA', 3],
  ['SAUDI ARABIA', 4],
  ['VIETNAM', 2],
  ['RUSSIA', 3],
  ['UNITED KINGDOM', 3],
  ['UNITED STATES', 1],
]

export const SEGMENTS = list('AUTOMOBILE, BUILDING, FURNITURE, MACHINERY, HOUSEHOLD')
export const PRIORITIES = list('1-URGENT, 2-HIGH, 3-MEDIUM, 4-NOT SPECIFIED, 5-LOW')
export const INSTRUCTIONS = list('DELIVER IN PERSON, COLLECT COD, NONE, TAKE BACK RETURN')
export const MODES = list('REG AIR, AIR, RAIL, SHIP, TRUCK, MAIL, FOB')

const combined = (...lists: readonly (readonly string[])[]): readonly string[] =>
  lists.reduce((left, right) => left.flatMap((a) => right.map((b) => `${a} ${b}`)))

export const TYPES = combined(
  list('STANDARD, SMALL, MEDIUM, LARGE, ECONOMY, PROMO'),
  list('ANODIZED, BURNISHED, PLATED, POLISHED, BRUSHED'),
  list('TIN, NICKEL, BRASS, STEEL, COPPER'),
)
export const CONTAINERS = combined(
  list('SM, LG, MED, JUMBO, WRAP'),
  list('CASE, BOX, BAG, JAR, PKG, PACK, CAN, DRUM'),
)
export const COLOURS =
  list(`almond, antique, aquamarine, azure, beige, bisque, black, blanched, blue, blush, brown, burlywood,
  burnished, chartreuse, chiffon, chocolate, coral, cornflower, cornsilk, cream, cyan, dark, deep, dim, dodger, drab,
  firebrick, floral, forest, frosted, gainsboro, ghost, goldenrod, green, grey, honeydew, hot, indian, ivory, khaki, lace,
  lavender, lawn, lemon, light, lime, linen, magenta, maroon, medium, metallic, midnight, mint, misty, moccasin, navajo,
  navy, olive, orange, orchid, pale, papaya, peach, peru, pink, plum, powder, puff, purple, red, rose, rosy, royal, saddle,
  salmon, sandy, seashell, sienna, sky, slate, smoke, snow, spring, steel, tan, thistle, tomato, turquoise, violet, wheat,
  white, yellow`)

export const NOUNS =
  list(`foxes, ideas, theodolites, pinto beans, instructions, dependencies, excuses, platelets, asymptotes,
  courts, dolphins, multipliers, sauternes, warthogs, frets, dinos, attainments, somas, braids, hockey players, frays,
  warhorses, dugouts, notornis, epitaphs, pearls, tithes, waters, orbits, gifts, sheaves, depths, sentiments, decoys,
  realms, pains, grouches, escapades, requests, requests, requests, accounts, packages, deposits`)
export const VERBS =
  list(`sleep, wake, are, cajole, haggle, nag, use, boost, affix, detect, integrate, maintain, nod, was, lose,
  sublate, solve, thrash, promise, engage, hinder, print, x-ray, breach, eat, grow, impress, mold, poach, serve, run,
  dazzle, snooze, doze, unwind, kindle, play, hang, believe, doubt`)
export const ADJECTIVES =
  list(`furious, sly, careful, blithe, quick, fluffy, slow, quiet, ruthless, thin, close, dogged, daring,
  brave, stealthy, permanent, enticing, idle, busy, regular, final, ironic, even, bold, silent, special, pending, express,
  unusual`)
export const ADVERBS =
  list(`sometimes, always, never, furiously, slyly, carefully, blithely, quickly, fluffily, slowly, quietly,
  ruthlessly, thinly, closely, doggedly, daringly, bravely, stealthily, permanently, enticingly, idly, busily, regularly,
  finally, ironically, evenly, boldly, silently`)
