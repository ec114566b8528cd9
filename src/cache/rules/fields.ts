/** Header fields as received: a flat list of names and values. Names in any case. */
export type Fields = readonly string[]

/** Each line's value, in order. `name` is lower-case. */
export function linesOf(fields: Fields, name: string): string[] {
  const lines: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]!.length === name.length && fields[i]!.toLowerCase() === name) lines.push(fields[i + 1]!)
  }
  return lines
}

/** RFC 9110 section 5.3: several lines mean what one does that has their values with commas between; null: no line. */
export function combined(fields: Fields, name: string): string | null {
  let value: string | null = null
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]!.length !== name.length || fields[i]!.toLowerCase() !== name) continue
    value = value === null ? fields[i + 1]! : `${value}, ${fields[i + 1]!}`
  }
  return value
}

/** The value of a field that may be there once; null: it is not, or says two different things. */
export function single(fields: Fields, name: string): string | null {
  const lines = linesOf(fields, name)
  return lines.length > 0 && lines.every((line) => line === lines[0]) ? lines[0]! : null
}

/** What is left without some fields, their names in lower case. */
export function without(fields: Fields, names: ReadonlySet<string>): string[] {
  const kept: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    if (!names.has(fields[i]!.toLowerCase())) kept.push(fields[i]!, fields[i + 1]!)
  }
  return kept
}
