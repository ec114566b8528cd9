/** One thing wrong with a configuration, with its place. Lines and columns count from 1. */
export interface Problem {
  readonly file: string
  readonly line: number
  readonly column: number
  /** The path of the value, `sites[0].routes[1].policy`; empty for the file as a whole. */
  readonly path: string
  /** What is wrong, with the nearest known name where one is close. */
  readonly message: string
  readonly severity: 'error' | 'warning'
}

/** `file:line:column: path: message`, the form that editors and compilers understand. */
export function formatProblem(problem: Problem): string {
  const { file, line, column, path, message, severity } = problem
  const where = path === '' ? '' : `${path}: `
  return `${file}:${line}:${column}: ${severity === 'warning' ? 'warning: ' : ''}${where}${message}`
}
