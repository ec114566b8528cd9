/**
 * Bytes of base64url without padding (RFC 4648 section 5), or null where a text is not the one spelling that these bytes
 * have: with padding, foreign characters or stray bits two texts would be one value, and one id two names.
 */
export function fromBase64url(text: unknown, maxBytes: number): Buffer | null {
  if (typeof text !== 'string' || text.length > Math.ceil((maxBytes * 4) / 3)) return null
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : null
}

/** What names a transaction: 32 bytes, 43 characters. */
export function isTransactionId(text: unknown): text is string {
  return fromBase64url(text, 32)?.length === 32
}
