/** Names on the way to an object: more are no path of a site. */
export const MAX_SEGMENTS = 64

/**
 * The names in a path (no query), percent-decoded; empty ones are left out, as gateways do. Null where no directory
 * could have such a name: malformed escapes, a slash or NUL within one, dot segments.
 */
export function pathSegments(path: string): string[] | null {
  const segments: string[] = []
  for (const part of path.split('/')) {
    if (part === '') continue
    const name = decoded(part)
    if (name === null || name === '.' || name === '..' || /[/\0]/.test(name)) return null
    segments.push(name)
  }
  return segments
}

/** A path as a URL has it. It always begins with one slash, so that no host can be read into it. */
export function encodePath(segments: readonly string[]): string {
  return `/${segments.map(encodeURIComponent).join('/')}`
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part)
  } catch {
    return null
  }
}
