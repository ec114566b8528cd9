import { parseAddress } from '../geo/address.ts'
import { parseNetwork } from '../geo/network.ts'
import { createNetworkSet } from '../geo/network-set.ts'

/**
 * The IANA special-purpose registries (RFC 6890) as far as nobody on the internet answers there. IPv4 inside IPv6 that
 * is mapped or NAT64 counts as the IPv4 that it is. Of IPv6 only global unicast is public (RFC 4291 section 2.4), so
 * loopback, IPv4-compatible, local NAT64, unique local, link-local and multicast need no row.
 */
const NETWORKS: Readonly<Record<string, 'private' | 'public'>> = {
  '0.0.0.0/8': 'private', // this network, RFC 791
  '10.0.0.0/8': 'private', // RFC 1918
  '100.64.0.0/10': 'private', // shared by carriers, RFC 6598; the metadata of one cloud
  '127.0.0.0/8': 'private', // loopback, RFC 1122
  '168.63.129.16/32': 'private', // in no registry: the host under every virtual machine of Azure
  '169.254.0.0/16': 'private', // link-local, RFC 3927; the metadata of most clouds
  '172.16.0.0/12': 'private', // RFC 1918
  '192.0.0.0/24': 'private', // protocol assignments, RFC 6890
  '192.0.2.0/24': 'private', // documentation, RFC 5737
  '192.88.99.0/24': 'private', // 6to4 relays, RFC 7526
  '192.168.0.0/16': 'private', // RFC 1918
  '198.18.0.0/15': 'private', // benchmarks, RFC 2544
  '198.51.100.0/24': 'private', // documentation, RFC 5737
  '203.0.113.0/24': 'private', // documentation, RFC 5737
  '224.0.0.0/4': 'private', // multicast, RFC 1112
  '240.0.0.0/4': 'private', // reserved, and broadcast, RFC 1112
  '::/0': 'private',
  '2000::/3': 'public', // global unicast, RFC 4291
  '2001::/23': 'private', // protocol assignments with Teredo, which carries an IPv4 address, RFC 2928 and 4380
  '2001:db8::/32': 'private', // documentation, RFC 3849
  '2002::/16': 'private', // 6to4, which carries an IPv4 address, RFC 3056
  '3fff::/20': 'private', // documentation, RFC 9637
}

const SPECIAL = createNetworkSet(
  Object.entries(NETWORKS).map(([text, kind]) => {
    const parsed = parseNetwork(text)
    if ('problem' in parsed) throw new TypeError(parsed.problem)
    return [parsed.network, kind] as const
  }),
)

/** Whether nobody on the internet has this address; what is no address is private too. */
export function isPrivateAddress(text: string): boolean {
  const address = parseAddress(text)
  return address === null || SPECIAL.match(address)?.value === 'private'
}
