import { base58btc } from 'multiformats/bases/base58'
import { decode } from 'multiformats/hashes/digest'
import { SHA2_256 } from './cid.ts'
import { DENY_HASHES, Denylist, type DenyRule, hashedKey, normalPath, ruleKey } from './denylist.ts'

const MAX_HEADER = 1024 * 1024
const MAX_LINE = 8192

/** A line that is no rule. Lines count from 1. */
export interface DenylistProblem {
  readonly line: number
  readonly message: string
}

/** Text of a `.deny` file. Lines that are no rules are told, and the others hold. */
export function parseDenylist(text: string): {
  readonly list: Denylist
  readonly problems: readonly DenylistProblem[]
} {
  const rules = new Map<string, DenyRule[]>()
  const hashed = new Map<string, DenyRule>()
  const problems: DenylistProblem[] = []
  const lines = text.split('\n')
  const start = headerLines(lines)
  const version = lines.slice(0, start).find((line) => line.startsWith('version:'))
  if (version !== undefined && !/^version:\s*1\s*$/.test(version)) {
    return { list: new Denylist(rules, hashed), problems: [{ line: 1, message: 'not version 1 of the format' }] }
  }
  for (let order = start; order < lines.length; order++) {
    const item = lines[order]!.trim().split(/\s/)[0]!
    if (item === '' || item.startsWith('#')) continue
    const message = addRule(item, order, rules, hashed)
    if (message !== null) problems.push({ line: order + 1, message })
  }
  return { list: new Denylist(rules, hashed), problems }
}

/** The header is YAML that ends with a line of dashes; of its fields only the version counts here. */
function headerLines(lines: readonly string[]): number {
  let size = 0
  for (const [index, line] of lines.entries()) {
    if (line.trimEnd() === '---') return index + 1
    size += line.length + 1
    if (size > MAX_HEADER) break
  }
  return 0
}

function addRule(
  item: string,
  order: number,
  rules: Map<string, DenyRule[]>,
  hashed: Map<string, DenyRule>,
): string | null {
  if (item.length > MAX_LINE) return 'a rule is too long'
  const deny = !item.startsWith('!')
  const rule = deny ? item : item.slice(1)
  if (rule.startsWith('//')) {
    const key = doubleHash(rule.slice(2))
    if (key === null) return 'neither a multihash in base58btc nor 64 hexadecimal digits'
    hashed.set(key, { deny, path: '', prefix: false, order })
    return null
  }
  const found = /^\/(ipfs|ipns)\/([^/*]+)(\/.*)?$/.exec(rule)
  if (found === null) return 'not a rule: /ipfs/…, /ipns/… or //…'
  const [, space = '', id = '', path = ''] = found
  const key = ruleKey(space, id)
  if (space === 'ipfs' && key === `/ipfs/${id.toLowerCase()}`) return 'not a CID'
  const prefix = path.endsWith('*')
  const kept = { deny, path: normalPath(prefix ? path.slice(0, -1) : path), prefix, order }
  const known = rules.get(key)
  if (known === undefined) rules.set(key, [kept])
  else known.push(kept)
  return null
}

function doubleHash(text: string): string | null {
  if (/^[0-9a-f]{64}$/i.test(text)) return hashedKey(SHA2_256, Buffer.from(text, 'hex'))
  try {
    const { code, digest } = decode(base58btc.decode(`z${text}`))
    return DENY_HASHES.includes(code) ? hashedKey(code, digest) : null
  } catch {
    return null
  }
}
