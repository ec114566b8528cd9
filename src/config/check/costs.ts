import type { ProblemList } from '../problem-list.ts'
import { child, entries, isList, isMap, items, type Located, shown, text } from '../tree.ts'

const CONTINENTS: ReadonlySet<string> = new Set(['AF', 'AN', 'AS', 'EU', 'NA', 'OC', 'SA', 'default'])

/** Prices and commits that say nothing, or two things, and policies that ask for prices that nobody has. */
export function checkCosts(root: Located, problems: ProblemList): void {
  const cdns = items(child(root, 'cdns'))
  for (const cdn of cdns) {
    const prices = child(child(cdn, 'pricing'), 'per_gb')
    checkContinents(prices, problems)
    checkTiers(prices, problems)
    const commit = child(cdn, 'commit')
    if (commit !== undefined && isMap(commit.value)) {
      checkCommit(commit, problems)
      checkUse(cdn, commit, problems)
    }
  }
  const priced = new Set(cdns.filter(isPriced).map((cdn) => text(child(cdn, 'name'))))
  const names = new Set(cdns.map((cdn) => text(child(cdn, 'name'))))
  for (const [, policy] of entries(child(root, 'policies'))) {
    checkBurst(policy, names, problems)
    checkPriced(policy, priced, problems)
  }
}

function checkContinents(prices: Located | undefined, problems: ProblemList): void {
  if (prices !== undefined && isMap(prices.value) && prices.value.size === 0) problems.error(prices, 'needs a price')
  for (const [name, price] of entries(prices)) {
    if (CONTINENTS.has(name)) continue
    problems.errorAtKey(price, `no continent is named ${JSON.stringify(name)}: ${[...CONTINENTS].join(', ')}`)
  }
}

function checkTiers(prices: Located | undefined, problems: ProblemList): void {
  const tiers = items(prices)
  let before = 0
  tiers.forEach((tier, at) => {
    const end = child(tier, 'up_to_gb')
    if (end === undefined) {
      if (at < tiers.length - 1) problems.error(tier, 'needs "up_to_gb": only the last tier has no end')
      return
    }
    if (typeof end.value !== 'number') return
    if (end.value <= before) problems.error(end, `tiers ascend: must be more than ${before}`)
    before = end.value
  })
}

function checkCommit(commit: Located, problems: ProblemList): void {
  const mbps = child(commit, 'mbps')
  const gb = child(commit, 'gb')
  if (mbps !== undefined && gb !== undefined) {
    return problems.errorAtKey(gb, 'a commit is either in "mbps" or in "gb", not both')
  }
  if (mbps === undefined && gb === undefined) return problems.error(commit, 'needs "mbps" or "gb"')
  const [fits, other] = mbps !== undefined ? (['mbps', 'gb'] as const) : (['gb', 'mbps'] as const)
  const wrong = child(commit, `overage_per_${other}`)
  if (wrong !== undefined) problems.errorAtKey(wrong, `a commit in "${fits}" has "overage_per_${fits}"`)
  const amount = (mbps ?? gb)!
  if (amount.value === 0 && child(commit, `overage_per_${fits}`) === undefined) {
    problems.error(amount, `a commit of 0 needs "overage_per_${fits}"`)
  }
}

/** What stands beside a commit and has no use there. */
function checkUse(cdn: Located, commit: Located, problems: ProblemList): void {
  const prices = child(child(cdn, 'pricing'), 'per_gb')
  if (prices !== undefined && prices.value !== 0) {
    problems.warn(prices, 'the commit and its overage pay for every GB: this price is not used')
  }
  const capacity = child(cdn, 'max_mbps')
  const share = child(commit, 'share')?.value ?? 1
  const committed = Number(child(commit, 'mbps')?.value) * Number(share)
  if (typeof capacity?.value === 'number' && capacity.value < committed) {
    problems.warn(capacity, `the commit pays for ${committed} Mbit/s, which can never be reached`)
  }
}

function checkBurst(policy: Located, names: ReadonlySet<string | undefined>, problems: ProblemList): void {
  const cdns = new Set(items(child(policy, 'cdns')).map(text))
  for (const node of items(child(child(policy, 'cost'), 'burst_to'))) {
    const name = text(node)
    if (name === undefined || node.broken || cdns.has(name)) continue
    const what = names.has(name) ? `${shown(node)} is no CDN of this policy` : `no CDN is named ${shown(node)}`
    problems.error(node, what)
  }
}

function checkPriced(policy: Located, priced: ReadonlySet<string | undefined>, problems: ProblemList): void {
  const strategy = child(policy, 'strategy')
  const cdns = items(child(policy, 'cdns'))
  if (text(strategy) !== 'cost' || cdns.length === 0 || cdns.some((cdn) => priced.has(text(cdn)))) return
  problems.warn(strategy!, 'none of its CDNs has a price: all cost nothing, and the nearest is first')
}

function isPriced(cdn: Located): boolean {
  const commit = child(cdn, 'commit')
  if (commit !== undefined && isMap(commit.value)) return true
  return entries(child(cdn, 'pricing')).some(([, { value }]) => {
    if (isList(value)) return value.length > 0
    return isMap(value) ? value.size > 0 : value !== 0 && value !== null
  })
}
