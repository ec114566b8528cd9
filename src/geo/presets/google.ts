import type { Preset } from './preset.ts'

/** Metros of Cloud CDN's caches. */
export const google: Preset = {
  source: 'https://cloud.google.com/cdn/docs/locations, as github.com/adaptive/pops lists it; Seoul was added since',
  date: '2020-10-12',
  metros: `
    AMS ARN ATL BOG BOM BRU BUD CBF CDG CGK CHS DEL DEN DFW DLS DUB EZE FJR FRA GIG GRQ GRU HAM HKG IAD ICN JFK JNB
    KIX KUL LAS LAX LHR LOS LPP MAA MAD MBA MCT MIA MRN MRS MUC MXP NRT ORD PRG QRO RMQ SCL SEA SFO SIN SLC SOF SYD
    TPE TUL WAW YUL YYZ ZRH
  `,
}
