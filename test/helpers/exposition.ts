/** The samples of one scrape in the Prometheus text format. */
export class Exposition {
  readonly text: string
  readonly #samples: readonly Sample[]

  constructor(text: string) {
    this.text = text
    this.#samples = text.split('\n').flatMap(parseLine)
  }

  /** The samples of that name whose labels have all the given values. A RegExp must match the value. */
  select(name: string, labels: Labels = {}): readonly Sample[] {
    return this.#samples.filter((sample) => sample.name === name && matches(sample.labels, labels))
  }

  /** The sum of those samples; 0 when there are none. */
  sum(name: string, labels: Labels = {}): number {
    return this.select(name, labels).reduce((total, sample) => total + sample.value, 0)
  }

  /** The only such sample's value; undefined when there is none. Throws when there are several. */
  value(name: string, labels: Labels = {}): number | undefined {
    const found = this.select(name, labels)
    if (found.length > 1) throw new Error(`${found.length} samples of ${name} match`)
    return found[0]?.value
  }
}

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export type Labels = Readonly<Record<string, string | RegExp>>

function matches(have: Readonly<Record<string, string>>, want: Labels): boolean {
  return Object.entries(want).every(([name, value]) => {
    const actual = have[name]
    return typeof value === 'string' ? actual === value : actual !== undefined && value.test(actual)
  })
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g

function parseLine(line: string): Sample[] {
  const match = LINE.exec(line)
  if (line.startsWith('#') || match === null) return []
  const labels: Record<string, string> = {}
  for (const [, name, value] of (match[2] ?? '').matchAll(LABEL)) labels[name!] = unescapeLabel(value!)
  return [{ name: match[1]!, labels, value: numberOf(match[3]!) }]
}

function unescapeLabel(value: string): string {
  return value.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))
}

function numberOf(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY
  if (text === '-Inf') return Number.NEGATIVE_INFINITY
  return Number(text)
}
