import { compileHeaderGlob } from './header-glob.ts'
import { splitPathGlob } from './path-glob.ts'

/** A path pattern, read for comparing it; null for what is none. */
export type PathGlob = readonly Token[] | null

/** A header pattern, in lower case; null for what is none. */
export type HeaderGlob = string | null

/** Reading takes far longer than comparing: of many patterns each is to be read once. */
export function readPathGlob(glob: string): PathGlob {
  const split = splitPathGlob(glob)
  if (split === null) return null
  const tokens: Token[] = split.segments.map((segment) => (segment === '**' ? ANY : segment))
  return split.below ? [...tokens, BELOW] : tokens
}

export function readHeaderGlob(glob: string): HeaderGlob {
  return compileHeaderGlob(glob) === undefined ? null : foldCase(glob.trim())
}

/**
 * Whether every path that fits `inner` fits `outer` too. Of two that are no patterns it says no, and never yes where a
 * path could tell them apart.
 */
export function pathGlobCovers(outer: PathGlob, inner: PathGlob): boolean {
  return outer !== null && inner !== null && segmentsCover(outer, inner, 0, 0)
}

/** The same for values and header patterns. Letter case does not matter, in ASCII. */
export function headerGlobCovers(outer: HeaderGlob, inner: HeaderGlob): boolean {
  return outer !== null && inner !== null && runCovers(outer, inner)
}

/** Any number of segments, also none; and at least one, at the end. No text of a pattern looks like these. */
const ANY = Symbol('**')
const BELOW = Symbol('/*')

type Token = string | typeof ANY | typeof BELOW

/** Of what the patterns have from these tokens on. */
function segmentsCover(outer: readonly Token[], inner: readonly Token[], at: number, from: number): boolean {
  if (at === outer.length) return from === inner.length
  const first = outer[at]!
  // What `inner` has left must be a segment at least.
  if (first === BELOW) return inner.some((token, index) => index >= from && token !== ANY)
  if (first === ANY) {
    return (
      segmentsCover(outer, inner, at + 1, from) || (from < inner.length && segmentsCover(outer, inner, at, from + 1))
    )
  }
  const other = inner[from]
  return typeof other === 'string' && runCovers(first, other) && segmentsCover(outer, inner, at + 1, from + 1)
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
