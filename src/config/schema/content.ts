import * as z from 'zod'
import { keyed } from './keyed.ts'
import { filePath, host } from './names.ts'
import { duration } from './quantities.ts'
import { pattern } from './text.ts'

const cid = pattern('a CID such as bafy… or Qm…', /^(?:Qm[1-9A-HJ-NP-Za-km-z]{44}|[bkzBKZ][0-9A-Za-z]{8,255})$/)
const ipnsName = pattern('an IPNS name such as k51…', /^(?:k[0-9a-z]{40,128}|1[1-9A-HJ-NP-Za-km-z]{40,128})$/)
const transaction = pattern('the id of an Arweave transaction, 43 characters of base64url', /^[A-Za-z0-9_-]{43}$/)
const arnsName = pattern('an ArNS name', /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/)

const open = z.boolean().prefault(false).describe('With from: path, anything may be asked for: an open gateway.')
const denyList = filePath.nullable().prefault(null).describe('With from: path, a file of what is not served.')

/** In one of its forms: `check/content.ts` says which keys belong together. */
const ipfs = keyed({
  cid: cid.optional().describe('The CID of the site.'),
  dnslink: host.optional().describe('The name whose DNSLink is the site.'),
  ipns: ipnsName.optional().describe('The IPNS name of the site.'),
  from: z.literal('path').optional().describe('Clients name the content: `/ipfs/{cid}/…` and `/ipns/{name}/…`.'),
  allow: z.array(cid).max(10_000).optional().describe('With from: path, the CIDs that may be asked for.'),
  open,
  deny_list: denyList,
}).describe('Where IPFS has this site.')

const arweave = keyed({
  manifest: transaction.optional().describe('The transaction of the path manifest of the site.'),
  arns: arnsName.optional().describe('The ArNS name of the site.'),
  from: z.literal('path').optional().describe('Clients name the content: `/{transaction}/…`.'),
  allow: z.array(transaction).max(10_000).optional().describe('With from: path, what may be asked for.'),
  open,
  deny_list: denyList,
}).describe('Where Arweave has this site.')

export const content = keyed({
  complete: z.boolean().prefault(false).describe('What the content lacks does not exist.'),
  ipfs: ipfs.nullable().prefault(null),
  arweave: arweave.nullable().prefault(null),
})

const manifestUrl = pattern(
  'a URL such as https://www.example.com/site.manifest.json',
  /^https?:\/\/[\x21-\x7e]{1,2000}$/,
)
const publicKey = pattern('a public key such as ed25519:…', /^ed25519:[A-Za-z0-9_-]{43}$/)

export const manifest = keyed({
  file: filePath.optional().describe('The file of the manifest.'),
  url: manifestUrl.optional().describe('Or where it is fetched, again and again.'),
  public_key: publicKey.describe('What it must be signed with.'),
  grace: duration({ min: '0s', max: '8760h' })
    .prefault('24h')
    .describe('How long the manifest before stays good for CDNs that are not up to date.'),
}).describe('Signed site manifest.')
