import { createHash, createHmac } from 'node:crypto'
import type { ApiCall } from './purge-api.ts'

export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of temporary credentials; null: they are none. */
  readonly sessionToken: string | null
}

export interface AwsScope {
  readonly region: string
  readonly service: string
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')
const keyed = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()

/**
 * The header fields of Signature Version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
 *
 * @param now milliseconds since the epoch
 */
export function signForAws(
  { method, url, headers, body }: ApiCall,
  { accessKeyId, secretAccessKey, sessionToken }: AwsCredentials,
  { region, service }: AwsScope,
  now: number,
): Readonly<Record<string, string>> {
  const { host, pathname, searchParams } = new URL(url)
  const time = new Date(now).toISOString().replace(/[:-]|\.\d{3}/g, '')
  const own = { 'x-amz-date': time, ...(sessionToken === null ? {} : { 'x-amz-security-token': sessionToken }) }
  const signed = Object.entries({ host, ...headers, ...own }).sort(([a], [b]) => (a < b ? -1 : 1))
  const names = signed.map(([name]) => name).join(';')
  const canonical = [
    method,
    pathname,
    queryOf(searchParams),
    ...signed.map(([name, value]) => `${name}:${value.trim()}`),
    '',
    names,
    hashOf(body ?? ''),
  ].join('\n')
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`
  const key = scope.split('/').reduce<string | Buffer>(keyed, `AWS4${secretAccessKey}`)
  const signature = keyed(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hashOf(canonical)}`).toString('hex')
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`
  return { ...own, authorization }
}

function queryOf(parameters: URLSearchParams): string {
  const pairs = [...parameters].map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
  return pairs.sort().join('&')
}
