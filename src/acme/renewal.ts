import type { IssuedCertificate } from './certificate.ts'

/** Why a name has no new certificate yet, and when it is asked for again. Times are milliseconds since the epoch. */
export interface Setback {
  readonly failures: number
  readonly until: number
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** Above it another failure waits no longer; a directory that asks for more gets up to a day. */
const LONGEST = HOUR
/** Renewals of certificates that were issued together are spread over so much of their lifetime. */
const SPREAD = 1 / 24

type Validity = Pick<IssuedCertificate, 'notBefore' | 'notAfter' | 'jitter'>

/** When a third of the lifetime is left, or a little earlier. Of a certificate of six days that is two. */
export function renewalTime({ notBefore, notAfter, jitter }: Validity): number {
  const lifetime = Math.max(0, notAfter - notBefore)
  return notAfter - lifetime / 3 - jitter * SPREAD * lifetime
}

/**
 * What follows another failure: 1 min, 2 min … 1 h, and never before the directory allows it.
 * @param retryAfter milliseconds that the directory asked for; null: it asked for nothing
 * @param random 0…1
 */
export function setback(before: Setback | undefined, now: number, retryAfter: number | null, random: number): Setback {
  const failures = (before?.failures ?? 0) + 1
  const pause = Math.min(MINUTE * 2 ** (failures - 1), LONGEST) * (1 + random / 4)
  return { failures, until: now + Math.max(pause, Math.min(retryAfter ?? 0, DAY)) }
}

/** What is known about names: their certificates, and their failures. */
export interface Progress {
  readonly certificates: ReadonlyMap<string, Validity>
  readonly setbacks: ReadonlyMap<string, Setback>
}

/** The time at which a name is to be ordered. */
export function dueTime(name: string, { certificates, setbacks }: Progress): number {
  const certificate = certificates.get(name)
  const wanted = certificate === undefined ? 0 : renewalTime(certificate)
  return Math.max(wanted, setbacks.get(name)?.until ?? 0)
}

/** The names to order now: those without a certificate first, then those whose certificate ends first. */
export function dueNames(names: readonly string[], progress: Progress, now: number): readonly string[] {
  const end = (name: string) => progress.certificates.get(name)?.notAfter ?? 0
  return names.filter((name) => dueTime(name, progress) <= now).sort((a, b) => end(a) - end(b))
}
