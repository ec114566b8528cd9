import type { Config } from './schema/index.ts'

/** A file that the configuration names, as it names it. */
export interface FileReference {
  readonly name: string
  /** The path of the value: `cdns[0].tls.ca_file`. */
  readonly path: string
  readonly kind: 'certificates' | 'key' | 'rsa-key' | 'service-account' | 'deny-list'
  /** The certificate that a key must belong to. */
  readonly certificate?: string
}

type Tls = Config['cdns'][number]['tls']
type Pair = NonNullable<Tls['client_certificate']>

/** Every file whose contents become part of the Snapshot, once for each place that names it. */
export function namedFiles(config: Config): readonly FileReference[] {
  return [
    ...config.listen.flatMap(({ tls }, at) =>
      (tls?.certificates ?? []).flatMap((pair, index) => pairOf(pair, `listen[${at}].tls.certificates[${index}]`)),
    ),
    ...config.cdns.flatMap(({ tls }, index) => filesOf(tls, `cdns[${index}].tls`)),
    ...config.cdns.flatMap(({ signing }, index) => signingKey(signing, `cdns[${index}].signing`)),
    ...config.cdns.flatMap(({ purge }, index) => serviceAccount(purge, `cdns[${index}].purge`)),
    ...config.sites.flatMap(({ origin }, index) => (origin ? filesOf(origin.tls, `sites[${index}].origin.tls`) : [])),
    ...config.sites.flatMap(({ content }, index) => denyLists(content, `sites[${index}].content`)),
  ]
}

function filesOf({ ca_file: ca, client_certificate: client }: Tls, path: string): FileReference[] {
  const files: FileReference[] = []
  if (ca !== null) files.push({ name: ca, path: `${path}.ca_file`, kind: 'certificates' })
  if (client !== null) files.push(...pairOf(client, `${path}.client_certificate`))
  return files
}

function signingKey(signing: Config['cdns'][number]['signing'], path: string): FileReference[] {
  if (signing?.type !== 'cloudfront') return []
  return [{ name: signing.key_file, path: `${path}.key_file`, kind: 'rsa-key' }]
}

function serviceAccount(purge: Config['cdns'][number]['purge'], path: string): FileReference[] {
  if (purge?.api !== 'google' || purge.key_file === null) return []
  return [{ name: purge.key_file, path: `${path}.key_file`, kind: 'service-account' }]
}

function denyLists({ ipfs, arweave }: Config['sites'][number]['content'], path: string): FileReference[] {
  const files: FileReference[] = []
  if (ipfs?.deny_list) files.push({ name: ipfs.deny_list, path: `${path}.ipfs.deny_list`, kind: 'deny-list' })
  if (arweave?.deny_list) files.push({ name: arweave.deny_list, path: `${path}.arweave.deny_list`, kind: 'deny-list' })
  return files
}

function pairOf({ cert_file: certificate, key_file: key }: Pair, path: string): FileReference[] {
  return [
    { name: certificate, path: `${path}.cert_file`, kind: 'certificates' },
    { name: key, path: `${path}.key_file`, kind: 'key', certificate },
  ]
}
