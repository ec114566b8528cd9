import { PROVIDERS } from '../../providers/index.ts'
import type { Provider } from '../../providers/provider.ts'
import { unfitReason } from '../compile/unfit.ts'
import type { ProblemList } from '../problem-list.ts'
import { child, entries, items, type Located, text } from '../tree.ts'
import { cdnsByName, given, isTrusted, pathTemplateOf, providerName, siteTitle, type Usage, usages } from './usage.ts'

/** Whether there is something that proves the bytes of CDNs which have to be proved, and a way to ask them. */
export function checkProofs(root: Located, problems: ProblemList): void {
  const cdns = cdnsByName(root)
  const used = new Set<Located>()
  const lacking = new Set<Located>()
  for (const site of items(child(root, 'sites'))) {
    for (const usage of usages(root, site, cdns)) {
      used.add(usage.cdn)
      if (pathTemplateOf(site, usage.cdn) === null) lacking.add(usage.cdn)
      checkProvable(usage, problems)
    }
    checkUnsafe(site, cdns.get(text(child(site, 'unsafe_methods'))), problems)
  }
  for (const cdn of items(child(root, 'cdns'))) {
    if (lacking.has(cdn) || (!used.has(cdn) && pathTemplateOf(undefined, cdn) === null)) lacksTemplate(cdn, problems)
  }
  for (const [, policy] of entries(child(root, 'policies'))) checkRedirect(policy, problems)
}

function checkProvable({ site, policy, cdn, named }: Usage, problems: ProblemList): void {
  const provider = providerName(cdn)
  if (provider === undefined) return
  const pathTemplate = pathTemplateOf(site, cdn) ?? '{path}'
  const verify = text(child(policy, 'verify')) === 'required' ? 'required' : 'when-possible'
  const content = child(site, 'content')
  const proved = {
    content: { ipfs: given(child(content, 'ipfs')) ?? null, arweave: given(child(content, 'arweave')) ?? null },
    manifest: given(child(site, 'manifest')) ?? null,
  }
  const trust = isTrusted(cdn)
  const reason = unfitReason({ cdn: { provider, trust, drain: false }, pathTemplate }, proved, { verify })
  if (reason === null) return
  const { proof } = PROVIDERS[provider]
  const at = siteTitle(site)
  if (proof !== 'manifest') {
    problems.warn(named, `${at} has neither content.${proof} nor a manifest, so this CDN can serve nothing of it`)
  } else if (reason === 'cannot-serve') {
    problems.warn(
      named,
      `this CDN is asked by {ref}, which a manifest tells, and ${at} has none: it can serve nothing of it`,
    )
  } else if (trust) {
    problems.warn(named, `verify: required needs a proof, and ${at} has no manifest: this CDN is never asked`)
  } else {
    problems.warn(named, `this CDN is not trusted, and ${at} has no manifest that proves its bytes: it is never asked`)
  }
}

/** Some networks have no usual one. */
function lacksTemplate(cdn: Located, problems: ProblemList): void {
  const provider = providerName(cdn)
  if (provider === undefined) return
  const { needs }: Provider = PROVIDERS[provider]
  problems.error(child(cdn, 'provider')!, `${provider} needs ${needs ?? 'path_template'}`)
}

function checkRedirect(policy: Located, problems: ProblemList): void {
  const verify = child(policy, 'verify')
  if (text(verify) !== 'required' || text(child(policy, 'mode')) !== 'redirect') return
  problems.error(
    verify!,
    'nothing proves what a redirected client gets: mode: redirect cannot be with verify: required',
  )
}

/** Other methods have no object that could have an address. */
function checkUnsafe(site: Located, cdn: Located | undefined, problems: ProblemList): void {
  const unsafe = child(site, 'unsafe_methods')
  const provider = providerName(cdn)
  if (unsafe === undefined || cdn === undefined || provider === undefined || text(unsafe) === undefined) return
  const byPath = PROVIDERS[provider].proof === 'manifest' && !pathTemplateOf(site, cdn)?.includes('{ref}')
  if (!byPath) problems.error(unsafe, `a CDN of provider ${provider} takes no other methods than GET and HEAD`)
}
