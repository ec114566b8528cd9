import { isAbsolute, join } from 'node:path'
import { canonicalCid, parseCid, parseDenylist } from '../../providers/index.ts'
import type { NamedFile } from '../compile.ts'
import type { Content, ContentReference, ManifestSettings } from '../content.ts'
import type { Config } from '../schema/index.ts'
import { fileOf } from './file-of.ts'

type Files = ReadonlyMap<string, NamedFile>
type SiteConfig = Config['sites'][number]
type AnyReference = SiteConfig['content']['ipfs'] | SiteConfig['content']['arweave']

export function compileContent({ complete, ipfs, arweave }: SiteConfig['content'], files: Files): Content {
  return {
    complete,
    ipfs:
      ipfs === null
        ? null
        : (idOf(ipfs.cid) ?? nameOf('dnslink', ipfs.dnslink) ?? nameOf('ipns', ipfs.ipns) ?? pathOf(ipfs, files)),
    arweave:
      arweave === null ? null : (idOf(arweave.manifest) ?? nameOf('arns', arweave.arns) ?? pathOf(arweave, files)),
  }
}

function idOf(id: string | undefined): ContentReference | null {
  return id === undefined ? null : { kind: 'id', id }
}

function nameOf(kind: 'dnslink' | 'ipns' | 'arns', name: string | undefined): ContentReference | null {
  return name === undefined ? null : { kind, name }
}

/** What may be asked for is listed, unless anything may. */
function pathOf({ allow = [], open, deny_list: denyList }: NonNullable<AnyReference>, files: Files): ContentReference {
  return {
    kind: 'path',
    allow: open ? null : new Set(allow.map(oneSpelling)),
    denied: denyList === null ? null : parseDenylist(fileOf(denyList, files).text).list,
  }
}

export function compileManifest(config: SiteConfig['manifest'], folder: string): ManifestSettings | null {
  if (config === null) return null
  const { file, url, public_key: publicKey, grace } = config
  return { source: file === undefined ? { url: url! } : { file: pathIn(folder, file) }, publicKey, grace }
}

/** Clients may spell a CID otherwise than the configuration. */
function oneSpelling(id: string): string {
  try {
    return canonicalCid(parseCid(id))
  } catch {
    return id
  }
}

function pathIn(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path)
}
