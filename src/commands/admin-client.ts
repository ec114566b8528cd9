import type { Snapshot } from '../config/snapshot.ts'
import { PolycdnError } from '../errors.ts'

/**
 * Asks the admin of the gateway that runs with this configuration. Throws admin_unreachable, with what to do instead.
 *
 * @param target the path and the query
 */
export async function askAdmin(target: string, { admin }: Snapshot): Promise<Record<string, unknown>> {
  const name = admin.host.includes(':') ? `[${admin.host}]` : admin.host
  const base = `http://${name}:${admin.port}`
  const headers: Record<string, string> = admin.token === null ? {} : { authorization: `Bearer ${admin.token}` }
  const response = await fetch(base + target, { headers, signal: AbortSignal.timeout(5000) }).catch(() => {
    throw new PolycdnError('admin_unreachable', `no gateway answers at ${base}; is it running? --offline asks none`)
  })
  if (!response.ok) throw new PolycdnError('admin_unreachable', `the gateway at ${base} answered ${response.status}`)
  return (await response.json()) as Record<string, unknown>
}
