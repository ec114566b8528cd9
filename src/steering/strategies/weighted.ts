import { byWeight } from '../ties.ts'
import { candidatesOf, type Strategy } from './strategy.ts'

/** Each endpoint is first for its weight's share of the requests, also of a few in a row. */
export const weighted: Strategy = (field) => byWeight(candidatesOf(field, 'weight'), field)
