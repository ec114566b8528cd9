import type { ListenAddress } from '../config/snapshot.ts'
import { PolycdnError } from '../errors.ts'

export type Listenable = Pick<ListenAddress, 'host' | 'port'>

/** Why an address cannot be listened on: address_in_use or address_unavailable. */
export function listenError({ code }: NodeJS.ErrnoException, { host, port }: Listenable): PolycdnError {
  const where = formatAddress({ address: host, port })
  if (code === 'EADDRINUSE') return new PolycdnError('address_in_use', `${where} is in use by another program`)
  return new PolycdnError('address_unavailable', `cannot listen on ${where}: ${code}`)
}

/** `host:port`, IPv6 in brackets. */
export function formatAddress({ address, port }: { readonly address: string; readonly port: number }): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
