import { posix } from 'node:path'

/** One `import … from`, `export … from`, bare `import` or `import()` of a source file. */
export interface ImportEdge {
  /** As written for packages; from the repository's root (`src/geo/place.ts`) for files. */
  readonly target: string
  readonly kind: 'file' | 'package' | 'node'
  readonly typeOnly: boolean
  /** An `import()`: loaded when the program comes to it. */
  readonly lazy: boolean
  /** The names that are taken; `*` for a namespace, a default or a side effect. */
  readonly names: readonly string[]
  readonly line: number
}

export interface SourceFile {
  readonly path: string
  readonly text: string
  /** `text` with the insides of comments, strings and regular expressions blanked: the same length, the same lines. */
  readonly code: string
  readonly imports: readonly ImportEdge[]
}

const IMPORT =
  /\b(?:import|export)\s+(type\s+)?((?:\*\s*as\s+\w+|\*|\w+)?\s*,?\s*(?:\{[^}]*\})?)\s*from\s*(?=')|\bimport\s*(?=')|\bimport\(\s*(?=')/g

/** Reads one file's text. Good enough for formatted sources: strings in single quotes, one space where one belongs. */
export function sourceFile(path: string, text: string): SourceFile {
  const code = blank(text)
  const imports = [...code.matchAll(IMPORT)].map((match) => {
    const start = match.index + match[0].length + 1
    const specifier = text.slice(start, text.indexOf("'", start))
    const lazy = match[0].startsWith('import(')
    return { ...resolve(path, specifier), ...clause(match), lazy, line: lineAt(code, match.index) }
  })
  return { path, text, code, imports }
}

/** The line of a position, from 1. */
export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length
}

function resolve(path: string, specifier: string): Pick<ImportEdge, 'target' | 'kind'> {
  if (specifier.startsWith('.')) return { target: posix.join(posix.dirname(path), specifier), kind: 'file' }
  if (specifier.startsWith('node:')) return { target: specifier, kind: 'node' }
  const parts = specifier.split('/')
  return { target: parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/'), kind: 'package' }
}

function clause(match: RegExpExecArray): Pick<ImportEdge, 'typeOnly' | 'names'> {
  const list = /\{([^}]*)\}/.exec(match[2] ?? '')?.[1]
  if (list === undefined) return { typeOnly: match[1] !== undefined, names: ['*'] }
  const entries = list
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  const whole = /^\s*[\w*]/.test(match[2] ?? '')
  const typeOnly = match[1] !== undefined || (!whole && entries.every((entry) => entry.startsWith('type ')))
  return { typeOnly, names: entries.map((entry) => entry.replace(/^type /, '').replace(/ as .*/, '')) }
}

/** `${…}` in a template, with one level of braces or of templates in it. */
const PLACEHOLDER = String.raw`\$\{(?:[^{}\x60]|\x60[^\x60]*\x60|\{[^{}]*\})*\}`
/** What is no code, by what it is: comments, strings, templates, regular expressions where an operand may stand. */
const OPAQUE = [
  String.raw`\/\/[^\n]*|\/\*[\s\S]*?\*\/`,
  String.raw`'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"`,
  String.raw`\x60(?:\\.|${PLACEHOLDER}|[^\x60\\])*\x60`,
  String.raw`(?<=(?:^|[=(,:;!&|?{}[+\n]|=>|\breturn)[ \t]*)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/`,
]

function blank(text: string): string {
  const spaces = (part: string) => part.replace(/[^\n]/g, ' ')
  return text.replace(new RegExp(OPAQUE.join('|'), 'g'), (found) => {
    if (found.startsWith('/')) return spaces(found)
    if (!found.startsWith('`')) return found[0] + spaces(found.slice(1, -1)) + found[0]
    return found.replace(new RegExp(`${PLACEHOLDER}|[^\\n]`, 'g'), (part) => (part.length > 1 ? part : ' '))
  })
}
