export type Environment = Readonly<Record<string, string | undefined>>

export interface Interpolated {
  readonly text: string
  /** A variable's value is part of the text, so the text must not be printed. */
  readonly fromEnvironment: boolean
  readonly problems: readonly string[]
}

/** `$${` stands for a literal `${`; the last alternative catches what is neither. */
const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::([-?])([^}]*))?\}|\$\{/g

/**
 * Replaces `${VAR}`, `${VAR:-default}` (unset or empty: the default) and `${VAR:?message}` (unset or empty: a problem)
 * once, left to right: what a variable contains is not looked at again. Problems name variables, never their values.
 */
export function interpolate(source: string, env: Environment): Interpolated {
  const problems: string[] = []
  let fromEnvironment = false
  const text = source.replace(REFERENCE, (reference, name?: string, operator?: string, operand?: string) => {
    if (reference === '$${') return '${'
    if (name === undefined) {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it says what may be written
      problems.push('"${" begins no variable: write ${NAME}, ${NAME:-default} or ${NAME:?message}, or $${ for itself')
      return ''
    }
    const value = Object.hasOwn(env, name) ? env[name] : undefined
    if (value !== undefined && (value !== '' || operator === undefined)) {
      fromEnvironment = true
      return value
    }
    if (operator === '-') return operand ?? ''
    if (operator === '?') problems.push(`environment variable ${name} is needed: ${operand || 'it is not set'}`)
    else problems.push(`environment variable ${name} is not set`)
    return ''
  })
  return { text, fromEnvironment, problems }
}
