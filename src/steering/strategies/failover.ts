import { candidatesOf, type Strategy } from './strategy.ts'

/** The order in which the policy lists its CDNs. Priorities are levels of their own, so this orders one level. */
export const failover: Strategy = (field) => candidatesOf(field, 'failover')
