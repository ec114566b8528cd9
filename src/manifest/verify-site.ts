import { createHash } from 'node:crypto'
import type { Difference } from './compare-files.ts'
import { targetOfPath } from './file-path.ts'
import type { Manifest, ManifestFile } from './manifest.ts'
import { severalAtOnce } from './several-at-once.ts'

export interface VerifySiteOptions {
  /** What all paths are below: `https://www.example.com`, without a slash at its end. */
  readonly base: string
  readonly atOnce: number
  /** For one file. Milliseconds. */
  readonly timeout: number
  onBytes(bytes: number): void
  onFile(): void
}

/** Fetches every file of a manifest from a site, and says what is missing or different there, in the order of paths. */
export async function verifySite({ files }: Manifest, options: VerifySiteOptions): Promise<readonly Difference[]> {
  const differences: Difference[] = []
  await severalAtOnce(files, options.atOnce, async ([path, file]) => {
    const difference = await differenceOf(path, file, options)
    if (difference !== null) differences.push({ path, ...difference })
    options.onFile()
  })
  return differences.sort((a, b) => (a.path < b.path ? -1 : 1))
}

type Found = Omit<Difference, 'path'> | null

async function differenceOf(path: string, file: ManifestFile, options: VerifySiteOptions): Promise<Found> {
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(options.timeout)])
  try {
    const headers = { 'accept-encoding': 'identity' }
    const response = await fetch(options.base + targetOfPath(path), { headers, redirect: 'manual', signal })
    return await read(response, file, options)
  } catch (error) {
    return { kind: 'missing', detail: reasonOf(error) }
  } finally {
    stop.abort()
  }
}

async function read(response: Response, file: ManifestFile, { onBytes }: VerifySiteOptions): Promise<Found> {
  const { status } = response
  if (status === 404 || status === 410) return { kind: 'missing', detail: `status ${status}` }
  if (status !== 200) return { kind: 'different', detail: `status ${status}` }
  const coding = response.headers.get('content-encoding')
  if (coding !== null && coding.toLowerCase() !== 'identity')
    return { kind: 'different', detail: `encoded (${coding})` }
  const whole = createHash('sha256')
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > file.size) return { kind: 'different', detail: `more than ${file.size} bytes` }
    whole.update(chunk)
    onBytes(chunk.length)
  }
  if (size < file.size) return { kind: 'different', detail: `${size} bytes instead of ${file.size}` }
  return whole.digest('base64url') === file.sha256 ? null : { kind: 'different', detail: 'the same size, other bytes' }
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time'
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'no answer'
}
