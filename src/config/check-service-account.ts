import { checkRsaKey } from './check-pem.ts'
import { parseApiUrl } from './values/api-url.ts'

/** What is wrong with the JSON key of a service account of Google, or null. Nothing of it is repeated. */
export function checkServiceAccount(text: string): string | null {
  const key = fieldsIn(text)
  if (key === null) return 'the file holds no JSON object'
  const odd = ['client_email', 'private_key', 'private_key_id', 'token_uri'].find(
    (name) => typeof key[name] !== 'string',
  )
  if (odd !== undefined) return `the file is no key of a service account: it has no "${odd}"`
  if (parseApiUrl(key.token_uri) === undefined) return 'its "token_uri" is no https URL'
  return checkRsaKey(key.private_key as string) === null ? null : 'its "private_key" is no RSA key of 2048 bits or more'
}

function fieldsIn(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : null
  } catch {
    return null
  }
}
