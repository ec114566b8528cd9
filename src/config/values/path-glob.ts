import { canonicalPath } from '../../http/target.ts'
import { type Refusal, refuse } from './refusal.ts'

const LONGEST = 512

/**
 * Compiles a path pattern to an anchored expression. `*` is a run of characters within a segment, `**` as a whole
 * segment is any number of segments, and a last segment of `*` or `**` is everything below. At most one `**` may stand
 * before the last segment, and every `*` but the last of a segment is committed to its first match, so a look-up takes
 * time in proportion to the path, whatever a client sends.
 */
export function compilePathGlob(input: unknown): RegExp | Refusal | undefined {
  if (typeof input !== 'string' || input.length > LONGEST || !input.startsWith('/')) return undefined
  if (/[?#\s]/.test(input)) return refuse('a path pattern has no spaces, query or fragment')
  const { segments, below } = split(input)
  if (segments.some((segment) => segment.includes('**') && segment !== '**')) {
    return refuse('"**" stands for whole segments: write it between slashes')
  }
  if (segments.filter((segment) => segment === '**').length > 1) {
    return refuse('a path pattern has at most one "**" before its last segment')
  }
  const state = { groups: 0 }
  const source = segments.map((segment) =>
    segment === '**' ? '(?:/[^/]*)*?' : `/${compileRun(segment, '[^/]', state)}`,
  )
  return new RegExp(`^${source.join('')}${below ? '/.*' : ''}$`, 's')
}

/** The segments of a pattern, the last one aside where it means everything `below`; null: this is no path pattern. */
export function splitPathGlob(glob: string): { readonly segments: readonly string[]; readonly below: boolean } | null {
  return compilePathGlob(glob) instanceof RegExp ? split(glob) : null
}

function split(glob: string) {
  const segments = canonicalPath(glob).slice(1).split('/')
  const below = /^\*\*?$/.test(segments.at(-1)!)
  if (below) segments.pop()
  return { segments, below }
}

/**
 * The expression for text with `*`, each a run of `characters`. A star followed by another one takes the first place
 * where the text between them fits and never another: JavaScript's way to say so is a lookahead and a reference to it.
 */
export function compileRun(glob: string, characters: string, state: { groups: number }): string {
  const [head, ...rest] = glob.replace(/\*+/g, '*').split('*').map(escapeLiteral)
  const pieces = rest.map((piece, index) => {
    if (index === rest.length - 1) return `${characters}*${piece}`
    state.groups++
    return `(?=(${characters}*?${piece}))\\${state.groups}`
  })
  return `${head}${pieces.join('')}`
}

function escapeLiteral(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
