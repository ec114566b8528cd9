import { createHash } from 'node:crypto'
import type { AcmeSettings } from '../../acme/settings.ts'
import type { Config } from '../schema/index.ts'
import { orderable } from '../values/host-pattern.ts'

/** What is ordered for the listeners that ask for it. All of them name the same account. */
export function compileAcme({ listen, sites }: Config, stateDir: string | null): AcmeSettings | null {
  const acme = listen.find(({ tls }) => tls?.acme)?.tls?.acme
  if (!acme || stateDir === null) return null
  const { email, directory } = acme
  const names = [...new Set(sites.flatMap(({ hosts }) => hosts.filter(orderable)))].sort()
  // Certificates of a directory for tests must never be taken for real ones.
  const hash = createHash('sha256').update(directory).digest('hex').slice(0, 8)
  const folder = `${stateDir}/acme/${new URL(directory).hostname.replace(/[^a-z0-9.-]/g, '')}-${hash}`
  return { email, directory, names, folder }
}
