/** How a secret is written down: as itself, or its bytes as digits. */
export type KeyForm = 'base64' | 'base64-16' | 'hex' | 'text' | 'salt'

const FORMS: Readonly<
  Record<KeyForm, { readonly expression: RegExp; readonly encoding: BufferEncoding; readonly bytes?: [number, number] }>
> = {
  base64: { expression: /^[A-Za-z0-9+/_-]{1,1024}={0,2}$/, encoding: 'base64', bytes: [16, 512] },
  'base64-16': { expression: /^[A-Za-z0-9+/_-]{22}(?:==)?$/, encoding: 'base64', bytes: [16, 16] },
  hex: { expression: /^(?:[0-9A-Fa-f]{2}){16,64}$/, encoding: 'hex' },
  text: { expression: /^[\x21-\x7e]{8,1024}$/, encoding: 'latin1' },
  salt: { expression: /^[\x21-\x7d]{1,128}$/, encoding: 'latin1' },
}

/** The bytes of a secret; undefined for what is none. */
export function parseSigningKey(input: unknown, form: KeyForm): Buffer | undefined {
  const { expression, encoding, bytes: [least, most] = [0, 1024] } = FORMS[form]
  if (typeof input !== 'string' || !expression.test(input)) return undefined
  const bytes = Buffer.from(input, encoding)
  return bytes.length < least || bytes.length > most ? undefined : bytes
}
