import type { PurgeReport } from '../gateway/purge-desk.ts'
import type { CdnState } from '../purging/cdn-purges.ts'
import { table } from './table.ts'

const HEAD = ['where', 'status', 'calls', 'done', 'not purged']

/** A report for people: who has forgotten, then what somebody has not, and why. */
export function renderPurge(report: PurgeReport): string {
  const { site, urls, prefixes, tags, all, soft, kept, cdns } = report
  const counts = [
    ...(all ? ['everything'] : []),
    ...[count(urls, 'URL'), count(prefixes, 'prefix', 'prefixes'), count(tags, 'tag')].flat(),
  ]
  const lines = [
    `${site}: ${counts.join(', ')}${soft ? ', soft' : ''}`,
    '',
    ...table([HEAD, ['here', 'purged', '', '', ''], ...cdns.map(rowOf)]),
    ...cdns.flatMap(detailsOf),
  ]
  if (!kept) lines.push('', 'here: without a state_dir that can be written to, this does not outlive the gateway')
  if (cdns.some(({ status }) => status === 'pending'))
    lines.push('', 'what is pending is tried on: GET /purge of the admin tells')
  return lines.join('\n')
}

function count(number: number, one: string, more = `${one}s`): string[] {
  return number === 0 ? [] : [`${number} ${number === 1 ? one : more}`]
}

function rowOf(state: CdnState): string[] {
  if (!('calls' in state)) return [state.cdn, state.status, '', '', '']
  return [state.cdn, state.status, String(state.calls), String(state.done), String(state.not_purged_count)]
}

function detailsOf(state: CdnState): string[] {
  if (!('calls' in state)) return []
  const { cdn, widened, not_purged: notPurged, not_purged_count: left } = state
  const more = left - notPurged.length
  return [
    ...widened.map((what) => `${cdn}: more than asked for: ${what}`),
    ...notPurged.map(({ asked, reason }) => `${cdn}: not purged: ${asked}: ${reason}`),
    ...(more > 0 ? [`${cdn}: and ${more} more`] : []),
  ]
}
