import { type Refusal, refuse } from './refusal.ts'

/**
 * `/prefix{path}`: where the client's path goes, which begins with a slash itself. A slash right before `{path}` is
 * dropped, so that `/prefix/{path}` means the same. `/prefix/{ref}`: where what the network calls the object goes.
 */
export function parsePathTemplate(input: unknown): string | Refusal | undefined {
  if (typeof input !== 'string' || input.length > 1024) return undefined
  const slots = input.match(/\{path\}|\{ref\}/g) ?? []
  if (slots.length !== 1) return refuse('a path template contains {path}, or else {ref}, exactly once')
  if (!/^(?:\/|\{path\})/.test(input)) return refuse('a path template begins with / or {path}')
  if (!/^[\x21-\x7e]+$/.test(input) || /[?#\\]/.test(input)) {
    return refuse('a path template has no query, fragment, spaces or backslashes, and is ASCII')
  }
  return input.replace('/{path}', '{path}')
}
