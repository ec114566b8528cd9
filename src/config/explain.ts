import type * as z from 'zod'
import { didYouMean } from './nearest.ts'
import type { ProblemList } from './problem-list.ts'
import type { TextParams } from './schema/text.ts'
import { descend, isList, isMap, type Located, type Path } from './tree.ts'

type Issue = z.core.$ZodIssue

const NOUNS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
}

/** Turns what the schema found into located sentences. Values that must not be seen are left out of them. */
export function reportIssues(issues: readonly Issue[], root: Located, problems: ProblemList, above: Path = []): void {
  for (const issue of issues) reportIssue(issue, root, problems, [...above, ...issue.path])
}

function reportIssue(issue: Issue, root: Located, problems: ProblemList, path: Path): void {
  const { node, missing } = descend(root, path)
  if (node.broken) return
  if (problems.isFull) return problems.error(node, issue.code)
  if (missing !== undefined) return problems.error(node, `needs ${JSON.stringify(missing)}`)
  if (issue.code === 'unrecognized_keys') return reportUnknownKeys(issue, node, problems)
  if (issue.code === 'invalid_key') return problems.errorAtKey(node, issue.issues[0]?.message ?? 'cannot be a key')
  if (issue.code !== 'invalid_union') return problems.error(node, sentence(issue, node))
  const branch = chooseBranch(issue.errors)
  if (branch !== undefined) return reportIssues(branch, root, problems, path)
  problems.error(node, `expected ${issue.message}${got(node)}${suggestion(node, issue.errors.flatMap(namesOf))}`)
}

function reportUnknownKeys(issue: z.core.$ZodIssueUnrecognizedKeys, node: Located, problems: ProblemList): void {
  const known = issue.message.split(' ')
  for (const key of issue.keys) {
    const { node: entry } = descend(node, [key])
    const near = problems.isFull ? '' : didYouMean(key, known)
    problems.errorAtKey(entry, `unknown key ${JSON.stringify(key)}${near}`)
  }
}

function sentence(issue: Issue, node: Located): string {
  if (issue.code === 'invalid_type') {
    const kind = node.secret && node.value !== null ? `, got a ${typeof node.value}` : got(node)
    return `expected ${NOUNS[issue.expected] ?? issue.expected}${kind}`
  }
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String)
    const expected = values.length === 1 ? values[0] : `one of ${values.join(', ')}`
    return `expected ${expected}${got(node)}${suggestion(node, values)}`
  }
  if (issue.code === 'too_small' || issue.code === 'too_big') return bounds(issue, node)
  const params = textParams(issue)
  if (params === undefined) return issue.message
  if (params.whole) return node.secret ? `expected ${params.expected}` : issue.message
  if (!params.refused) return `expected ${params.expected}${got(node)}`
  return `${issue.message}${got(node)}${suggestion(node, params.names ?? [])}`
}

function bounds(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig, node: Located): string {
  const limit = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`
  return issue.origin === 'array' ? `expected ${limit} in this list` : `must be ${limit}${got(node)}`
}

function textParams(issue: Issue): TextParams | undefined {
  return issue.code === 'custom' ? (issue.params?.text as TextParams | undefined) : undefined
}

/** Of the forms that a value may have, the one that was meant: the right kind of value, with the fewest problems. */
function chooseBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const meant = branches.filter((issues) => !issues.some(isOfAnotherKind))
  return meant.sort((a, b) => a.length - b.length)[0]
}

function isOfAnotherKind(issue: Issue): boolean {
  if (issue.path.length > 0) return false
  if (issue.code === 'invalid_union') return chooseBranch(issue.errors) === undefined
  if (issue.code === 'custom') return textParams(issue)?.refused === false
  return issue.code === 'invalid_type' || issue.code === 'invalid_value'
}

function namesOf(issues: readonly Issue[]): readonly string[] {
  return issues.flatMap((issue) => (issue.code === 'invalid_value' ? issue.values.map(String) : []))
}

function suggestion(node: Located, names: readonly string[]): string {
  return node.secret || typeof node.value !== 'string' ? '' : didYouMean(node.value, names)
}

function got({ value, secret }: Located): string {
  if (isList(value)) return ', got a list'
  if (isMap(value)) return ', got a map'
  if (secret) return ''
  if (value === null) return ', got nothing'
  if (typeof value !== 'string') return `, got ${value}`
  // What stands before an @ in a URL may be a password, and a query may hold a key.
  const safe = value.replace(/\/\/[^/]*@/, '//…@').replace(/(:\/\/[^?#]*[?#]).*/s, '$1…')
  return `, got ${JSON.stringify(safe.length > 60 ? `${safe.slice(0, 60)}…` : safe)}`
}
