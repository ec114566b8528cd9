import { compileHeaderGlob } from './header-glob.ts'
import { splitPathGlob } from './path-glob.ts'

/**
 * Whether every path that fits `inner` fits `outer` too. Both are path patterns as they are written; of two that are
 * no patterns it says no, and never yes where a path could tell them apart.
 */
export function pathGlobCovers(outer: string, inner: string): boolean {
  const tokens = tokensOf(outer)
  const others = tokensOf(inner)
  return tokens !== null && others !== null && segmentsCover(tokens, others)
}

/** The same for values and header patterns. Letter case does not matter, in ASCII. */
export function headerGlobCovers(outer: string, inner: string): boolean {
  if (compileHeaderGlob(outer) === undefined || compileHeaderGlob(inner) === undefined) return false
  return runCovers(foldCase(outer.trim()), foldCase(inner.trim()))
}

/** Any number of segments, also none; and at least one, at the end. No text of a pattern looks like these. */
const ANY = Symbol('**')
const BELOW = Symbol('/*')

type Token = string | typeof ANY | typeof BELOW

function tokensOf(glob: string): readonly Token[] | null {
  const split = splitPathGlob(glob)
  if (split === null) return null
  const tokens: Token[] = split.segments.map((segment) => (segment === '**' ? ANY : segment))
  return split.below ? [...tokens, BELOW] : tokens
}

function segmentsCover(outer: readonly Token[], inner: readonly Token[]): boolean {
  const [first, ...rest] = outer
  if (first === undefined) return inner.length === 0
  // What `inner` has left must be a segment at least.
  if (first === BELOW) return inner.some((token) => token !== ANY)
  const [other, ...others] = inner
  if (first === ANY) return segmentsCover(rest, inner) || (other !== undefined && segmentsCover(outer, others))
  return typeof other === 'string' && runCovers(first, other) && segmentsCover(rest, others)
}

/** A star of `inner` stands for text that nobody knows: only a star of `outer` can take it, and a star takes anything. */
function runCovers(outer: string, inner: string): boolean {
  const [head, ...pieces] = outer.replace(/\*+/g, '*').split('*')
  const last = pieces.pop()
  if (last === undefined) return outer === inner
  if (!inner.startsWith(head!) || !inner.endsWith(last)) return false
  let from = head!.length
  for (const piece of pieces) {
    const at = inner.indexOf(piece, from)
    if (at === -1) return false
    from = at + piece.length
  }
  return from <= inner.length - last.length
}

/** Expressions with the flag i fold more than ASCII, but in ways of their own. */
function foldCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
