/**
 * What another host may know of a request: what the answer depends on, and where the request has been. No cookies, no
 * Authorization, no word about the client, and none of the secrets that header rules put in for the CDN.
 */
const FOR_OTHERS = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'cdn-loop',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'pragma',
  'range',
  'user-agent',
  'via',
])

/** The header fields of a request as another host receives them; both are flat lists. */
export function hopHeaders(headers: readonly string[], host: string): string[] {
  const kept = ['host', host]
  for (let i = 0; i < headers.length; i += 2) {
    if (FOR_OTHERS.has(headers[i]!.toLowerCase())) kept.push(headers[i]!, headers[i + 1]!)
  }
  return kept
}
